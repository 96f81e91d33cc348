"""`taxiway health` asks by TLS where the service has a certificate: that one is trusted, or authorities it is given."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

import grpc
import pytest
from cryptography.x509 import DNSName, GeneralName, IPAddress, UniformResourceIdentifier
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from service import tls
from tests.authority import LOCALHOST, Issued, authority, issue
from tests.service.cli.command import fault, taxiway

CA, CALLERS = authority(), authority("Callers")


@contextmanager
def serving(folder: Path, leaf: Issued, *, require: bool = False) -> Iterator[str]:
    """A server that answers SERVING, with this certificate."""
    source = tls.Certificates(leaf.write(folder, CALLERS))
    server = grpc.server(ThreadPoolExecutor(1))
    servicer = health.HealthServicer()
    servicer.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_secure_port("127.0.0.1:0", tls.credentials(source, require=require))
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(0).wait()


@pytest.mark.parametrize(
    "names",
    [
        LOCALHOST,
        [DNSName("tasks.example.com")],
        [DNSName("*.example.com")],
        [IPAddress(ip_address("192.0.2.1"))],
        [UniformResourceIdentifier("spiffe://example.com/tasks"), DNSName("tasks.example.com")],
    ],
    ids=["this machine", "a name", "a wildcard", "an address", "a URI before it"],
)
def test_the_services_own_certificate_is_trusted_whatever_it_is_for(names: list[GeneralName], tmp_path: Path) -> None:
    with serving(tmp_path, issue(CA, *names)) as address:
        ended = taxiway("health", cwd=tmp_path, listen=address, tls_cert_file="cert.pem", tls_key_file="key.pem")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "SERVING\n", "")


def test_another_certificate_is_not(tmp_path: Path) -> None:
    with serving(tmp_path, issue(CA, *LOCALHOST)) as address:
        (tmp_path / "mine.pem").write_bytes(issue(CA, *LOCALHOST).chain)
        said = fault("health", cwd=tmp_path, listen=address, tls_cert_file="mine.pem", tls_key_file="key.pem")
    assert said == f"taxiway: No server answers at {address}, or not by TLS with a certificate that is trusted."


def test_an_authority_is_trusted_for_the_name_that_is_asked(tmp_path: Path) -> None:
    (tmp_path / "authority.pem").write_bytes(CA.chain)
    with serving(tmp_path, issue(CA, *LOCALHOST)) as address:
        ended = taxiway("health", "--address", address, "--ca-file", "authority.pem", cwd=tmp_path)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, "SERVING\n", "")
    with serving(tmp_path, issue(CA, DNSName("tasks.example.com"))) as address:
        assert "trusted" in fault("health", "--address", address, "--ca-file", "authority.pem", cwd=tmp_path)


def test_a_certificate_is_shown_where_the_server_asks_for_one(tmp_path: Path) -> None:
    (tmp_path / "probe").mkdir()
    shown = issue(CALLERS).write(tmp_path / "probe")
    pair = ("--certificate-file", str(shown.certificate), "--key-file", str(shown.key))
    with serving(tmp_path, issue(CA, *LOCALHOST), require=True) as address:
        settings = {"listen": address, "tls_cert_file": "cert.pem", "tls_key_file": "key.pem"}
        assert taxiway("health", *pair, cwd=tmp_path, **settings).stdout == "SERVING\n"
        assert "No server answers" in fault("health", cwd=tmp_path, **settings)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--ca-file", "none.pem"], "--ca-file names a file that cannot be read: No such file"),
        (["--ca-file", "empty.pem"], "--ca-file names a file that holds something else than certificates"),
        (["--certificate-file", "cert.pem"], "--certificate-file and --key-file come together"),
        (["--key-file", "key.pem"], "--certificate-file and --key-file come together"),
        (["--certificate-file", "empty.pem", "--key-file", "key.pem"], "--certificate-file names a file that holds"),
        (["--certificate-file", "cert.pem", "--key-file", "none.pem"], "--key-file names a file that cannot be read"),
    ],
)
def test_files_that_cannot_be_used_are_one_sentence(options: list[str], reason: str, tmp_path: Path) -> None:
    issue(CA).write(tmp_path)
    (tmp_path / "empty.pem").touch()
    said = fault("health", "--address", "127.0.0.1:1", *options, cwd=tmp_path)
    assert said.startswith(f"taxiway: {reason}")
    assert said.count("\n") == 0
