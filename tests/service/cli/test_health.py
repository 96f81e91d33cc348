"""`taxiway health` tells supervisors by its exit code whether a server serves."""

from __future__ import annotations

import signal
import socket
from pathlib import Path

import pytest

from tests.service.cli.command import Serving, fault, serving, taxiway


@pytest.mark.parametrize("service", ["", "taxiway.v1.TaskService"])
def test_a_server_that_serves_is_0(server: Serving, service: str, tmp_path: Path) -> None:
    ended = taxiway("health", "--address", server.address, "--service", service, cwd=tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "SERVING\n", "")


def test_the_address_is_the_one_of_the_settings_unless_given(server: Serving, tmp_path: Path) -> None:
    assert taxiway("health", cwd=tmp_path, listen=server.address).returncode == 0


def test_a_proxy_in_the_environment_is_not_asked(
    server: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert taxiway("health", "--address", server.address, cwd=tmp_path).returncode == 0


def test_an_unknown_service_is_2(server: Serving, tmp_path: Path) -> None:
    said = fault("health", "--address", server.address, "--service", "nobody", cwd=tmp_path)
    assert said == f"taxiway: The server at {server.address} knows no service 'nobody'."


def test_a_server_that_drains_is_1(ground: Path, tmp_path: Path) -> None:
    place = ground / "draining"
    place.mkdir(mode=0o711)
    with serving(place, drain_delay="60") as server:
        server.process.send_signal(signal.SIGTERM)
        ended = taxiway("health", "--address", server.address, cwd=tmp_path)
        assert (ended.returncode, ended.stdout, ended.stderr) == (1, "NOT_SERVING\n", "")


def test_no_server_is_2_in_one_sentence(tmp_path: Path) -> None:
    assert fault("health", "--address", "127.0.0.1:1", cwd=tmp_path) == "taxiway: No server answers at 127.0.0.1:1."


def test_a_server_that_is_silent_is_2_after_the_timeout(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        said = fault("health", "--address", address, "--timeout", "0.2", cwd=tmp_path)
    assert said == f"taxiway: The server at {address} did not answer in time."


@pytest.mark.parametrize(("address", "reason"), [("x", "HOST:PORT"), ("127.0.0.1:0", "Port 0")])
def test_what_is_no_address_of_a_server_is_2(address: str, reason: str, tmp_path: Path) -> None:
    assert reason in fault("health", "--address", address, cwd=tmp_path)
