"""`taxiway keys rotate` beside a running server: no valid token is refused, and a revoked one ends within a second."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.persistence.embedded_watch import until
from tests.service.cli.command import serving, taxiway
from tests.service.cli.signing_in import header, is_let_in, token

pytestmark = (
    pytest.mark.prove
)  # in short: tests/e2e/test_access_rotation.py, without the command, and test_keys.py, without a server


def rotate(*options: str, cwd: Path) -> str:
    """The id of the key that signs now."""
    ended = taxiway("keys", "rotate", *options, cwd=cwd)
    assert ended.returncode == 0, ended
    return ended.stdout.removeprefix("The key ").removesuffix(" signs now.\n")


def test_what_a_retired_key_has_signed_holds_and_the_next_token_has_the_new_key(ground: Path) -> None:
    with serving(ground) as server:
        before = token(cwd=ground)
        kid = rotate(cwd=ground)
        after = token(cwd=ground)
        assert (header(after)["kid"], header(before)["kid"] == kid) == (kid, False)
        assert [is_let_in(server.address, made) for made in (before, after)] == [True, True]


def test_revoking_ends_what_other_keys_have_signed_within_a_second(ground: Path) -> None:
    with serving(ground) as server:
        before = token(cwd=ground)
        assert is_let_in(server.address, before)
        rotate("--revoke", cwd=ground)
        assert until(lambda: not is_let_in(server.address, before), 1)
        assert is_let_in(server.address, token(cwd=ground))
