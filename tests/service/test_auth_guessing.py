"""Guessing passwords: counted before they are compared, for accounts that exist and those that do not."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from persistence.errors import PoolExhausted
from service.auth.schemas import PasswordReset
from service.errors import TooManyAttempts, Unauthenticated
from tests.e2e.rows import run, select
from tests.service.auth_parts import LIMIT, PASSWORD, Parts, as_call, login, parts, reset_token

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


async def from_where_does_the_owner_have_to_wait(auth: Parts, *sources: str) -> list[str]:
    """After strangers have used up what they may guess at the account `ada`."""
    assert TooManyAttempts in await guesses(auth, "ada", 2 * LIMIT, source="198.51.100.1")
    told = {source: await guess(auth, "ada", PASSWORD, source=source) for source in sources}
    assert set(told.values()) <= {TooManyAttempts, LET_IN}
    return [source for source in sources if told[source] is TooManyAttempts]


@pytest.mark.parametrize("names", [("ada", "ada@example.com"), ("nobody",)], ids=["an account", "no account"])
async def test_of_200_guesses_at_once_at_most_the_limit_is_compared(auth: Parts, names: tuple[str, ...]) -> None:
    """Also where they use both names of the account."""
    await auth.person("ada")
    told = await asyncio.gather(*(guess(auth, names[n % len(names)]) for n in range(200)))
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
    assert await from_where_does_the_owner_have_to_wait(auth, "192.0.2.7", "192.0.2.8") == ["192.0.2.8"]


async def test_an_address_is_known_for_the_account_and_not_for_the_name_that_was_typed(auth: Parts) -> None:
    await auth.person("ada")
    assert await guess(auth, "ada", PASSWORD, source="192.0.2.7") is LET_IN
    assert TooManyAttempts in await guesses(auth, "ada@example.com", 2 * LIMIT, source="198.51.100.1")
    assert await guess(auth, "ada@example.com", PASSWORD, source="192.0.2.8") is TooManyAttempts
    assert await guess(auth, "ada@example.com", PASSWORD, source="192.0.2.7") is LET_IN


async def test_where_a_session_is_refreshed_from_its_owner_is_known(auth: Parts) -> None:
    await auth.person("ada")
    as_call("192.0.2.7")
    begun = await auth.signing_in.sign_in(login("ada"))
    as_call("192.0.2.9")
    await auth.refreshing.refresh(begun.refresh_token)
    assert await from_where_does_the_owner_have_to_wait(auth, "192.0.2.9", "192.0.2.8") == ["192.0.2.8"]


async def test_where_a_password_is_set_from_its_owner_is_known(auth: Parts) -> None:
    user_id = await auth.person("ada", password=None)
    as_call("192.0.2.7")
    token = SecretStr(await auth.db.change(reset_token, None, user_id))
    await auth.changes.reset(PasswordReset(reset_token=token, new_password=SecretStr(PASSWORD)))
    assert await from_where_does_the_owner_have_to_wait(auth, "192.0.2.7", "192.0.2.8") == ["192.0.2.8"]


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


async def test_guesses_at_the_sign_in_hold_nobodys_change_of_password_up(auth: Parts) -> None:
    """The two are counted apart: anybody may guess at a sign-in."""
    user_id = await auth.person("ada")
    assert TooManyAttempts in await guesses(auth, "ada", 2 * LIMIT)
    as_call()
    await auth.attempts.count(auth.db, auth.attempts.at_change(user_id))


async def test_the_id_of_an_account_typed_at_the_sign_in_is_none_of_its_names(auth: Parts) -> None:
    user_id = await auth.person("ada")
    assert TooManyAttempts in await guesses(auth, str(user_id), 2 * LIMIT)
    assert await guess(auth, "ada", PASSWORD) is LET_IN
