"""`taxiway token` signs in to the embedded database, for whoever may read its directory, and to no other."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from persistence.embedded import attach
from taxiway.v1 import user_pb2
from tests.service.cli.command import ROOT, fault, serving
from tests.service.cli.signing_in import claims, held, is_let_in, rows, token, who_calls

ACCOUNTS = """
    INSERT INTO users (id, email, email_key, username, username_key, display_name, time_zone, role, state,
                       created_by, updated_by, deleted_at, purge_at)
    SELECT id, name || '@example.com', name || '@example.com', name, name, '', 'UTC', role::user_role,
           state::user_state, id, id, CASE WHEN gone THEN now() END, CASE WHEN gone THEN now() + interval '30 days' END
    FROM (VALUES ('0190a1b2-c3d4-7e5f-8a9b-000000000001'::uuid, 'ada', 'USER', 'ACTIVE', false),
                 ('0190a1b2-c3d4-7e5f-8a9b-000000000002'::uuid, 'sue', 'USER', 'SUSPENDED', false),
                 ('0190a1b2-c3d4-7e5f-8a9b-000000000003'::uuid, 'sid', 'SERVICE', 'ACTIVE', false),
                 ('0190a1b2-c3d4-7e5f-8a9b-000000000004'::uuid, 'gus', 'USER', 'ACTIVE', true))
         AS a (id, name, role, state, gone)"""
ADA = "0190a1b2-c3d4-7e5f-8a9b-000000000001"


def test_on_a_fresh_directory_it_makes_the_first_administrator_and_leaves_no_server(ground: Path) -> None:
    said = claims(token(cwd=ground))
    assert attach(ground / ".taxiway") is None
    assert said["exp"] - said["iat"] == 600
    with held(ground):
        assert rows(ground, "SELECT string_agg(username || role || state, '|') FROM users") == "adminADMINACTIVE"
        assert rows(ground, "SELECT id::text FROM users") == said["sub"]
        assert rows(ground, "SELECT id::text FROM sessions") == said["sid"]
        assert rows(ground, "SELECT count(*) FROM credentials") == 0
        assert rows(ground, "SELECT count(*) FROM password_resets") == 0
        events = (
            "SELECT array_agg(concat_ws(' ', event, actor_id, subject_id, object_id) ORDER BY event) FROM audit_log"
        )
        assert sorted(rows(ground, events)) == [
            f"ADMINISTRATOR_CREATED {said['sub']}",
            "SIGNING_KEYS_ROTATED",
            f"TOKEN_MINTED {said['sub']} {said['sid']}",
        ]


def test_a_running_server_takes_the_token_and_refuses_it_once_changed(ground: Path) -> None:
    with serving(ground) as server:
        made = token(cwd=ground)
        assert who_calls(server.address, made).role == user_pb2.User.ADMIN
        assert not is_let_in(server.address, made[:-4] + ("AAAA" if made[-4:] != "AAAA" else "BBBB"))
        assert rows(ground, "SELECT count(*) FROM users") == 1
        assert server.process.poll() is None


def test_another_account_is_named_by_user_name_mail_address_or_id(ground: Path) -> None:
    with held(ground):
        rows(ground, ACCOUNTS)
        named = [claims(token("--user", name, cwd=ground))["sub"] for name in ("Ada", "ADA@example.com", ADA)]
        assert named == [ADA] * 3


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nobody", "There is no account 'nobody'."),
        ("gus", "There is no account 'gus'."),
        ("0190a1b2-c3d4-7e5f-8a9b-000000000004", "There is no account '0190a1b2-c3d4-7e5f-8a9b-000000000004'."),
        ("sue", "The account 'sue' is suspended: an administrator can reactivate it."),
        ("sid", "The account 'sid' is a service's: an administrator can make an API key for it."),
    ],
)
def test_an_account_that_cannot_sign_in_is_one_sentence(name: str, reason: str, ground: Path) -> None:
    with held(ground):
        before = rows(ground, "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM audit_log)")
        assert fault("token", "--user", name, cwd=ground) == f"taxiway: {reason}"
        assert rows(ground, "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM audit_log)") == before


def test_a_secret_key_that_is_not_the_services_is_one_sentence(ground: Path) -> None:
    with held(ground):
        said = fault("token", cwd=ground, secret_key="A" * 43)
    assert said.count("\n") == 0
    assert "sealed with another secret key" in said


def test_beside_a_process_that_has_made_no_secret_key_yet_it_makes_none(ground: Path) -> None:
    place = ground / "starting"
    place.mkdir(mode=0o711)
    with held(place):
        said = fault("token", cwd=place)
        assert said.endswith("is in use and has no secret key yet: try again when `serve` listens.")
        assert not (place / ".taxiway" / "secret_key").exists()


def test_on_a_database_of_ones_own_it_is_refused(database_url: str, tmp_path: Path) -> None:
    said = fault("token", cwd=tmp_path, database_url=database_url, secret_key="A" * 43)
    assert said.count("\n") == 0
    assert "`taxiway token` is for the embedded database" in said
    assert "taxiway user create-admin" in said


def test_in_production_it_is_refused_with_the_embedded_database(tmp_path: Path) -> None:
    assert "embedded database" in fault("token", cwd=tmp_path, mode="production")
    assert list(tmp_path.iterdir()) == []


def test_make_token_runs_it_and_keeps_standard_output_for_the_token() -> None:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    dry = ["make", "--dry-run", "--no-print-directory", "token"]
    shown = subprocess.run(dry, cwd=ROOT, env=kept, check=True, capture_output=True, text=True)
    assert shown.stdout.splitlines()[-1] == "exec .venv/bin/taxiway token"
    assert shown.stdout.splitlines()[0].endswith(".set-up >&2")
