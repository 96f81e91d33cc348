"""Who writes which field of an account, decided here for each of them, and a value that may be written."""

from typing import Any

from taxiway.v1.user_pb2 import User

EVERYBODY, ADMINISTRATORS, NOBODY = "USER, SERVICE, ADMIN", "ADMIN", ""
# A field that is added to User stands here before anybody may write it. USER: on their own account.
WRITERS = {
    "name": NOBODY,  # it says which account; it never changes
    "email": EVERYBODY,
    "username": EVERYBODY,
    "display_name": EVERYBODY,
    "phone_number": EVERYBODY,
    "time_zone": EVERYBODY,
    "role": ADMINISTRATORS,
    "annotations": EVERYBODY,
    "create_time": NOBODY,
    "update_time": NOBODY,
    "delete_time": NOBODY,
    "purge_time": NOBODY,
    "version": NOBODY,
    "etag": NOBODY,  # it says which version
    "state": NOBODY,  # SuspendUser and ReactivateUser are methods of their own
    "scopes": ADMINISTRATORS,
    "certificate_uris": ADMINISTRATORS,
}
VALUES: dict[str, Any] = {
    "email": "new@example.com",
    "username": "another-name",
    "display_name": "Another",
    "phone_number": "+4930123456",
    "time_zone": "Europe/Berlin",
    "annotations": {"note": "new"},
    "role": User.ADMIN,
    "scopes": ["users.read"],
    "certificate_uris": ["spiffe://example.com/another"],
}
RESTRICTED = sorted(field for field, who in WRITERS.items() if who == ADMINISTRATORS)
