"""Certificates are exchanged while calls go on, and what is broken on the disk never replaces what works."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from service import tls
from service.address import Address
from service.listening import bind, listen
from service.settings import Settings
from tests.authority import LOCALHOST, Issued, authority, issue
from tests.service.tls_server import SECONDS, channel, serial, server, who, who_at

CA, OTHER = authority(), authority("Another authority")


@dataclass
class Served:
    """A port with a certificate that no caller is asked for one on."""

    folder: Path
    source: tls.Certificates
    address: str
    certificate: Issued


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    first = issue(CA, *LOCALHOST)
    source = tls.Certificates(first.write(tmp_path))
    async with server() as serving:
        address = bind(serving, Address("127.0.0.1", 0), tls.credentials(source, require=False))
        await serving.start()
        yield Served(tmp_path, source, str(address), first)


async def call_until(ended: asyncio.Event, address: str) -> int:
    """Calls on a connection for each, and on one that stays; how many there were. Raises where one of them fails."""
    calls = 0
    async with channel(address, CA) as standing:
        while not ended.is_set():
            await who_at(address, CA)
            await who(standing)
            calls += 2
    return calls


async def shown_next(address: str, expected: Issued) -> bool:
    """Whether a handshake gets this certificate before long."""
    async with asyncio.timeout(SECONDS):
        while await serial(address) != expected.certificate.serial_number:
            pass
    return True


@pytest.mark.parametrize("times", [5, pytest.param(300, marks=pytest.mark.prove)])
async def test_rotation_under_load_fails_no_call(served: Served, times: int) -> None:
    ended = asyncio.Event()
    callers = [asyncio.create_task(call_until(ended, served.address)) for _ in range(4)]
    for _ in range(times):
        newer = issue(CA, *LOCALHOST)
        newer.write(served.folder)
        assert await shown_next(served.address, newer)
    ended.set()
    assert min(await asyncio.gather(*callers)) > 0
    assert served.source.taken == times + 1


def garbage(folder: Path) -> None:
    (folder / "cert.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n")


def half(folder: Path) -> None:
    whole = issue(CA, *LOCALHOST).chain
    (folder / "cert.pem").write_bytes(whole[: len(whole) // 2])


def foreign_key(folder: Path) -> None:
    (folder / "key.pem").write_bytes(issue(CA).key)


def missing(folder: Path) -> None:
    (folder / "cert.pem").unlink()


def emptied(folder: Path) -> None:
    (folder / "key.pem").write_bytes(b"")


def expired(folder: Path) -> None:
    issue(CA, *LOCALHOST, until=-timedelta(seconds=1)).write(folder)


@pytest.mark.parametrize("break_files", [garbage, half, foreign_key, missing, emptied, expired])
async def test_what_is_broken_on_the_disk_is_said_once_and_the_last_good_one_stays(
    served: Served, break_files: object
) -> None:
    assert callable(break_files)
    break_files(served.folder)
    with capture_logs() as said:
        for _ in range(5):
            assert await serial(served.address) == served.certificate.certificate.serial_number
            await who_at(served.address, CA)
        served.source._again = 0.0  # as after a second, when they are read again
        await who_at(served.address, CA)
    assert [line["log_level"] for line in said] == ["warning"]
    assert (served.source.taken, served.source.refused) == (1, 1)


async def test_after_a_broken_one_a_good_one_is_taken_and_said(served: Served) -> None:
    garbage(served.folder)
    await who_at(served.address, CA)
    newer = issue(CA, *LOCALHOST)
    with capture_logs() as said:
        newer.write(served.folder)
        assert await shown_next(served.address, newer)
    assert said[-1]["event"] == "new certificate taken"
    assert said[-1]["serial"] == f"{newer.certificate.serial_number:x}"


async def test_the_same_certificate_in_new_files_is_no_new_one(served: Served) -> None:
    served.certificate.write(served.folder)
    assert await serial(served.address) == served.certificate.certificate.serial_number
    assert (served.source.taken, served.source.refused) == (1, 0)


async def test_a_certificate_that_does_not_hold_yet_is_taken_when_it_does(served: Served) -> None:
    """Its files look the same all the time."""
    newer = issue(CA, *LOCALHOST, begin=timedelta(seconds=2))
    newer.write(served.folder)
    assert await serial(served.address) == served.certificate.certificate.serial_number
    assert await shown_next(served.address, newer)
    assert served.source.refused == 1


async def test_nothing_older_than_tls_1_2_is_spoken(served: Served) -> None:
    assert await serial(served.address, ssl.TLSVersion.TLSv1_2)
    with pytest.raises(ConnectionResetError), pytest.warns(DeprecationWarning, match="TLSv1_1"):
        await serial(served.address, ssl.TLSVersion.TLSv1_1)


async def test_an_expired_certificate_at_the_start_is_warned_of(tmp_path: Path) -> None:
    with capture_logs() as said:
        tls.Certificates(issue(CA, *LOCALHOST, until=-timedelta(seconds=1)).write(tmp_path))
    assert [line["log_level"] for line in said] == ["warning"]
    assert "expired at" in said[0]["reason"]


async def test_a_port_for_certificates_stands_apart_and_both_exchange_theirs(tmp_path: Path) -> None:
    files = issue(CA, *LOCALHOST).write(tmp_path, OTHER)
    settings = Settings(
        listen=Address("127.0.0.1", 0),
        mtls_listen=Address("127.0.0.1", 0),
        tls_cert_file=files.certificate,
        tls_key_file=files.key,
        tls_client_ca_file=files.client_ca,
    )
    async with server() as serving:
        with capture_logs() as said:
            address = str(listen(serving, settings, tls.Certificates(files)))
        apart = str(said[-1]["address"])
        await serving.start()
        caller = issue(OTHER)
        assert (await who_at(address, CA), await who_at(apart, CA, caller)) == ([], [])
        newer = issue(CA, *LOCALHOST)
        newer.write(tmp_path, OTHER)
        assert await shown_next(address, newer)
        assert await shown_next(apart, newer)
