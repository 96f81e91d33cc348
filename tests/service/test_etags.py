"""Etags: quoted, opaque, and of one version of one row only."""

from datetime import UTC, datetime, timedelta

import pytest

from service.etags import NEVER, make_etag, parse_etag

CREATED = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)


@pytest.mark.parametrize("version", [1, 2, 10**15])
def test_an_etag_says_version_and_creation(version: int) -> None:
    assert parse_etag(make_etag(version, CREATED)) == (version, CREATED)


def test_etags_are_quoted_and_differ_by_version_and_creation() -> None:
    etags = {make_etag(1, CREATED), make_etag(2, CREATED), make_etag(1, CREATED + timedelta(microseconds=1))}
    assert len(etags) == 3
    assert all(etag[0] == etag[-1] == '"' and '"' not in etag[1:-1] for etag in etags)


def test_none_given_is_none() -> None:
    assert parse_etag("") is None


@pytest.mark.parametrize(
    "text", ["x", '"', '""', "*", "\u00e9", make_etag(1, CREATED)[1:-1], make_etag(1, CREATED) + " "]
)
def test_what_is_no_etag_fits_no_row(text: str) -> None:
    assert parse_etag(text) == NEVER


@pytest.mark.parametrize("text", ['"1-fffffffffffffff"', f'"{1 << 63:x}-0"', '"01-0"', '"A-0"', '"1-0"x', '"1"'])
def test_what_only_looks_like_one_fits_no_row(text: str) -> None:
    assert parse_etag(text) == NEVER
