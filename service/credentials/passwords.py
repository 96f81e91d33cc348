"""Passwords hashed and verified in threads of their own, so that calls are answered meanwhile (OWASP ASVS 11.4.2)."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from service.credentials.existing_hashes import is_bcrypt
from service.errors import HashingBusy

_BCRYPT_BYTES = 72  # as many as bcrypt reads of a password
_LEAST_URGENT = 19  # the nice value of a thread that runs when no other wants to

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password is the one that was hashed, and if so, whether to hash it anew with today's parameters."""

    matches: bool
    rehash: bool


class Place:
    """One of the places of a pool: what is hashed and verified in it, one after the other, finds no full pool."""

    def __init__(self, executor: ThreadPoolExecutor) -> None:
        self._executor = executor
        self._job: Future[Any] | None = None

    async def run(self, work: Callable[[], Result]) -> Result:
        job = self._job = self._executor.submit(work)
        return await asyncio.wrap_future(job)

    def leave(self, release: Callable[[], None]) -> None:
        """Releases when the work has ended, or is cancelled before it began; it may outlive the caller who left."""
        if self._job is None:
            release()
        else:
            self._job.add_done_callback(lambda _: release())


class Passwords:
    """argon2id with these parameters, in `threads` threads, while at most `waiting` more jobs wait for one.

    `memory_kib` is in KiB and taken by each thread while it works: the memory of all is `threads * memory_kib`.
    A password is the bytes of its UTF-8, exactly as received (OWASP ASVS 6.2.8).
    """

    def __init__(self, memory_kib: int, time: int, parallelism: int, threads: int, waiting: int) -> None:
        self._hasher = PasswordHasher(time_cost=time, memory_cost=memory_kib, parallelism=parallelism)
        # Made once: to make one for each unknown account would take longer than to verify, and so tell it apart.
        self._dummy = self._hasher.hash(os.urandom(32))
        self._places = threading.BoundedSemaphore(threads + waiting)
        self._executor = ThreadPoolExecutor(threads, "passwords", initializer=_yield_to_others)

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A place for `hash` and `verify`, taken before anything is done that a full pool would make worthless.

        Raises HashingBusy where none is free. Whoever holds one keeps others waiting: not for longer than it takes.
        """
        if not self._places.acquire(blocking=False):
            raise HashingBusy
        place = Place(self._executor)
        try:
            yield place
        finally:
            place.leave(self._places.release)

    async def hash(self, password: str, place: Place | None = None) -> str:
        """The argon2id hash to store, with its salt and parameters. Without a place it takes one: HashingBusy."""
        return await self._run(lambda: self._hasher.hash(password), place)

    async def verify(self, stored: str | None, password: str, place: Place | None = None) -> Verdict:
        """Compares with a hash made by `hash`, or elsewhere where `existing_hashes.fault` found none.

        None stands for an account that does not exist: nothing matches, after the same work as for one that does,
        unless that one's hash has other parameters, as it may until its owner signs in. Without a place it takes one:
        HashingBusy.
        """
        return await self._run(lambda: self._verify(stored, password.encode()), place)

    def close(self) -> None:
        """Takes no more work, and cancels what waits for a thread; what runs ends by itself."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], Result], place: Place | None = None) -> Result:
        if place is not None:
            return await place.run(work)
        with self.place() as own:
            return await own.run(work)

    def _verify(self, stored: str | None, password: bytes) -> Verdict:
        if stored is None:
            self._is_argon2_of(self._dummy, password)
            return Verdict(matches=False, rehash=False)
        if is_bcrypt(stored):
            matches = bcrypt.checkpw(password[:_BCRYPT_BYTES], stored.encode())
            return Verdict(matches, rehash=matches)
        matches = self._is_argon2_of(stored, password)
        return Verdict(matches, rehash=matches and self._hasher.check_needs_rehash(stored))

    def _is_argon2_of(self, stored: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False


def _yield_to_others() -> None:
    """Linux keeps a nice value for each thread; elsewhere the threads compete as equals."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LEAST_URGENT)
