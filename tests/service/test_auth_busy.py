"""Passwords where the pool of their threads is full: who is refused for it has lost nothing."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from pydantic import SecretStr

from service.auth.schemas import PasswordChange
from service.errors import HashingBusy, TooManyAttempts, Unauthenticated
from service.identity import Caller
from tests.e2e.rows import run, select
from tests.service.auth_parts import PASSWORD, Parts, Watched, as_call, login, parts

Try = Callable[[str], Awaitable[object]]
WRONG = "seventeen blue herons"


@pytest.fixture
async def auth(database_url: str) -> AsyncIterator[Parts]:
    """With two places."""
    async with parts(database_url, Watched(waiting=0)) as made:
        yield made


@pytest.fixture(params=["SignIn", "ChangePassword"])
async def attempt(auth: Parts, request: pytest.FixtureRequest) -> Try:
    """One that shows a password, as whose it is."""
    user_id = await auth.person("ada")

    def sign_in(password: str) -> Awaitable[object]:
        as_call()
        return auth.signing_in.sign_in(login("ada", password))

    def change(password: str) -> Awaitable[object]:
        as_call(caller=Caller(user_id))
        new = SecretStr("nineteen grey herons")
        return auth.changes.change(PasswordChange(old_password=SecretStr(password), new_password=new))

    return change if request.param == "ChangePassword" else sign_in


async def test_who_finds_the_pool_full_is_not_counted(auth: Parts, attempt: Try, database_url: str) -> None:
    with auth.passwords.place(), auth.passwords.place():
        for _ in range(2):
            with pytest.raises(HashingBusy):
                await attempt(WRONG)
    assert auth.passwords.compared == []
    assert await select(database_url, "SELECT * FROM sign_in_attempts") == []
    await attempt(PASSWORD)


async def test_one_place_is_enough_to_the_end_and_none_else_has_it_meanwhile(auth: Parts, attempt: Try) -> None:
    """Whose password was right is not told that the pool is full for what is to be hashed then."""
    refused: list[type[Exception]] = []

    async def another() -> None:
        with pytest.raises(HashingBusy) as refusal:
            await auth.passwords.hash(PASSWORD)
        refused.append(refusal.type)

    auth.passwords.meanwhile = another
    with auth.passwords.place():
        await attempt(PASSWORD)
    assert refused == [HashingBusy]


async def test_the_place_is_free_however_the_attempt_ends(auth: Parts, attempt: Try, database_url: str) -> None:
    with pytest.raises(Unauthenticated):
        await attempt(WRONG)
    await run(database_url, "UPDATE sign_in_attempts SET failures = 1000, blocked_until = now() + interval '1 hour'")
    with pytest.raises(TooManyAttempts):
        await attempt(PASSWORD)
    await run(database_url, "ALTER TABLE sign_in_attempts RENAME TO hidden")
    with pytest.raises(Exception, match="sign_in_attempts"):
        await attempt(PASSWORD)
    with auth.passwords.place(), auth.passwords.place():
        pass
