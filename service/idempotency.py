"""Claims on request ids (AIP-155): what makes two calls the same one; and calls that only rehearse (AIP-163)."""

import json
from hashlib import sha256

from persistence.repositories.requests import Claim, Rehearsal
from service.fields import Command
from service.identity import caller, current_method


def claim(command: Command) -> Claim | Rehearsal | None:
    """The claim of the call that is being served; None where it carries no request id.

    A rehearsal (`validate_only`) claims none, and is not committed.
    """
    if command.validate_only:
        return Rehearsal()
    if command.request_id is None:
        return None
    method = current_method()
    return Claim(caller().id, command.request_id, method, _fingerprint(method, command))


def _fingerprint(method: str, command: Command) -> bytes:
    """SHA-256 of the method and the parsed command as canonical JSON: maps in any order are the same command."""
    parsed = command.model_dump(mode="json", exclude={"request_id", "validate_only"}, exclude_unset=True)
    return sha256(f"{method}\n{json.dumps(parsed, sort_keys=True, separators=(',', ':'))}".encode()).digest()
