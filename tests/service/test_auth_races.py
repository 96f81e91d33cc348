"""What happens to an account while its password is being compared, and what happens twice at once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from service.auth.schemas import PasswordChange, PasswordReset, SessionTokens
from service.credentials.passwords import Place
from service.errors import Unauthenticated
from service.identity import Caller
from tests.e2e.faults.until import until
from tests.e2e.rows import run, select
from tests.service.auth_parts import PASSWORD, Parts, Watched, as_call, login, parts, reset_token

NEW = "nineteen grey herons"
NEWER = "twenty-one grey herons"


@pytest.fixture
async def auth(database_url: str) -> AsyncIterator[Parts]:
    async with parts(database_url) as made:
        yield made


async def events(database_url: str) -> list[str]:
    """All but that the first signing keys were made."""
    recorded = "SELECT event::text FROM audit_log WHERE event <> 'SIGNING_KEYS_ROTATED' ORDER BY id"
    return [event for (event,) in await select(database_url, recorded)]


async def sessions(database_url: str) -> int:
    ((count,),) = await select(database_url, "SELECT count(*) FROM sessions")
    return int(count)


def change(old: str, new: str) -> PasswordChange:
    return PasswordChange(old_password=SecretStr(old), new_password=SecretStr(new))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET state = 'SUSPENDED'",
        "UPDATE users SET deleted_at = now(), purge_at = now() + interval '30 days'",
        "UPDATE users SET role = 'SERVICE'",
        "DELETE FROM credentials",
        "UPDATE credentials SET password_hash = password_hash || ' '",
        "DELETE FROM users",
    ],
)
async def test_an_account_that_changes_while_its_password_is_compared_is_not_let_in(
    auth: Parts, database_url: str, statement: str
) -> None:
    await auth.person("ada")
    auth.passwords.meanwhile = lambda: run(database_url, statement)
    as_call()
    with pytest.raises(Unauthenticated):
        await auth.signing_in.sign_in(login("ada"))
    assert await sessions(database_url) == 0
    assert await events(database_url) == ["SIGN_IN_FAILED"]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE users SET state = 'SUSPENDED'", "UPDATE credentials SET password_hash = password_hash || ' '"],
    ids=["suspended", "another password"],
)
async def test_a_sign_in_waits_for_who_is_about_to_end_the_sessions_of_the_account(
    auth: Parts, database_url: str, connection: AsyncConnection, statement: str
) -> None:
    """Who changes the account has not committed yet when the session is about to begin, and would not find it."""
    await auth.person("ada")
    as_call()
    await connection.exec_driver_sql(statement)
    await connection.exec_driver_sql("DELETE FROM sessions")
    call = asyncio.create_task(auth.signing_in.sign_in(login("ada")))
    await until(lambda: waits_for_a_lock(database_url), 5)
    await connection.commit()
    with pytest.raises(Unauthenticated):
        await call
    assert await sessions(database_url) == 0


async def waits_for_a_lock(database_url: str) -> bool:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(await select(database_url, waiting))


async def test_of_twenty_refreshes_by_one_token_at_once_two_get_tokens_and_the_third_ends_the_session(
    auth: Parts, database_url: str
) -> None:
    """One is the newest, one may be the repetition of a lost answer; more are a copy in other hands."""
    await auth.person("ada")
    as_call()
    begun = await auth.signing_in.sign_in(login("ada"))
    tries = (auth.refreshing.refresh(begun.refresh_token) for _ in range(20))
    told = await asyncio.gather(*tries, return_exceptions=True)
    got = [each for each in told if isinstance(each, SessionTokens)]
    assert len(got) == 2
    assert [type(each) for each in told if each not in got] == [Unauthenticated] * 18
    assert await sessions(database_url) == 0
    assert (await events(database_url)).count("REFRESH_TOKEN_REUSED") == 1
    for tokens in got:
        with pytest.raises(Unauthenticated):
            await auth.refreshing.refresh(tokens.refresh_token)


async def test_of_two_uses_of_a_reset_token_at_once_one_sets_its_password(auth: Parts, database_url: str) -> None:
    for attempt in range(5):
        username = f"user-{attempt}"
        user_id = await auth.person(username, password=None)
        token = await auth.db.change(reset_token, None, user_id)
        as_call(f"192.0.2.{attempt}")
        tries = (auth.changes.reset(_setting(token, password)) for password in (NEW, NEWER))
        told = await asyncio.gather(*tries, return_exceptions=True)
        assert sorted(map(str, map(type, told))) == sorted(map(str, (UUID, Unauthenticated)))
        winner = NEW if isinstance(told[0], UUID) else NEWER
        await auth.signing_in.sign_in(login(username, winner))
    assert (await events(database_url)).count("PASSWORD_SET") == 5


async def test_of_two_changes_of_a_password_at_once_one_holds(auth: Parts, database_url: str) -> None:
    user_id = await auth.person("ada")
    as_call(caller=Caller(user_id))
    tries = (auth.changes.change(change(PASSWORD, password)) for password in (NEW, NEWER))
    told = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(map(str, map(type, told))) == sorted(map(str, (int, Unauthenticated)))
    assert (await events(database_url)).count("PASSWORD_CHANGED") == 1
    as_call()
    await auth.signing_in.sign_in(login("ada", NEW if told[0] == 0 else NEWER))


@pytest.mark.parametrize("statement", ["UPDATE users SET state = 'SUSPENDED'", "DELETE FROM password_resets"])
async def test_a_reset_token_that_ends_while_the_password_is_hashed_sets_nothing(
    database_url: str, statement: str
) -> None:
    async with parts(database_url, _Slow(lambda: run(database_url, statement))) as auth:
        user_id = await auth.person("ada", password=None)
        token = await auth.db.change(reset_token, None, user_id)
        as_call()
        with pytest.raises(Unauthenticated):
            await auth.changes.reset(_setting(token, NEW))
    assert await select(database_url, "SELECT user_id FROM credentials") == []


class _Slow(Watched):
    """Something happens before a hash is made."""

    def __init__(self, before: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._before = before

    async def hash(self, password: str, place: Place | None = None) -> str:
        await self._before()
        return await super().hash(password, place)


def _setting(token: str, password: str) -> PasswordReset:
    return PasswordReset(reset_token=SecretStr(token), new_password=SecretStr(password))
