"""Passwords are hashed beside the event loop, as exactly what was sent, in a bounded number of places."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

import bcrypt
import pytest
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError
from argon2.low_level import Type, hash_secret

from service.credentials.existing_hashes import fault
from service.credentials.passwords import Passwords, Verdict
from service.errors import HashingBusy
from tests.e2e.faults.until import until

SECONDS = 10.0  # that anything may take
PASSWORD = "a long enough p\u00e4ssword "
MATCHES, MATCHES_AND_IS_OLD, DIFFERS = Verdict(True, False), Verdict(True, True), Verdict(False, False)


@contextmanager
def opened(memory: int = 8 << 10, threads: int = 1, waiting: int = 100) -> Iterator[Passwords]:
    passwords = Passwords(memory, 1, 1, threads, waiting)
    try:
        yield passwords
    finally:
        passwords.close()


@pytest.fixture(scope="module")
def passwords() -> Iterator[Passwords]:
    with opened() as opened_:
        yield opened_


@pytest.fixture
def gate() -> Iterator[Event]:
    """Jobs that wait for it hold their threads until it is set, or the test is over."""
    event = Event()
    try:
        yield event
    finally:
        event.set()


def wait_for(gate: Event, begun: Event) -> bool:
    begun.set()
    return gate.wait()


async def put_in(passwords: Passwords, work: Callable[[], object]) -> asyncio.Task[object]:
    """A job that has taken its place."""
    free = passwords._places._value
    job = asyncio.create_task(passwords._run(work))
    await until(lambda: passwords._places._value == free - 1, SECONDS)
    return job


async def test_a_hash_is_argon2id_with_the_parameters_and_a_salt_of_its_own(passwords: Passwords) -> None:
    one, other = await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)
    assert one.startswith("$argon2id$v=19$m=8192,t=1,p=1$")
    assert one != other
    assert await passwords.verify(one, PASSWORD) == await passwords.verify(other, PASSWORD) == MATCHES


@pytest.mark.parametrize("other", ["", PASSWORD.strip(), PASSWORD.upper(), PASSWORD.replace("\u00e4", "a\u0308")])
async def test_a_password_is_verified_exactly_as_received(passwords: Passwords, other: str) -> None:
    assert await passwords.verify(await passwords.hash(PASSWORD), other) == DIFFERS


async def test_every_byte_of_a_long_password_counts(passwords: Passwords) -> None:
    stored = await passwords.hash("x" * 1023 + "y")
    assert await passwords.verify(stored, "x" * 1023 + "y") == MATCHES
    assert await passwords.verify(stored, "x" * 1023 + "z") == DIFFERS


async def test_a_hash_with_other_parameters_is_made_anew_once_its_password_is_known(passwords: Passwords) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=64, parallelism=1).hash(PASSWORD)
    assert await passwords.verify(old, PASSWORD) == MATCHES_AND_IS_OLD
    assert await passwords.verify(old, "another") == DIFFERS


@pytest.mark.parametrize("kind", list(Type))
@pytest.mark.parametrize("version", [16, 19])
async def test_every_kind_of_argon2_is_verified(passwords: Passwords, kind: Type, version: int) -> None:
    old = hash_secret(PASSWORD.encode(), b"s" * 8, 1, 64, 1, 16, kind, version).decode()
    assert fault(old) is None
    assert await passwords.verify(old, PASSWORD) == MATCHES_AND_IS_OLD
    assert await passwords.verify(old, "another") == DIFFERS


@pytest.mark.parametrize("kind", ["$2a$", "$2b$", "$2y$"])
async def test_bcrypt_is_verified_by_the_first_72_bytes_and_made_anew(passwords: Passwords, kind: str) -> None:
    for length in (15, 72, 73, 1024):
        old = kind + bcrypt.hashpw(b"p" * min(length, 72), bcrypt.gensalt(4)).decode()[4:]
        assert fault(old) is None
        assert await passwords.verify(old, "p" * length) == MATCHES_AND_IS_OLD
        assert await passwords.verify(old, "p" * 14) == DIFFERS


async def test_an_account_that_does_not_exist_has_no_password_and_costs_the_same_work(passwords: Passwords) -> None:
    async def processor_time(stored: str | None) -> float:
        started = time.process_time()
        for _ in range(10):
            assert await passwords.verify(stored, "not the password") == DIFFERS
        return time.process_time() - started

    known = await processor_time(await passwords.hash(PASSWORD))
    assert await processor_time(None) > known / 3  # without a hash it is a hundredth


async def test_the_hash_of_no_account_has_the_present_parameters_and_is_made_once() -> None:
    with opened(memory=64) as passwords:
        dummy = passwords._dummy
        assert dummy.startswith("$argon2id$v=19$m=64,t=1,p=1$")
        await passwords.verify(None, PASSWORD)
        assert passwords._dummy == dummy


async def test_the_event_loop_runs_on_while_a_password_is_hashed() -> None:
    with opened(memory=64 << 10) as passwords:
        job, turns = asyncio.create_task(passwords.hash(PASSWORD)), 0
        while not job.done():
            await asyncio.sleep(0)
            turns += 1
    assert turns > 20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a nice value for each thread")
async def test_the_threads_step_back_for_all_others() -> None:
    with opened() as passwords:
        mine = os.getpriority(os.PRIO_PROCESS, 0)
        assert await passwords._run(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())) == 19
        assert os.getpriority(os.PRIO_PROCESS, 0) == mine


async def test_more_than_the_threads_and_the_waiting_are_refused_until_a_place_is_free(gate: Event) -> None:
    with opened(threads=2, waiting=1) as passwords:
        jobs = [await put_in(passwords, gate.wait) for _ in range(3)]
        for refused in (passwords.hash(PASSWORD), passwords.verify(None, PASSWORD)):
            with pytest.raises(HashingBusy):
                await refused
        gate.set()
        await asyncio.gather(*jobs)
        assert await passwords.hash(PASSWORD)


async def test_a_job_that_fails_frees_its_place() -> None:
    with opened(waiting=0) as passwords:
        for _ in range(3):
            with pytest.raises(InvalidHashError):
                await passwords.verify("no hash at all", PASSWORD)
        assert await passwords.hash(PASSWORD)


async def test_a_caller_who_leaves_while_hashing_keeps_the_place_until_the_hash_is_done(gate: Event) -> None:
    begun = Event()
    with opened(waiting=0) as passwords:
        job = await put_in(passwords, lambda: wait_for(gate, begun))
        await until(begun.is_set, SECONDS)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        with pytest.raises(HashingBusy):
            await passwords.hash(PASSWORD)
        gate.set()
        await until(lambda: passwords._places._value == 1, SECONDS)
        assert await passwords.hash(PASSWORD)


async def test_a_caller_who_leaves_while_waiting_frees_the_place_and_nothing_is_hashed(gate: Event) -> None:
    done: list[str] = []
    with opened(waiting=1) as passwords:
        running = await put_in(passwords, gate.wait)
        waiting = await put_in(passwords, lambda: done.append("left"))
        waiting.cancel()
        await until(lambda: passwords._places._value == 1, SECONDS)
        follower = await put_in(passwords, lambda: done.append("stayed"))
        gate.set()
        await asyncio.gather(running, follower)
    assert done == ["stayed"]


async def test_in_a_place_that_is_taken_there_is_no_full_pool() -> None:
    with opened(waiting=0) as passwords, passwords.place() as place:
        stored = await passwords.hash(PASSWORD, place)
        assert await passwords.verify(stored, PASSWORD, place) == MATCHES
        with pytest.raises(HashingBusy):
            await passwords.hash(PASSWORD)


async def test_a_place_is_free_when_its_holder_leaves_before_anything_is_hashed() -> None:
    async def hold(passwords: Passwords) -> None:
        with passwords.place():
            await asyncio.Event().wait()

    with opened(waiting=0) as passwords:
        holder = asyncio.create_task(hold(passwords))
        await until(lambda: passwords._places._value == 0, SECONDS)
        holder.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holder
        assert await passwords.hash(PASSWORD)


async def test_a_holder_who_leaves_while_hashing_keeps_the_place_until_the_hash_is_done(gate: Event) -> None:
    async def hold(passwords: Passwords) -> None:
        with passwords.place() as place:
            await passwords.hash(PASSWORD, place)
            await place.run(lambda: wait_for(gate, begun))

    begun = Event()
    with opened(waiting=0) as passwords:
        holder = asyncio.create_task(hold(passwords))
        await until(begun.is_set, SECONDS)
        holder.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holder
        with pytest.raises(HashingBusy):
            await passwords.hash(PASSWORD)
        gate.set()
        await until(lambda: passwords._places._value == 1, SECONDS)


async def test_closing_cancels_what_waits_and_lets_what_runs_end(gate: Event) -> None:
    begun = Event()
    with opened(waiting=1) as passwords:
        running = await put_in(passwords, lambda: wait_for(gate, begun))
        await until(begun.is_set, SECONDS)
        waiting = await put_in(passwords, lambda: "never")
        passwords.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.set()
        assert await running
