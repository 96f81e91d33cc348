"""Runs units of work: the one place where transactions, retries and cancellation are handled."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from persistence import errors
from persistence.attempt import commit, connected, pause
from persistence.pulse import Pulse
from persistence.repositories.requests import Claim, Rehearsal
from persistence.sealing import sealers
from persistence.transaction import Transaction
from persistence.turns import Turns
from persistence.unit_of_work import UnitOfWork

TRIES = 3
_LOG = logging.getLogger("taxiway.database")
Caller = TypeVar("Caller")
Command = TypeVar("Command")
Result = TypeVar("Result")


class Message(Protocol):
    """What an answer is to persistence: something that can be made into bytes."""

    def SerializeToString(self) -> bytes: ...


UseCase = Callable[[UnitOfWork, Caller, Command], Awaitable[Result]]
Encode = Callable[[Result], Message]


class Replayed(bytes):
    """An answer that an earlier call of the same request id stored."""


@dataclass(slots=True)
class Counts:
    """What the units of this worker did, for the metrics."""

    units: int = 0
    retries: int = 0
    replays: int = 0
    outcomes_unknown: int = 0


class Database:
    """Runs use cases: `read` in AUTOCOMMIT (one statement, one round trip), `write` in one transaction.

    Both answer the encoded result, for the caller of the service. `look` and `change` are their likes for the service
    itself, which goes on with the result as it is.

    Each unit runs in a task of its own that outlives a caller who hangs up, since a cancelled statement costs its
    connection and leaves the outcome unknown. Returning commits, raising rolls back.
    """

    def __init__(self, engine: AsyncEngine, pulse: Pulse, keys: Sequence[bytes], *, pooler: bool = False) -> None:
        self._engine = engine
        self._pooler = pooler
        self._sealers = sealers(keys)
        self._turns = Turns()
        self._units: set[asyncio.Task[Any]] = set()
        self.pulse = pulse
        self.counts = Counts()
        event.listen(engine.sync_engine, "do_connect", self._refuse_while_silent)

    async def look(self, use_case: UseCase[Caller, Command, Result], caller: Caller, command: Command) -> Result:
        """The result of a use case that only reads. Raises what the use case raises, and PersistenceError."""

        async def attempt() -> Result:
            async with connected(self._engine) as connection, self._reading(connection):
                return await use_case(self._unit(connection), caller, command)

        return await self._awaited(self._start(self._tries(attempt)))

    async def change(self, use_case: UseCase[Caller, Command, Result], caller: Caller, command: Command) -> Result:
        """The result of a use case that writes, committed; tried again like `write`, where no request id claims it.

        Raises what the use case raises, and PersistenceError.
        """

        async def attempt() -> Result:
            async with connected(self._engine) as connection, Transaction(connection) as transaction:
                result = await use_case(self._unit(connection), caller, command)
                await commit(transaction, None)
                return result

        return await self._awaited(self._start(self._tries(attempt)))

    async def read(
        self,
        use_case: UseCase[Caller, Command, Result],
        caller: Caller,
        command: Command,
        encode: Encode[Result],
    ) -> bytes:
        """The encoded result of a use case that only reads. Raises what the use case raises, and PersistenceError."""
        return await self.look(_encoding(use_case, encode), caller, command)

    async def write(
        self,
        use_case: UseCase[Caller, Command, Result],
        caller: Caller,
        command: Command,
        encode: Encode[Result],
        claim: Claim | Rehearsal | None = None,
    ) -> bytes:
        """The encoded result of a use case that writes, committed; a `Replayed` one where `claim` was served before.

        The result is encoded before COMMIT: what cannot be encoded is not committed. With a claim the answer is stored
        in the same transaction. A rehearsal is rolled back. Raises what the use case raises, and PersistenceError.
        """
        encoded = _encoding(use_case, encode)
        if claim is None:
            return await self.change(encoded, caller, command)
        if isinstance(claim, Rehearsal):
            return await self._rehearse(encoded, caller, command)

        async def attempt() -> bytes:
            async with connected(self._engine) as connection, Transaction(connection) as transaction:
                unit = self._unit(connection)
                if (stored := await unit.requests.claim(claim)) is not None:
                    self.counts.replays += 1
                    return Replayed(stored)
                answer = await encoded(unit, caller, command)
                await unit.requests.store(claim, answer)
                await commit(transaction, claim)
                return answer

        release = await self._turns.take((claim.caller_id, claim.request_id))
        unit = self._start(self._tries(attempt))
        unit.add_done_callback(lambda _: release())
        return await self._awaited(unit)

    async def _rehearse(self, encoded: UseCase[Caller, Command, bytes], caller: Caller, command: Command) -> bytes:
        async def attempt() -> bytes:
            async with connected(self._engine) as connection, Transaction(connection):
                return await encoded(self._unit(connection), caller, command)

        return await self._awaited(self._start(self._tries(attempt)))

    def _refuse_while_silent(self, *_: object) -> None:
        """A silent database answers no new connection either; each attempt would wait in its line and meet it later."""
        if not self.pulse.alive:
            raise errors.DatabaseUnavailable("no connection is made while the database is silent")

    def _reading(self, connection: AsyncConnection) -> AbstractAsyncContextManager[object]:
        """A pooler of transactions may give each message of a statement to another server, but not within one."""
        return Transaction(connection) if self._pooler else nullcontext()

    def _unit(self, connection: AsyncConnection) -> UnitOfWork:
        return UnitOfWork(connection, self._sealers)

    def _start(self, work: Awaitable[Result]) -> asyncio.Task[Result]:
        self.counts.units += 1
        unit = asyncio.ensure_future(work)
        self._units.add(unit)
        unit.add_done_callback(self._units.discard)
        return unit

    async def _awaited(self, unit: asyncio.Task[Result]) -> Result:
        """The unit's result. It goes on where its caller leaves, and then nobody but the log takes its error."""
        try:
            return await asyncio.shield(unit)
        except asyncio.CancelledError:
            unit.add_done_callback(_report)
            raise

    async def _tries(self, attempt: Callable[[], Awaitable[Result]]) -> Result:
        """Runs the whole unit again after a lost race or connection: at most TRIES times, inside the deadline."""
        in_doubt = False
        for tries_left in range(TRIES - 1, -1, -1):
            try:
                return await attempt()
            except Exception as error:
                reason = errors.translate(error)
                in_doubt |= isinstance(reason, errors.CommitInDoubt)
                if not (tries_left and isinstance(reason, errors.Retryable) and await pause(TRIES - tries_left)):
                    raise await self._final(reason, in_doubt=in_doubt) from error
                self.counts.retries += 1
        raise AssertionError("the last try either returns or raises")

    async def _final(self, reason: Exception, *, in_doubt: bool) -> Exception:
        if isinstance(reason, errors.OutcomeUnknown) or (in_doubt and isinstance(reason, errors.PersistenceError)):
            self.counts.outcomes_unknown += 1
            return errors.OutcomeUnknown(str(reason), repeatable=in_doubt)
        if isinstance(reason, errors.PoolExhausted) and not await self.pulse.answers():
            return errors.DatabaseUnavailable("no connection became free, and the database is silent")
        return reason

    @property
    def running(self) -> int:
        """How many units run, also those whose callers have left."""
        return len(self._units)

    async def settle(self, seconds: float) -> int:
        """Waits for the units that still run; answers how many did not end in time."""
        if not self._units:
            return 0
        return len((await asyncio.wait(self._units, timeout=seconds))[1])


def _encoding(use_case: UseCase[Caller, Command, Result], encode: Encode[Result]) -> UseCase[Caller, Command, bytes]:
    """The use case with the encoding of its result inside of the unit."""

    async def encoded(unit: UnitOfWork, caller: Caller, command: Command) -> bytes:
        return encode(await use_case(unit, caller, command)).SerializeToString()

    return encoded


def _report(unit: asyncio.Task[Any]) -> None:
    error = None if unit.cancelled() else unit.exception()
    if error is not None:
        unforeseen = None if isinstance(error, errors.PersistenceError) else error
        _LOG.info("a unit whose caller had left ended with %s", type(error).__name__, exc_info=unforeseen)
