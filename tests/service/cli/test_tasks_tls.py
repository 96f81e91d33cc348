"""`taxiway tasks` calls by TLS where it is told whom to trust."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.cli import calling
from tests.authority import LOCALHOST, authority, issue
from tests.e2e.conftest import in_process
from tests.service.cli.tasks_stage import Stage


async def test_tasks_are_imported_by_tls_from_a_server_that_is_trusted_and_from_no_other(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, others = authority(), authority("Others")
    files = issue(ours, *LOCALHOST).write(tmp_path)
    (tmp_path / "ours.pem").write_bytes(ours.chain)
    (tmp_path / "others.pem").write_bytes(others.chain)
    async with in_process(database_url, tls_cert_file=files.certificate, tls_key_file=files.key) as service:
        stage = Stage(service, await service.accounts.make("USER"), tmp_path, capsys)
        file = stage.file("tasks.csv", "title\none\n")
        assert (await stage.run("import", file, "--ca-file", str(tmp_path / "ours.pem"))).code == 0
        monkeypatch.setattr(calling, "REACHED", 0.5)
        ended = await stage.run("import", file, "--ca-file", str(tmp_path / "others.pem"))
        trusted = "or not by TLS with a certificate that is trusted."
        assert (ended.code, ended.told) == (2, [f"taxiway: No server answers at {service.address}, {trusted}"])
        assert await stage.count() == 1
