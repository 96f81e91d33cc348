"""What one call may carry; api.md, section Limits."""

REQUEST_BYTES = 1 << 20
ANSWER_BYTES = 3 << 20
METADATA_BYTES = 6 << 10  # Core rejects at random from 8 KiB on
MESSAGE_BYTES = 512  # of the status message
TRAILER_BYTES = 4 << 10  # of the encoded status: a longer one hides the true code from the client
VIOLATIONS = 20  # named in one answer
BATCH_ITEMS = 500
PAGE_DEFAULT, PAGE_MOST = 50, 1000
