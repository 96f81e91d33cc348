"""One attempt of a unit: the connection it gets, the COMMIT that may be lost, and the pause before the next attempt."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from persistence import errors
from persistence.deadline import time_left
from persistence.repositories.requests import Claim
from persistence.transaction import Transaction


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of the pool, given up where it ended or fell silent: a reply that comes later would be misread."""
    async with engine.connect() as connection:
        try:
            yield connection
        except (errors.DatabaseUnavailable, errors.ConnectionLost):
            await connection.invalidate()
            raise


async def commit(transaction: Transaction, claim: Claim | None) -> None:
    """A connection that ends during COMMIT leaves the outcome open: with a claim the unit runs again and finds out."""
    try:
        await transaction.commit()
    except Exception as error:
        if not isinstance(error, (errors.ConnectionLost, errors.DatabaseUnavailable)):
            raise
        if claim is None:
            raise errors.OutcomeUnknown("the connection ended during COMMIT", repeatable=False) from error
        raise errors.CommitInDoubt("the connection ended during COMMIT") from error


async def pause(failures: int) -> bool:
    """Full jitter, up to 10, 20, 40 ms; False where the caller would no longer be there afterwards."""
    seconds = random.uniform(0, 0.01 * 2 ** (failures - 1))  # noqa: S311 - jitter needs no secrecy
    if seconds >= time_left():
        return False
    await asyncio.sleep(seconds)
    return True
