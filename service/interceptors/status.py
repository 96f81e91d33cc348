"""Turns every exception into a status: one table for the code, details for machines, never the text of a bug."""

import asyncio
import math
from dataclasses import replace
from typing import NoReturn, TypeVar

import grpc
import structlog

from persistence import errors as persistence
from service import errors
from service.call import Call, Method, Step
from service.interceptors.details import Refusal, shortened, trailers

Value = TypeVar("Value")
Code = grpc.StatusCode

# Looked up along the MRO of the exception.
CODES: dict[type[BaseException], Code] = {
    errors.InvalidArgument: Code.INVALID_ARGUMENT,
    errors.NotFound: Code.NOT_FOUND,
    errors.AlreadyExists: Code.ALREADY_EXISTS,
    errors.FailedPrecondition: Code.FAILED_PRECONDITION,
    errors.EtagMismatch: Code.ABORTED,
    errors.ResourceExhausted: Code.RESOURCE_EXHAUSTED,
    errors.Unauthenticated: Code.UNAUTHENTICATED,
    errors.PermissionDenied: Code.PERMISSION_DENIED,
    errors.AccessUnknown: Code.UNAVAILABLE,
    errors.Draining: Code.UNAVAILABLE,
    errors.DeadlineExceeded: Code.DEADLINE_EXCEEDED,
    errors.CallCancelled: Code.UNAVAILABLE,
    errors.MethodNotFound: Code.UNIMPLEMENTED,
    persistence.InvalidValue: Code.INVALID_ARGUMENT,
    persistence.TooManyRows: Code.RESOURCE_EXHAUSTED,
    persistence.RequestIdReused: Code.INVALID_ARGUMENT,
    persistence.LockTimeout: Code.ABORTED,
    persistence.RequestInProgress: Code.ABORTED,
    persistence.SerializationLost: Code.ABORTED,
    persistence.StaleStatement: Code.ABORTED,
    persistence.StatementTimeout: Code.DEADLINE_EXCEEDED,
    persistence.PoolExhausted: Code.RESOURCE_EXHAUSTED,
    persistence.ConnectionLost: Code.UNAVAILABLE,
    persistence.DatabaseUnavailable: Code.UNAVAILABLE,
    persistence.OutcomeUnknown: Code.UNAVAILABLE,
}

# What persistence raises carries no text for callers: reason and message are given here.
TOLD: dict[type[BaseException], tuple[str, str]] = {
    persistence.InvalidValue: ("INVALID_FIELD", "The database cannot hold a value of the request; check its limits."),
    persistence.TooManyRows: (
        "TOO_MANY_TASKS",
        "The call would write more than 5,000 tasks at once; write some of them before (BatchUpdateTasks, "
        "BatchDeleteTasks), then repeat it.",
    ),
    persistence.RequestIdReused: (
        "REQUEST_ID_REUSED",
        "request_id was used for another call; use a new one for each call that differs.",
    ),
    persistence.LockTimeout: ("LOCK_TIMEOUT", "Another call holds the resource; repeat the call."),
    persistence.RequestInProgress: (
        "REQUEST_IN_PROGRESS",
        "A call of this request_id is being worked on; repeat to get its answer.",
    ),
    persistence.SerializationLost: ("CONFLICT", "The call lost its race against others; repeat it."),
    persistence.StaleStatement: ("CONFLICT", "The schema changed during the call; repeat it."),
    persistence.StatementTimeout: ("DEADLINE_EXCEEDED", "The database did not answer in time; nothing was written."),
    persistence.PoolExhausted: ("POOL_EXHAUSTED", "All database connections are in use; repeat the call later."),
    persistence.ConnectionLost: ("DATABASE_UNAVAILABLE", "The database ended the connection; repeat the call."),
    persistence.DatabaseUnavailable: ("DATABASE_UNAVAILABLE", "The database does not answer; repeat the call later."),
    persistence.OutcomeUnknown: (
        "OUTCOME_UNKNOWN",
        "Whether the write happened is not known: the database connection ended during COMMIT, or the stored answer "
        "cannot be read. Repeat with the same request_id, or read the resource.",
    ),
}

# Milliseconds after which to try again, where trying again is what helps.
RETRY_AFTER: dict[type[BaseException], int] = {
    errors.Overloaded: 100,
    errors.AccessUnknown: 250,
    errors.Draining: 300,  # by then the connection is closed, and the call goes to another server
    persistence.LockTimeout: 100,
    persistence.RequestInProgress: 100,
    persistence.SerializationLost: 20,
    persistence.StaleStatement: 20,
    persistence.PoolExhausted: 200,
    persistence.ConnectionLost: 100,
    persistence.DatabaseUnavailable: 250,
    persistence.OutcomeUnknown: 250,
}


def status(method: Method, proceed: Step) -> Step:
    log = structlog.get_logger("taxiway.status")

    async def answered(call: Call) -> bytes | None:
        try:
            return await proceed(call)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # the caller or Core ended the call
            error: Exception = errors.CallCancelled("The call ended without an answer; repeat it.")
        except Exception as caught:  # noqa: BLE001 - whatever it is, the caller gets a status and the log the text
            error = caught
        code = _lookup(CODES, error) or Code.INTERNAL
        if code is Code.INTERNAL:
            log.error("bug", method=method.path, request_id=call.request_id, exc_info=error)
        return await _abort(call, code, error)

    return answered


def _lookup(table: dict[type[BaseException], Value], error: Exception) -> Value | None:
    return next((table[kind] for kind in type(error).__mro__ if kind in table), None)


async def _abort(call: Call, code: Code, error: Exception) -> NoReturn:
    call.code = code
    refusal = _refusal(call, code, error)
    call.reason = refusal.reason
    await call.context.abort(code, shortened(refusal.message), (*call.trailers, *trailers(refusal)))
    raise AssertionError("abort raises")


def _refusal(call: Call, code: Code, error: Exception) -> Refusal:
    retry_after = _lookup(RETRY_AFTER, error)
    if isinstance(error, errors.TooManyAttempts):
        retry_after = math.ceil(error.retry_after * 1000)
    if isinstance(
        error, errors.CallCancelled
    ):  # work may have begun: only a request id, or a read, makes a repetition safe
        retry_after = 100 if getattr(call.request, "request_id", "reads") else -1
    if isinstance(error, errors.ServiceError):
        known = Refusal(code.value[0], error.reason, error.message, call.request_id, retry_after)
        return replace(known, violations=error.violations, resource=error.resource, metadata=error.metadata)
    told = _lookup(TOLD, error)
    if told is None:
        message = f"The server failed; report this incident: {call.request_id}."
        return Refusal(code.value[0], "INTERNAL_ERROR", message, call.request_id)
    final = isinstance(error, persistence.OutcomeUnknown) and not error.repeatable
    return Refusal(code.value[0], *told, call.request_id, -1 if final else retry_after)
