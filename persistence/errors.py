"""What the database can answer, as domain errors: classified by SQLSTATE alone, never by class or text.

PersistenceError
|-- UniqueViolation         another row has the place: `constraint` names it
|-- CheckViolation          a value that the schema let through and the table refuses: `constraint` names it
|-- TooManyRows             one call would write more rows than one statement can in time
|-- InvalidValue            a value that PostgreSQL cannot take (SQLSTATE class 22)
|-- LockTimeout             another transaction held the row for longer than `lock_timeout`
|-- StatementTimeout        a statement ran into the server's ceiling
|-- Retryable               nothing was committed and the whole unit may run again
|   |-- SerializationLost   40001, 40P01: the lost race or the victim of a deadlock
|   |-- StaleStatement      a prepared statement that a migration made invalid
|   |-- ConnectionLost      the connection ended before COMMIT was sent
|   `-- CommitInDoubt       it ended during COMMIT, and a claimed request id will tell what happened
|-- RequestInProgress       the same request id is being worked on
|-- RequestIdReused         the request id was used for another method or command
|-- PoolExhausted           all connections of this worker are in use
|-- DatabaseUnavailable     no connection to be had, or the database is silent
|-- RightsMissing           the account may not do what the service needs: a fault of the set-up
`-- OutcomeUnknown          whether the unit was committed cannot be told
"""

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class PersistenceError(Exception):
    """Root of what persistence raises; its text is for the log and never for the caller."""


class UniqueViolation(PersistenceError):
    def __init__(self, constraint: str) -> None:
        super().__init__(f"unique constraint {constraint}")
        self.constraint = constraint


class CheckViolation(PersistenceError):
    def __init__(self, constraint: str) -> None:
        super().__init__(f"check constraint {constraint}")
        self.constraint = constraint


class InvalidValue(PersistenceError):
    pass


class TooManyRows(PersistenceError):
    pass


class LockTimeout(PersistenceError):
    pass


class StatementTimeout(PersistenceError):
    pass


class Retryable(PersistenceError):
    pass


class SerializationLost(Retryable):
    pass


class StaleStatement(Retryable):
    pass


class ConnectionLost(Retryable):
    pass


class CommitInDoubt(Retryable):
    pass


class RequestInProgress(PersistenceError):
    pass


class RequestIdReused(PersistenceError):
    pass


class PoolExhausted(PersistenceError):
    pass


class DatabaseUnavailable(PersistenceError):
    pass


class RightsMissing(PersistenceError):
    pass


class OutcomeUnknown(PersistenceError):
    def __init__(self, text: str, *, repeatable: bool) -> None:
        super().__init__(text)
        self.repeatable = repeatable  # whether a request id makes another try safe


# SQLSTATEs after which this connection, and most likely its neighbours, will not serve again: SQLAlchemy itself looks
# only at whether the socket is closed, so that a demoted primary (25006) would keep its connections for ever.
_LOST = ("08", "57P", "25006")

_BY_SQLSTATE: dict[str, type[PersistenceError]] = {
    "40001": SerializationLost,
    "40P01": SerializationLost,
    "0A000": StaleStatement,
    "26000": StaleStatement,
    "25006": ConnectionLost,
    "55P03": LockTimeout,
    "57014": StatementTimeout,
    "25P03": ConnectionLost,
    "42501": RightsMissing,
    "57P03": DatabaseUnavailable,
}
_BY_CLASS: dict[str, type[PersistenceError]] = {
    "08": ConnectionLost,
    "22": InvalidValue,
    "53": DatabaseUnavailable,  # no connection, disk or memory left
    "57": ConnectionLost,
}


# The second is what asyncpg raises where a statement meets the last words of a backend that was told to end.
_OF_THE_SOCKET = (asyncpg.InterfaceError, asyncpg.InternalClientError)


def is_lost(error: DBAPIError) -> bool:
    """Whether the connection, and the pool it came from, should be given up."""
    state = sqlstate(error)
    return error.connection_invalidated or (state is not None and state.startswith(_LOST))


def sqlstate(error: DBAPIError) -> str | None:
    """The five characters of PostgreSQL, or None where the driver itself failed (a closed socket, for one).

    They are read from asyncpg's own error: around a stale prepared statement SQLAlchemy's loses them.
    """
    state = getattr(error.orig.__cause__ if error.orig else None, "sqlstate", None)
    return state if isinstance(state, str) else None


def translate(error: Exception) -> Exception:
    """The domain error for what SQLAlchemy, asyncpg or the socket raised; what is no such error comes back as it is."""
    if isinstance(error, PoolTimeout):
        return PoolExhausted("no connection became free in time")
    if isinstance(error, DBAPIError):
        lost = error.connection_invalidated
        return _of_state(sqlstate(error), error, error.orig.__cause__ if error.orig else None, lost=lost)
    if isinstance(error, (asyncpg.PostgresError, *_OF_THE_SOCKET)):  # of a transaction's own words
        lost = isinstance(error, _OF_THE_SOCKET)
        return _of_state(getattr(error, "sqlstate", None), error, error, lost=lost)
    if isinstance(error, (OSError, TimeoutError)):  # asyncpg raises these as they are when it cannot connect
        return DatabaseUnavailable(type(error).__name__)
    return error


def _of_state(state: str | None, error: Exception, cause: BaseException | None, *, lost: bool) -> Exception:
    if state is None:
        return ConnectionLost("the connection ended") if lost else error
    if state == "23505":
        return UniqueViolation(_constraint(cause))
    if state == "23514":
        return CheckViolation(_constraint(cause))
    kind = _BY_SQLSTATE.get(state) or _BY_CLASS.get(state[:2])
    return kind(f"SQLSTATE {state}") if kind else error


def _constraint(cause: BaseException | None) -> str:
    return str(getattr(cause, "constraint_name", None) or "")
