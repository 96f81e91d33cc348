"""The service by TLS: who calls with a certificate, who with a token, and a certificate that is exchanged meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from cryptography.x509 import UniformResourceIdentifier as Uri
from structlog.testing import capture_logs

from service.address import Address
from taxiway.v1 import user_pb2, user_service_pb2
from taxiway.v1.user_service_pb2_grpc import UserServiceStub
from tests.authority import LOCALHOST, Issued, authority, issue
from tests.e2e.conftest import Service, in_process
from tests.e2e.faults.calls import Ended, ended
from tests.e2e.rows import run
from tests.e2e.service_process import KEY, serving
from tests.service.tls_server import channel, serial

if TYPE_CHECKING:
    from taxiway.v1.user_service_pb2_grpc import UserServiceAsyncStub

CA, CALLERS, OTHER = authority(), authority("Callers"), authority("Another authority")
BILLING = "spiffe://example.com/billing"
ME = user_service_pb2.GetUserRequest(name="users/me")


@dataclass
class Ports:
    """A service with a port that asks for no certificate, and one that asks everybody."""

    service: Service
    asking_none: str
    asking: str

    async def me(self, address: str, shown: Issued | None = None, token: str | None = None) -> Ended:
        """Who a caller is, by what it shows; each on a connection of its own."""
        metadata = () if token is None else (("authorization", f"Bearer {token}"),)
        async with channel(address, CA, shown) as calls:
            stub: UserServiceAsyncStub = UserServiceStub(calls)
            return await ended(stub.GetUser(ME, metadata=metadata, timeout=10))


@pytest.fixture
async def ports(database_url: str, tmp_path: Path) -> AsyncIterator[Ports]:
    files = issue(CA, *LOCALHOST).write(tmp_path, CALLERS)
    settings = {
        "tls_cert_file": files.certificate,
        "tls_key_file": files.key,
        "tls_client_ca_file": files.client_ca,
        "mtls_listen": Address("127.0.0.1", 0),
    }
    with capture_logs() as said:
        async with in_process(database_url, **settings) as service:
            (apart,) = [line["address"] for line in said if line["event"] == "callers with certificates are served"]
            yield Ports(service, service.address, apart)


@pytest.fixture
async def billing(ports: Ports) -> str:
    """The name of a service account that calls with a certificate for `BILLING`."""
    account = await ports.service.accounts.make("SERVICE", ("users.read",))
    columns = f"certificate_uris = ARRAY['{BILLING}']"
    await run(ports.service.database_url, f"UPDATE users SET {columns} WHERE id = '{account.id}'")
    return account.name


async def test_a_service_is_known_by_its_certificate(ports: Ports, billing: str) -> None:
    known = await ports.me(ports.asking, issue(CALLERS, Uri("urn:example:more"), Uri(BILLING)))
    assert (known.code, known.answer.name, known.answer.role) == (grpc.StatusCode.OK, billing, user_pb2.User.SERVICE)


@pytest.mark.usefixtures("billing")
@pytest.mark.parametrize("names", [[], [Uri("spiffe://example.com/other")], [Uri(f"{BILLING}\0.example.org")]])
async def test_a_certificate_of_no_account_is_nobody(ports: Ports, names: list[Uri]) -> None:
    unknown = await ports.me(ports.asking, issue(CALLERS, *names))
    assert (unknown.code, unknown.reason) == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")


@pytest.mark.usefixtures("billing")
@pytest.mark.parametrize("issuer", [None, OTHER])
async def test_without_a_certificate_of_the_authority_there_is_no_connection(
    ports: Ports, issuer: Issued | None
) -> None:
    shown = None if issuer is None else issue(issuer, Uri(BILLING))
    assert (await ports.me(ports.asking, shown, ports.service.token)).code is grpc.StatusCode.UNAVAILABLE


@pytest.mark.usefixtures("billing")
async def test_a_certificate_counts_only_where_it_is_asked_for(ports: Ports) -> None:
    shown = issue(CALLERS, Uri(BILLING))
    assert (await ports.me(ports.asking_none, shown)).code is grpc.StatusCode.UNAUTHENTICATED
    assert (await ports.me(ports.asking_none, shown, ports.service.token)).answer.role == user_pb2.User.ADMIN


@pytest.mark.usefixtures("billing")
async def test_a_token_says_who_calls_also_beside_a_certificate(ports: Ports) -> None:
    shown = issue(CALLERS, Uri(BILLING))
    assert (await ports.me(ports.asking, shown, ports.service.token)).answer.role == user_pb2.User.ADMIN
    assert (await ports.me(ports.asking, shown, "none")).code is grpc.StatusCode.UNAUTHENTICATED


async def test_plaintext_is_not_spoken_where_tls_is(ports: Ports) -> None:
    async with grpc.aio.insecure_channel(ports.asking_none) as calls:
        stub: UserServiceAsyncStub = UserServiceStub(calls)
        assert (await ended(stub.GetUser(ME, timeout=10))).code is grpc.StatusCode.UNAVAILABLE


async def test_a_server_that_runs_takes_a_new_certificate_and_fails_no_call(database_url: str, tmp_path: Path) -> None:
    files = issue(CA, *LOCALHOST).write(tmp_path)
    settings = {"TLS_CERT_FILE": str(files.certificate), "TLS_KEY_FILE": str(files.key)}
    async with serving({"DATABASE_URL": database_url, "SECRET_KEY": KEY, **settings}) as process:
        exchanged = asyncio.Event()
        callers = [asyncio.create_task(_refused_until(exchanged, process.address)) for _ in range(4)]
        for _ in range(5):
            newer = issue(CA, *LOCALHOST)
            newer.write(tmp_path)
            async with asyncio.timeout(20):
                while await serial(process.address) != newer.certificate.serial_number:
                    pass
        exchanged.set()
        codes = [code for caller in callers for code in await caller]
    assert len(codes) >= len(callers)
    assert set(codes) == {grpc.StatusCode.UNAUTHENTICATED}


async def _refused_until(exchanged: asyncio.Event, address: str) -> list[grpc.StatusCode]:
    """Calls without credentials, each on a connection of its own: the service's own answer, never the network's."""
    codes = []
    while not exchanged.is_set():
        async with channel(address, CA) as calls:
            stub: UserServiceAsyncStub = UserServiceStub(calls)
            codes.append((await ended(stub.GetUser(ME, timeout=10))).code)
    return codes
