"""`taxiway keys` moves the signing keys on while servers run, and shows them without a secret."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.rows import select
from tests.service.cli.command import fault, taxiway

KEY = "A" * 43
OTHER = "B" * 42 + "A"
STATES = "SELECT kid, state::text FROM signing_keys ORDER BY state"


def done(*arguments: str, cwd: Path, url: str) -> str:
    """What a command prints that does its work."""
    ended = taxiway("keys", *arguments, cwd=cwd, database_url=url, secret_key=KEY)
    assert ended.returncode == 0, ended
    assert "Traceback" not in ended.stderr
    return ended.stdout


async def kids(url: str) -> dict[str, list[str]]:
    """The ids of the keys by state."""
    found: dict[str, list[str]] = {}
    for kid, state in await select(url, STATES):
        found.setdefault(state, []).append(kid)
    return found


async def test_next_becomes_current_current_retires_and_a_new_one_is_next(database_url: str, tmp_path: Path) -> None:
    done("rotate", cwd=tmp_path, url=database_url)
    before = await kids(database_url)
    said = done("rotate", cwd=tmp_path, url=database_url)
    after = await kids(database_url)
    assert said == f"The key {after['CURRENT'][0]} signs now.\n"
    assert after["CURRENT"] == before["NEXT"]
    assert set(after["RETIRED"]) == {*before["CURRENT"], *before["RETIRED"]}
    assert after["NEXT"][0] not in {kid for of_state in before.values() for kid in of_state}


async def test_revoking_leaves_no_key_that_was_there_before(database_url: str, tmp_path: Path) -> None:
    done("rotate", cwd=tmp_path, url=database_url)
    before = await kids(database_url)
    done("rotate", "--revoke", cwd=tmp_path, url=database_url)
    after = await kids(database_url)
    assert set(after) == {"CURRENT", "NEXT"}
    assert {kid for of_state in after.values() for kid in of_state}.isdisjoint(
        kid for of_state in before.values() for kid in of_state
    )


async def test_each_is_in_the_audit_log_the_first_keys_too(database_url: str, tmp_path: Path) -> None:
    done("rotate", cwd=tmp_path, url=database_url)
    done("rotate", "--revoke", cwd=tmp_path, url=database_url)
    events = "SELECT event::text, actor_id, reason FROM audit_log ORDER BY id"
    rotated = "SIGNING_KEYS_ROTATED"
    assert sorted(await select(database_url, events)) == [(rotated, None, reason) for reason in ("", "made", "revoked")]


async def test_the_list_has_a_line_for_each_key_and_nothing_secret(database_url: str, tmp_path: Path) -> None:
    assert done("list", cwd=tmp_path, url=database_url) == ""
    done("rotate", cwd=tmp_path, url=database_url)
    shown = [line.split() for line in done("list", cwd=tmp_path, url=database_url).splitlines()]
    assert sorted((kid, state) for kid, state, _ in shown) == sorted(await select(database_url, STATES))
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", since) for _, _, since in shown)


@pytest.mark.parametrize("action", ["list", "rotate"])
async def test_another_secret_key_than_the_services_is_one_sentence(
    action: str, database_url: str, tmp_path: Path
) -> None:
    done("rotate", cwd=tmp_path, url=database_url)
    before = await select(database_url, STATES)
    said = fault("keys", action, cwd=tmp_path, database_url=database_url, secret_key=OTHER)
    assert said.count("\n") == 0
    assert "sealed with another secret key" in said
    assert await select(database_url, STATES) == before


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        ((), {}, "ACTION"),
        (("rotate",), {"database_url": "postgresql://a:b@127.0.0.1:1/c", "secret_key": KEY}, "127.0.0.1:1/c"),
        (("list",), {"database_url": "postgresql://a:b@127.0.0.1:1/c"}, "TAXIWAY_SECRET_KEY_FILE"),
        (("list",), {"mode": "production"}, "TAXIWAY_DATABASE_URL"),
    ],
    ids=["no action", "down", "no key", "production"],
)
def test_a_fault_is_one_sentence(
    arguments: tuple[str, ...], settings: dict[str, str], named: str, tmp_path: Path
) -> None:
    said = fault("keys", *arguments, cwd=tmp_path, **settings)
    assert said.count("\n") == 0
    assert named in said


def test_an_empty_database_is_refused_with_the_command_that_helps(empty_database_url: str, tmp_path: Path) -> None:
    said = fault("keys", "rotate", cwd=tmp_path, database_url=empty_database_url, secret_key=KEY)
    assert said == "taxiway: The database is empty: run `taxiway db upgrade`."
