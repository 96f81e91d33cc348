"""Guessing passwords: counted before they are compared, for accounts that exist and those that do not."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from persistence.errors import PoolExhausted
from service.auth.attempts import Attempts
from service.errors import HashingBusy, TooManyAttempts, Unauthenticated
from tests.e2e.rows import run, select
from tests.service.auth_parts import KEYS, LIMIT, PASSWORD, Parts, Watched, as_call, login, parts

WRONG = "seventeen blue herons"
LET_IN = type(None)


@pytest.fixture
async def auth(database_url: str) -> AsyncIterator[Parts]:
    async with parts(database_url) as made:
        yield made


async def guess(auth: Parts, username: str, password: str = WRONG, source: str = "192.0.2.1") -> type[object]:
    as_call(source)
    try:
        await auth.signing_in.sign_in(login(username, password))
    except (Unauthenticated, TooManyAttempts, PoolExhausted) as refusal:
        return type(refusal)
    return LET_IN


async def guesses(auth: Parts, username: str, count: int, source: str = "192.0.2.1") -> list[type[object]]:
    return await asyncio.gather(*(guess(auth, username, source=source) for _ in range(count)))


@pytest.mark.parametrize("username", ["ada", "nobody"], ids=["an account", "no account"])
async def test_of_200_guesses_at_once_at_most_the_limit_is_compared(auth: Parts, username: str) -> None:
    await auth.person("ada")
    told = await guesses(auth, username, 200)
    assert 1 <= len(auth.passwords.compared) <= LIMIT
    assert told.count(Unauthenticated) == len(auth.passwords.compared)
    assert TooManyAttempts in told
    assert set(told) <= {Unauthenticated, TooManyAttempts, PoolExhausted}


async def test_while_it_has_to_wait_the_right_password_is_not_compared_either_and_afterwards_it_is_right(
    auth: Parts, database_url: str
) -> None:
    await auth.person("ada")
    await guesses(auth, "ada", LIMIT)
    compared = len(auth.passwords.compared)
    as_call()
    with pytest.raises(TooManyAttempts) as refusal:
        await auth.signing_in.sign_in(login("ada"))
    assert 0 < refusal.value.retry_after <= 900
    assert len(auth.passwords.compared) == compared
    await run(database_url, "UPDATE sign_in_attempts SET blocked_until = now()")
    assert (await auth.signing_in.sign_in(login("ada"))).session.peer == "192.0.2.1"


async def test_who_signed_in_from_there_before_is_not_held_up_by_those_who_guess_elsewhere(auth: Parts) -> None:
    await auth.person("ada")
    as_call("192.0.2.7")
    await auth.signing_in.sign_in(login("ada"))
    assert TooManyAttempts in await guesses(auth, "ada", 2 * LIMIT, source="198.51.100.1")
    assert await guess(auth, "ada", PASSWORD, source="192.0.2.8") is TooManyAttempts
    assert await guess(auth, "ada", PASSWORD, source="192.0.2.7") is LET_IN


async def test_a_source_that_tries_many_accounts_has_to_wait_too_a_whole_ipv6_network_as_one(auth: Parts) -> None:
    told = [await guess(auth, f"user-{n}", source=f"2001:db8::{n:x}") for n in range(LIMIT * 10 + 1)]
    assert told == [Unauthenticated] * LIMIT * 10 + [TooManyAttempts]
    assert await guess(auth, "another", source="2001:db8:0:1::1") is Unauthenticated


async def test_a_success_begins_the_count_anew(auth: Parts) -> None:
    await auth.person("ada")
    for _ in range(3):
        assert set(await guesses(auth, "ada", LIMIT - 2)) == {Unauthenticated}
        as_call()
        await auth.signing_in.sign_in(login("ada"))


async def test_the_attempts_of_one_login_are_counted_together_however_it_is_written(auth: Parts) -> None:
    for number in range(LIMIT):
        await guess(auth, "ADA" if number % 2 else "ada")
    assert await guess(auth, "\uff21da") is TooManyAttempts, "a full-width A is an A"


async def test_the_table_of_attempts_holds_nothing_of_what_was_typed_or_from_where(
    auth: Parts, database_url: str
) -> None:
    await guess(auth, "ada-lovelace")
    ((whole,),) = await select(database_url, "SELECT string_agg(a::text, '') FROM sign_in_attempts a")
    for text in ("ada-lovelace", "192.0.2.1"):
        assert text not in whole
        assert text.encode().hex() not in whole


async def test_an_id_typed_at_the_sign_in_holds_nobodys_change_of_password_up(auth: Parts) -> None:
    """The two are counted apart: anybody may type anything at a sign-in."""
    user_id = uuid4()
    await guesses(auth, str(user_id), 2 * LIMIT)
    as_call()
    attempts = Attempts(KEYS, LIMIT)
    await attempts.count(auth.db, attempts.at_user(user_id))


async def test_a_full_pool_refuses_and_the_attempt_stays_counted(database_url: str) -> None:
    async with parts(database_url, Watched(waiting=0)) as auth:
        as_call()
        told = await asyncio.gather(
            *(auth.signing_in.sign_in(login(f"user-{n}")) for n in range(8)), return_exceptions=True
        )
    assert {type(each) for each in told} == {HashingBusy, Unauthenticated}
    assert await select(database_url, "SELECT max(failures) FROM sign_in_attempts") == [(8,)]
