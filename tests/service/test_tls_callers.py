"""Whom a client certificate names: only one that the authority signed, that holds, and as it stands in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.x509 import UniformResourceIdentifier as Uri
from cryptography.x509.oid import ExtendedKeyUsageOID

from service import tls
from service.address import Address
from service.listening import bind, listen
from service.settings import Settings
from tests.authority import LOCALHOST, Issued, authority, issue
from tests.service.tls_server import SECONDS, channel, server, who, who_at

CA, CALLERS, OTHER = authority(), authority("Callers"), authority("Another authority")
BILLING = "spiffe://example.com/billing"


@dataclass
class Ports:
    """One that requires certificates of `CALLERS`, one that asks for none, and one in plaintext."""

    requiring: str
    asking_none: str
    plaintext: str
    folder: Path


@pytest.fixture
async def ports(tmp_path: Path) -> AsyncIterator[Ports]:
    files = issue(CA, *LOCALHOST).write(tmp_path, CALLERS)
    free, source = Address("127.0.0.1", 0), tls.Certificates(files)
    settings = Settings(
        listen=free, tls_cert_file=files.certificate, tls_key_file=files.key, tls_client_ca_file=files.client_ca
    )
    async with server() as serving:
        requiring = listen(serving, settings, source)
        asking_none = bind(serving, free, tls.credentials(source, require=False))
        plaintext = bind(serving, free)
        await serving.start()
        yield Ports(str(requiring), str(asking_none), str(plaintext), tmp_path)


async def is_refused(address: str, shown: Issued | None) -> bool:
    try:
        await who_at(address, CA, shown)
    except grpc.aio.AioRpcError as error:
        return error.code() is grpc.StatusCode.UNAVAILABLE
    return False


async def test_the_uris_of_a_verified_certificate_are_told_in_their_order(ports: Ports) -> None:
    caller = issue(CALLERS, Uri(BILLING), x509.DNSName("billing.example.com"), Uri("urn:example:billing"))
    assert await who_at(ports.requiring, CA, caller) == [BILLING, "urn:example:billing"]


@pytest.mark.parametrize(
    "shown",
    [
        None,
        issue(OTHER, Uri(BILLING)),
        issue(CA, Uri(BILLING)),
        issue(CALLERS, Uri(BILLING), until=-timedelta(seconds=1)),
        issue(CALLERS, Uri(BILLING), purpose=ExtendedKeyUsageOID.SERVER_AUTH),
    ],
    ids=["none", "another authority", "the server's authority", "expired", "for servers"],
)
async def test_a_certificate_that_does_not_hold_gets_no_connection(ports: Ports, shown: Issued | None) -> None:
    assert await is_refused(ports.requiring, shown)


@pytest.mark.parametrize(
    "names",
    [
        [],
        [x509.DNSName(BILLING)],
        [x509.RFC822Name(BILLING)],
        [Uri(f"{BILLING}\0.example.org")],
        [Uri(f"{BILLING}\n")],
        [Uri("spiffe://example.com/" + "b" * 500)],
    ],
    ids=["no names", "a DNS name", "a mail address", "a NUL", "a line end", "too long"],
)
async def test_a_certificate_without_a_uri_of_the_contract_names_nobody(
    ports: Ports, names: list[x509.GeneralName]
) -> None:
    assert await who_at(ports.requiring, CA, issue(CALLERS, *names)) == []


async def test_where_none_is_asked_for_none_counts(ports: Ports) -> None:
    assert await who_at(ports.asking_none, CA, issue(CALLERS, Uri(BILLING))) == []
    async with grpc.aio.insecure_channel(ports.plaintext) as calls:
        assert await who(calls) == []


async def test_a_certificate_that_ends_names_nobody_on_a_connection_that_stands(ports: Ports) -> None:
    caller = issue(CALLERS, Uri(BILLING), until=timedelta(seconds=3))
    async with channel(ports.requiring, CA, caller) as calls, asyncio.timeout(SECONDS):
        assert await who(calls) == [BILLING]
        while await who(calls):
            pass


async def test_another_authority_on_the_disk_replaces_the_first_without_a_restart(ports: Ports) -> None:
    issue(CA, *LOCALHOST).write(ports.folder, OTHER)
    async with asyncio.timeout(SECONDS):
        while await is_refused(ports.requiring, issue(OTHER, Uri(BILLING))):
            pass
    assert await is_refused(ports.requiring, issue(CALLERS, Uri(BILLING)))
