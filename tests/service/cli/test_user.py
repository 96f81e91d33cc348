"""`taxiway user create-admin` makes an administrator whose password only the holder of the one-time token sets."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from persistence.embedded import attach, start
from service.credentials import opaque_tokens
from tests.persistence.embedded_watch import value
from tests.service.cli.command import fault, taxiway

KEY = "A" * 43
ADA = ("user", "create-admin", "--email", "Ada@example.com", "--username", "ada")
EVERYTHING = "SELECT string_agg(u::text, '|') FROM users u"


def create(*arguments: str, url: str, cwd: Path) -> tuple[str, str]:
    """The token, which is all that is on standard output, and what stands on standard error."""
    ended = taxiway(*arguments, cwd=cwd, database_url=url, secret_key=KEY)
    assert ended.returncode == 0, ended
    (token,) = ended.stdout.splitlines()
    return token, ended.stderr


def test_the_account_is_an_administrator_without_a_password(database_url: str, tmp_path: Path) -> None:
    token, said = create(*ADA, "--display-name", "Ada", url=database_url, cwd=tmp_path)
    opaque = opaque_tokens.parse("twp_", token)
    assert opaque is not None
    account = "SELECT concat_ws('|', id, email, email_key, username, display_name, role, state) FROM users"
    assert value(database_url, account) == f"{opaque.row_id}|Ada@example.com|ada@example.com|ada|Ada|ADMIN|ACTIVE"
    assert value(database_url, "SELECT count(*) FROM credentials") == 0
    assert f"users/{opaque.row_id}" in said
    assert list(tmp_path.iterdir()) == []


def test_only_the_hash_of_the_token_is_kept_and_it_is_printed_once(database_url: str, tmp_path: Path) -> None:
    token, said = create(*ADA, url=database_url, cwd=tmp_path)
    opaque = opaque_tokens.parse("twp_", token)
    assert opaque is not None
    stored = value(database_url, "SELECT token_hash FROM password_resets")
    assert stored == opaque_tokens.digest(opaque.secret)
    assert token not in said


def test_it_says_what_to_do_with_the_token_and_until_when(database_url: str, tmp_path: Path) -> None:
    _, said = create(*ADA, url=database_url, cwd=tmp_path)
    assert "taxiway.v1.AuthService/SetPassword" in said
    match = re.search(r"until (\S+)Z\.", said)
    assert match is not None
    left = datetime.fromisoformat(match[1]).replace(tzinfo=UTC) - datetime.now(UTC)
    assert timedelta(days=2, hours=23) < left <= timedelta(days=3)
    assert value(database_url, "SELECT expire_at FROM password_resets") == pytest.approx(
        datetime.now(UTC) + left, abs=timedelta(seconds=2)
    )


def test_it_is_in_the_audit_log_with_the_account_and_no_actor(database_url: str, tmp_path: Path) -> None:
    token, _ = create(*ADA, url=database_url, cwd=tmp_path)
    opaque = opaque_tokens.parse("twp_", token)
    assert opaque is not None
    events = "SELECT string_agg(concat_ws(' ', event, actor_id, subject_id, method), '|') FROM audit_log"
    assert value(database_url, events) == f"ADMINISTRATOR_CREATED {opaque.row_id} "


@pytest.mark.parametrize(
    ("email", "username", "what"),
    [("other@example.com", "ADA", "user name"), ("ada@EXAMPLE.com", "other", "mail address")],
)
def test_a_taken_name_is_one_sentence_and_changes_nothing(
    email: str, username: str, what: str, database_url: str, tmp_path: Path
) -> None:
    create(*ADA, url=database_url, cwd=tmp_path)
    before = value(database_url, EVERYTHING)
    arguments = ("user", "create-admin", "--email", email, "--username", username)
    said = fault(*arguments, cwd=tmp_path, database_url=database_url, secret_key=KEY)
    assert said == f"taxiway: Another account has this {what} already (compared without case)."
    assert value(database_url, EVERYTHING) == before


def test_each_wrong_argument_is_a_sentence_that_names_it(database_url: str, tmp_path: Path) -> None:
    arguments = ("user", "create-admin", "--email", "nonsense", "--username", "no spaces", "--display-name", "x" * 201)
    said = fault(*arguments, cwd=tmp_path, database_url=database_url, secret_key=KEY)
    starts = [line.split(" must ")[0] for line in said.splitlines()]
    assert sorted(starts) == ["taxiway: --display-name", "taxiway: --email", "taxiway: --username"]
    assert value(database_url, "SELECT count(*) FROM users") == 0


@pytest.mark.parametrize(
    ("arguments", "settings", "named"),
    [
        (("user",), {}, "ACTION"),
        (ADA[:4], {}, "--username"),
        (ADA, {"database_url": "postgresql://a:b@127.0.0.1:1/c", "secret_key": KEY}, "127.0.0.1:1/c"),
        (ADA, {"database_url": "postgresql://a:b@127.0.0.1:1/c"}, "TAXIWAY_SECRET_KEY_FILE"),
        (ADA, {"mode": "production"}, "TAXIWAY_DATABASE_URL"),
    ],
    ids=["no action", "no name", "down", "no key", "production"],
)
def test_a_fault_is_one_sentence(
    arguments: tuple[str, ...], settings: dict[str, str], named: str, tmp_path: Path
) -> None:
    said = fault(*arguments, cwd=tmp_path, **settings)
    assert said.count("\n") == 0
    assert named in said
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_is_refused_with_the_command_that_helps(empty_database_url: str, tmp_path: Path) -> None:
    said = fault(*ADA, cwd=tmp_path, database_url=empty_database_url, secret_key=KEY)
    assert said == "taxiway: The database is empty: run `taxiway db upgrade`."


def test_on_the_embedded_database_it_starts_one_and_brings_it_up_to_date(ground: Path) -> None:
    ended = taxiway(*ADA, cwd=ground)
    assert ended.returncode == 0, ended
    assert attach(ground / ".taxiway") is None
    with start(ground / ".taxiway", durable=False) as server:
        assert value(server.url, "SELECT username FROM users") == "ada"
