"""An opaque token has one text, which nobody makes by chance, and an old one of ours is told from a guess."""

from __future__ import annotations

import hashlib
import os
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.credentials.opaque_tokens import (
    SECRET_BYTES,
    Opaque,
    Prefix,
    RefreshTokens,
    digest,
    make,
    parse,
)

PREFIXES: tuple[Prefix, ...] = get_args(Prefix)
ID = UUID("0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a11")
OLD, NEW = b"o" * 32, b"n" * 32
LENGTHS = {"twk_": 74, "twr_": 96, "twp_": 53}
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

prefixes = st.sampled_from(PREFIXES)
contents = prefixes.flatmap(
    lambda p: st.tuples(st.just(p), st.uuids(), st.binary(min_size=SECRET_BYTES[p], max_size=SECRET_BYTES[p]))
)


@given(contents)
def test_what_was_made_is_read_from_a_text_of_fixed_length_and_plain_characters(
    content: tuple[Prefix, UUID, bytes],
) -> None:
    prefix, row_id, secret = content
    text = make(prefix, row_id, secret)
    assert parse(prefix, text) == Opaque(row_id, secret)
    assert len(text) == LENGTHS[prefix]
    assert set(text.removeprefix(prefix)) <= set(ALPHABET)


@pytest.mark.parametrize("byte", [b"\x00", b"\xff"])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_smallest_and_the_largest_content_fit(prefix: Prefix, byte: bytes) -> None:
    row_id, secret = UUID(bytes=byte * 16), byte * SECRET_BYTES[prefix]
    assert parse(prefix, make(prefix, row_id, secret)) == Opaque(row_id, secret)


@given(contents, st.data())
def test_a_token_with_one_character_changed_added_or_left_out_is_none(
    content: tuple[Prefix, UUID, bytes], data: st.DataObject
) -> None:
    prefix, text = content[0], make(*content)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(ALPHABET + " -_=\n\x00\u00e9\u0661\uff11"))
    for changed in (
        text[:place] + other + text[place + 1 :],
        text[:place] + other + text[place:],
        text[:place] + text[place + 1 :],
    ):
        assert changed == text or parse(prefix, changed) is None


@given(prefixes, st.text(max_size=120) | st.text(ALPHABET, min_size=49, max_size=92))
def test_no_other_text_is_a_token(prefix: Prefix, text: str) -> None:
    for candidate in (text, prefix + text, prefix + text[: LENGTHS[prefix] - 4]):
        assert parse(prefix, candidate) is None


@given(contents)
def test_a_token_has_no_second_text(content: tuple[Prefix, UUID, bytes]) -> None:
    prefix, text = content[0], make(*content)
    number = 0
    for character in text.removeprefix(prefix):
        number = number * 62 + ALPHABET.index(character)
    beyond = number + (1 << 8 * (16 + len(content[2]) + 4))  # the same bytes, were the overflow dropped
    digits = ""
    while beyond:
        beyond, digit = divmod(beyond, 62)
        digits = ALPHABET[digit] + digits
    bare = text.removeprefix(prefix)
    for other in (prefix + digits, bare, prefix.upper() + bare, prefix + "0" + bare, f" {text}", f"{text}\n"):
        assert parse(prefix, other) is None


def test_leading_zeros_may_not_be_left_out() -> None:
    text = make("twk_", UUID(int=0), bytes(32))
    assert parse("twk_", text) is not None
    assert parse("twk_", "twk_" + text.removeprefix("twk_").lstrip("0")) is None


@given(contents, prefixes)
def test_a_token_serves_the_purpose_in_its_prefix_alone(content: tuple[Prefix, UUID, bytes], other: Prefix) -> None:
    prefix, row_id, secret = content
    if other != prefix:
        text = make(prefix, row_id, secret)
        assert parse(other, text) is None
        assert parse(other, other + text.removeprefix(prefix)) is None


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_secret_of_another_length_makes_no_token(prefix: Prefix) -> None:
    for length in (0, SECRET_BYTES[prefix] - 1, SECRET_BYTES[prefix] + 1):
        with pytest.raises(ValueError, match="a secret of"):
            make(prefix, ID, bytes(length))


def test_what_is_stored_of_a_secret_is_its_sha_256() -> None:
    assert digest(b"secret") == hashlib.sha256(b"secret").digest()


def test_a_refresh_token_carries_its_session_and_a_new_secret_each_time() -> None:
    tokens = RefreshTokens([NEW])
    (one, stored), (other, _) = tokens.make(ID), tokens.make(ID)
    read = tokens.parse(one)
    assert read is not None
    assert (read.session_id, digest(read.secret), read.genuine, len(read.secret)) == (ID, stored, True, 32)
    assert one != other


def test_a_guessed_refresh_token_is_not_taken_for_an_old_one_of_ours() -> None:
    tokens = RefreshTokens([NEW])
    text, _ = tokens.make(ID)
    opaque = parse("twr_", text)
    assert opaque is not None
    another = UUID("0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a12")
    guesses = [(ID, os.urandom(48)), (another, opaque.secret), (ID, bytes(32) + opaque.secret[32:])]
    for session_id, secret in guesses:
        read = tokens.parse(make("twr_", session_id, secret))
        assert read is not None
        assert (read.session_id, read.genuine) == (session_id, False)


def test_refresh_tokens_outlive_the_rotation_of_the_key_and_not_its_end() -> None:
    before, during, after = (RefreshTokens(keys) for keys in ([OLD], [NEW, OLD], [NEW]))

    def genuine(reader: RefreshTokens, maker: RefreshTokens) -> bool:
        read = reader.parse(maker.make(ID)[0])
        assert read is not None
        return read.genuine

    assert genuine(during, before)
    assert genuine(during, during)
    assert genuine(after, during)
    assert not genuine(after, before)
    assert not genuine(before, during)


def test_a_text_that_is_no_refresh_token_is_none() -> None:
    for text in ("", "twr_", make("twk_", ID, bytes(32)), RefreshTokens([NEW]).make(ID)[0][:-1]):
        assert RefreshTokens([NEW]).parse(text) is None


def test_secrets_are_in_no_representation() -> None:
    secret = b"Secret" * 8
    read = RefreshTokens([NEW]).parse(make("twr_", ID, secret))
    assert "Secret" not in f"{Opaque(ID, secret)} {read}"
