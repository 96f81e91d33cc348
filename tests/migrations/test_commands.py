"""What `taxiway db` relies on: migrations that fail leave nothing, wait for each other, and say why in one sentence."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from migrations import commands, connection, head
from persistence import engine
from persistence.revision import current
from persistence.url import UrlError, parse
from tests.conftest import in_database

ROOT = Path(commands.__file__).parent.parent


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[AsyncConnection]:
    single = engine.single(parse(url))
    async with single.connect() as connection:
        yield connection
    await single.dispose()


def with_more(directory: Path, **upgrades: str) -> Path:
    """A copy of the migrations with more of them behind the last; each `upgrade` is one Python statement."""
    scripts = directory / "migrations"
    shutil.copytree(commands.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    last = head()
    for number, statement in upgrades.items():
        body = (
            f"from alembic import op\nrevision, down_revision = {number!r}, {last!r}\ndef upgrade():\n    {statement}\n"
        )
        (scripts / "versions" / f"{number}_more.py").write_text(body)
        last = number
    return scripts


def test_the_head_read_from_names_is_the_head_that_alembic_finds(tmp_path: Path) -> None:
    more = with_more(tmp_path, **{"8000": "pass", "8001": "pass"})
    for scripts in (commands.SCRIPTS, more):
        config = Config()
        config.set_main_option("script_location", str(scripts))
        assert head(scripts / "versions") == ScriptDirectory.from_config(config).get_current_head()
    assert head(more / "versions") == "8001"


async def test_a_migration_that_fails_leaves_nothing_and_the_one_before_it_stays(
    empty_database_url: str, tmp_path: Path
) -> None:
    made = "op.execute('CREATE TABLE half (id int)')"
    scripts = with_more(
        tmp_path, **{"8000": made.replace("half", "whole"), "8001": f"{made}; op.execute('SELECT 1/0')"}
    )
    with pytest.raises(commands.MigrationError, match=r"^The database refused: division by zero\.$"):
        await commands.upgrade(empty_database_url, scripts=scripts)
    async with opened(empty_database_url) as connection:
        assert await current(connection) == "8000"
        tables = await connection.execute(text("SELECT to_regclass('whole') IS NULL, to_regclass('half') IS NULL"))
        assert tables.one() == (False, True)


async def test_of_two_upgrades_at_once_the_second_waits_and_does_nothing(
    empty_database_url: str, tmp_path: Path
) -> None:
    upgrades = ["op.execute('CREATE TABLE runs (n int)')", "op.execute('INSERT INTO runs VALUES (1)')"]
    scripts = with_more(tmp_path, **dict(zip(("8000", "8001"), upgrades, strict=True)))
    await asyncio.gather(*(commands.upgrade(empty_database_url, scripts=scripts) for _ in range(2)))
    async with opened(empty_database_url) as connection:
        assert await connection.scalar(text("SELECT count(*) FROM runs")) == 1


async def test_a_migration_waits_four_seconds_for_a_lock_and_then_says_so(database_url: str, tmp_path: Path) -> None:
    scripts = with_more(tmp_path, **{"8000": "op.execute('ALTER TABLE users ADD COLUMN mood text')"})
    async with opened(database_url) as holder:
        await holder.execute(text("LOCK TABLE users IN ACCESS SHARE MODE"))
        begun = asyncio.get_running_loop().time()
        with pytest.raises(commands.MigrationError, match="held a lock that the migration needs for longer than 4s"):
            await commands.upgrade(database_url, scripts=scripts)
        assert 3.5 < asyncio.get_running_loop().time() - begun < 16
    assert commands.sql().startswith("SET lock_timeout = '4s';")


async def test_a_migration_has_no_limit_of_time_even_where_the_account_has_one(database_url: str) -> None:
    async with opened(database_url) as administrator:
        name = parse(database_url).url.database
        await administrator.execute(text(f"ALTER DATABASE {name} SET statement_timeout = '1ms'"))
        await administrator.commit()
    async with connection.connect(database_url) as mine:
        shown = [await mine.scalar(text(f"SHOW {name}")) for name in ("statement_timeout", "lock_timeout")]
    assert shown == ["0", "4s"]


async def test_a_foreign_database_is_left_alone(empty_database_url: str) -> None:
    async with opened(empty_database_url) as stranger:
        await stranger.execute(text("CREATE TABLE users (name text)"))
        await stranger.commit()
    with pytest.raises(commands.MigrationError, match=r'^The database refused: relation "users" already exists\.$'):
        await commands.upgrade(empty_database_url)
    async with opened(empty_database_url) as stranger:
        assert await current(stranger) is None
        assert await stranger.scalar(text("SELECT count(*) FROM pg_type WHERE typname = 'user_role'")) == 0


@pytest.mark.parametrize("revision", ["", "1", "-1", "0001; DROP", "heads", "00001"])
async def test_a_revision_that_is_none_is_one_sentence(database_url: str, revision: str) -> None:
    with pytest.raises(commands.MigrationError, match=r"^A revision is base, head, or a number of four digits"):
        await commands.upgrade(database_url, revision)
    with pytest.raises(commands.MigrationError, match=r"^A revision is base"):
        commands.sql(f"base:{revision}")


async def test_an_unknown_revision_is_one_sentence(database_url: str) -> None:
    with pytest.raises(commands.MigrationError, match=r"^The migration cannot run: [^\n]*'7777'\.$"):
        await commands.upgrade(database_url, "7777")


async def test_a_database_that_is_not_there_is_one_sentence(server_url: str) -> None:
    with pytest.raises(commands.MigrationError, match=r'^The database refused: database "missing" does not exist\.$'):
        await commands.upgrade(in_database(server_url, "missing"))


async def test_a_wrong_url_is_one_sentence() -> None:
    with pytest.raises(UrlError, match="names no database"):
        await commands.upgrade("postgresql://localhost")


async def test_a_server_that_is_down_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        await commands.upgrade(f"postgresql:///taxiway?host={tmp_path}")


def test_the_way_between_two_revisions_can_be_written_out_in_both_directions() -> None:
    assert "CREATE TABLE users" in commands.sql("base:head")
    assert commands.sql("base:head") == commands.sql() == commands.sql(head())
    assert "DROP TABLE users" in commands.sql("head:base")
    assert "TABLE" not in commands.sql("head:head")


def test_the_command_alembic_works_in_a_checkout(database_url: str) -> None:
    """With what stands in pyproject.toml, for developers; the variable is its only setting."""
    command = [sys.executable, "-m", "alembic", "check"]
    environment = {"TAXIWAY_DATABASE_URL": database_url}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, "No new upgrade operations detected." in answer.stdout) == (0, True), answer.stderr


def test_alembic_is_not_imported_before_a_command_runs() -> None:
    program = "import sys, migrations.commands, persistence.revision; sys.exit('alembic' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=60, check=True)
