"""A sealed value opens with its key and at its place, and nowhere else."""

import os
from uuid import UUID

import pytest

from persistence.repositories.requests import Claim
from persistence.sealing import Sealer, SealError, place

OLD, NEW = b"o" * 32, b"n" * 32


def test_what_was_sealed_opens_at_its_place() -> None:
    sealer = Sealer([NEW], "requests.answer")
    for plaintext in (b"", b"answer", os.urandom(100_000)):
        assert sealer.open(b"place", sealer.seal(b"place", plaintext)) == plaintext


def test_the_plaintext_is_not_in_the_ciphertext_and_no_two_are_alike() -> None:
    sealer = Sealer([NEW], "requests.answer")
    sealed = {sealer.seal(b"place", b"a plaintext to look for") for _ in range(100)}
    assert len(sealed) == 100
    assert not any(b"plaintext" in one for one in sealed)


def test_it_opens_at_no_other_place() -> None:
    sealer = Sealer([NEW], "requests.answer")
    with pytest.raises(SealError):
        sealer.open(b"elsewhere", sealer.seal(b"place", b"answer"))


def test_it_opens_for_no_other_purpose() -> None:
    sealed = Sealer([NEW], "requests.answer").seal(b"place", b"answer")
    with pytest.raises(SealError):
        Sealer([NEW], "users.phone_number").open(b"place", sealed)


def test_every_changed_bit_is_found() -> None:
    sealer = Sealer([NEW], "requests.answer")
    sealed = sealer.seal(b"place", b"answer")
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(SealError):
            sealer.open(b"place", bytes(changed))


@pytest.mark.parametrize("length", range(20))
def test_a_short_value_is_refused(length: int) -> None:
    sealer = Sealer([NEW], "requests.answer")
    with pytest.raises(SealError):
        sealer.open(b"place", sealer.seal(b"place", b"answer")[:length])


def test_the_newest_key_seals_and_both_open_while_keys_are_rotated() -> None:
    before, during, after = (Sealer(keys, "requests.answer") for keys in ([OLD], [NEW, OLD], [NEW]))
    old, new = before.seal(b"place", b"answer"), during.seal(b"place", b"answer")
    assert during.open(b"place", old) == during.open(b"place", new) == after.open(b"place", new) == b"answer"
    for sealer, sealed in ((after, old), (before, new)):
        with pytest.raises(SealError, match="unknown key"):
            sealer.open(b"place", sealed)


def test_a_place_is_written_as_it_always_was() -> None:
    """What is sealed already opens by these bytes alone."""
    assert place("users", "phone_number", bytes(16)) == b"users.phone_number:" + bytes(16)
    assert place("signing_keys", "private_key", b"kid") == b"signing_keys.private_key:kid"
    claim = Claim(UUID(int=1), UUID(int=2), "method", bytes(32))
    assert claim.place == b"requests.answer:" + UUID(int=1).bytes + UUID(int=2).bytes
