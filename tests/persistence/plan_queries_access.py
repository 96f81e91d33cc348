"""Rows of accounts' secrets and logs, and the queries on them, each with how many rows it may see."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import Executable, text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.pulse import _RECENT
from persistence.repositories import users
from persistence.repositories.personal_data import _ERASURE
from persistence.repositories.personal_policy import EXPORTED
from persistence.repositories.task_pages import TaskPages
from tests.persistence import plan_queries
from tests.persistence.plan_queries import CALLERS, NAME, PAGE, Query, identifier
from tests.persistence.units import unit

Run = Callable[[], Awaitable[object]]
OF = NAME.format(f"1 + n % {CALLERS}")  # the account that row n belongs to; each has a hundredth of the rows or more
FILL = {
    "projects": """
        INSERT INTO projects (owner_id, id, display_name, description, created_by, updated_by, deleted_at, purge_at)
        SELECT {of}, {id}, 'project', repeat('x', 200), {of}, {of}, CASE WHEN n % 5 = 0 THEN now() END,
            CASE WHEN n % 5 = 0 THEN now() + (n - 500) * interval '1 minute' END
        FROM generate_series(1, :rows) AS n""",
    "tags": """
        INSERT INTO tags (owner_id, id, key, display_name, created_by, updated_by)
        SELECT {of}, {id}, 'tag ' || n, 'Tag ' || n, {of}, {of} FROM generate_series(1, :rows) AS n""",
    "owner_positions": "INSERT INTO owner_positions (owner_id) SELECT id FROM users",
    "sessions": """
        INSERT INTO sessions (id, user_id, token_hash, user_agent, peer, idle_expire_at, expire_at)
        SELECT {id}, {of}, sha256('x'), '', '', now() + (n - 500) * interval '1 minute', now() + interval '90 days'
        FROM generate_series(1, :rows) AS n""",
    "credentials": "INSERT INTO credentials (user_id, password_hash) SELECT id, repeat('h', 97) FROM users",
    "password_resets": """
        INSERT INTO password_resets (user_id, token_hash, expire_at, created_by)
        SELECT {id}, sha256('x'), now() + (n - 50) * interval '1 minute', {id}
        FROM generate_series(1, :rows / 10) AS n""",
    "api_keys": """
        INSERT INTO api_keys (id, user_id, display_name, token_hash, scopes, created_by, expire_at)
        SELECT {id}, {of}, '', sha256('x'), '{{tasks.read}}', {of},
            CASE WHEN n % 2 = 0 THEN now() - interval '30 days' + (n - 500) * interval '1 minute' END
        FROM generate_series(1, :rows) AS n""",
    "sign_in_attempts": """
        INSERT INTO sign_in_attempts (key, failures, blocked_until, expire_at)
        SELECT sha256(n::text::bytea), 1, now(), now() + (n - 500) * interval '1 minute'
        FROM generate_series(1, :rows) AS n""",
    "signing_keys": """
        INSERT INTO signing_keys (kid, state, public_key, private_key, retired_at)
        SELECT repeat(left(s::text, 1), 43), s, sha256('x'), sha512('x'), CASE WHEN s = 'RETIRED' THEN now() END
        FROM unnest(enum_range(NULL::signing_key_state)) AS s""",
    "audit_log": """
        INSERT INTO audit_log (id, event, actor_id, subject_id, method, reason, created_at)
        SELECT {id}, 'SIGN_IN', {of}, {other_of}, '', '', now() - (:rows - n) * interval '366 days' / :rows
        FROM generate_series(1, :rows) AS n""",
    "access_changes": """
        INSERT INTO access_changes (user_id, created_at)
        SELECT {of}, now() - (:rows - n) * interval '61 minutes' / :rows FROM generate_series(1, :rows) AS n""",
}


def fill() -> list[str]:
    """All statements, in their order, with `:rows` left to be bound."""
    given = {**plan_queries.names(), "of": OF, "other_of": NAME.format(f"1 + (n + 7) % {CALLERS}")}
    return [statement.format(**given) for statement in (*plan_queries.FILL.values(), *FILL.values())]


def _page(pages: TaskPages, after: tuple[UUID, UUID] | None, *, deleted: bool) -> Run:
    return lambda: pages.page_across(after, PAGE, deleted=deleted)


def _of_account(rows: int) -> int:
    """What a bitmap scan sees of one account's rows: each in the index and in the table, and those of a rollback."""
    return 2 * (rows // CALLERS + 3)


def across_queries(connection: AsyncConnection, rows: int) -> dict[str, Query]:
    """Pages of `users/-`, from the beginning, the middle and the end, and a task without its owner."""
    uow, some = unit(connection), (identifier(rows // 2 + 1), identifier(1))
    places = {"first": None, "middle": some, "last": (identifier(PAGE), identifier(2))}
    pages: dict[str, Query] = {
        f"{place} page across owners, {'with' if deleted else 'without'} the deleted": (
            _page(uow.task_pages, after, deleted=deleted),
            PAGE + 1,  # of a row comparison the index may give one that is thrown away
        )
        for place, after in places.items()
        for deleted in (False, True)
    }
    return pages | {"task across owners": (lambda: uow.tasks.find_across(some[0]), 1)}


def session_queries(connection: AsyncConnection, rows: int) -> dict[str, Query]:
    uow, some, user = unit(connection), identifier(rows // 2), identifier(1 + rows // 2 % CALLERS)
    of_user = _of_account(rows)
    now, given = datetime.now(UTC), (bytes(32), "tests", "192.0.2.1")
    return {
        "session, locked": (lambda: uow.sessions.get_locked(some), 3),
        "who calls by a session": (lambda: uow.sessions.principal(some), 2),
        "refresh": (lambda: uow.sessions.rotate(some, bytes(32), bytes(32), False, "192.0.2.1", "tests"), 1),
        "sign-in": (lambda: uow.sessions.begin(uuid4(), identifier(1), "h" * 97, *given), 4),
        "sessions": (lambda: uow.sessions.list_for_user(user, None, PAGE), of_user),
        "sessions below one": (lambda: uow.sessions.list_for_user(user, some, PAGE), of_user),
        "end of a session": (lambda: uow.sessions.delete(user, some), 1),
        "end of all sessions": (lambda: uow.sessions.delete_all(user, None), of_user),
        "end of all other sessions": (lambda: uow.sessions.delete_all(user, some), of_user),
        "last use of sessions": (lambda: uow.sessions.touch([some, identifier(7)], [now, now]), 8),
    }


def secret_queries(connection: AsyncConnection, rows: int) -> dict[str, Query]:
    uow, some, user = unit(connection), identifier(rows // 2), identifier(1 + rows // 2 % CALLERS)
    of_user, now = _of_account(rows), datetime.now(UTC)
    person, keys = identifier(1), (b"a" * 32, b"b" * 32, b"c" * 32)
    return {
        "who calls by a key": (lambda: uow.api_keys.principal(some), 2),
        "keys": (lambda: uow.api_keys.list_for_user(user, None, PAGE), of_user),
        "keys below one": (lambda: uow.api_keys.list_for_user(user, some, PAGE), of_user),
        "end of a key": (lambda: uow.api_keys.delete(user, some), 1),
        "end of all keys": (lambda: uow.api_keys.delete_all(user), of_user),
        "last use of keys": (lambda: uow.api_keys.touch([some, identifier(7)], [now, now]), 8),
        "password": (lambda: uow.credentials.get(person), 1),
        "login by user name": (lambda: uow.credentials.get_by_login("u7"), 2),
        "login by mail address": (lambda: uow.credentials.get_by_login("7@b"), 2),
        "new password": (lambda: uow.credentials.replace(person, "h" * 97, "new"), 1),
        "reset token": (lambda: uow.password_resets.find(identifier(rows // 10), bytes(32)), 2),
        "reset token, taken": (lambda: uow.password_resets.take(identifier(rows // 10), bytes(32)), 1),
        "reset token, withdrawn": (lambda: uow.password_resets.delete(identifier(1)), 1),
        "place taken": (lambda: uow.users.find_holders([some], ["7@b"], ["u7"]), 6),
        "service by certificate": (lambda: uow.users.find_by_certificate(["spiffe://a/7"]), 2),
        "number, locked": (lambda: connection.execute(users._PHONE_LOCKED, {"id": person}), 2),
        "numbers to reseal": (lambda: uow.users.reseal(person, PAGE), PAGE),
        "attempt": (lambda: uow.attempts.count(*keys, account_limit=9, source_limit=9), 6),
        "success": (lambda: uow.attempts.forgive(*keys), 6),
    }


def log_queries(connection: AsyncConnection, rows: int) -> dict[str, Query]:
    uow, some, user = unit(connection), identifier(rows // 2), identifier(1 + rows // 2 % CALLERS)
    recent = text(_RECENT)
    return {
        "audit log": (lambda: uow.audit.list(None, None, PAGE), PAGE),
        "audit log below one": (lambda: uow.audit.list(None, some, PAGE), PAGE),
        "audit log of an account": (lambda: uow.audit.list(user, None, PAGE), _of_account(rows)),
        "audit log of an account below one": (lambda: uow.audit.list(user, some, PAGE), _of_account(rows)),
        "changes of access": (lambda: connection.execute(recent), 2 * (rows // 183 + 2)),
    }


def personal_queries(connection: AsyncConnection, rows: int) -> dict[str, Query]:
    """Each statement of an erasure, and each page of an export."""
    uow, user = unit(connection), identifier(1 + rows // 2 % CALLERS)

    def erasing(statement: Executable) -> Run:
        return lambda: connection.execute(statement, {"user_id": user})

    erasures: dict[str, Query] = {
        f"erasure of {name}, {place}": (erasing(statement), _of_account(rows))
        for name, statements in _ERASURE.items()
        for place, statement in enumerate(statements)
        if name != "tasks"  # which are most of the rows: its condition is the key's
    }
    return erasures | {
        f"export of {name}{' below one' if after else ''}": (
            lambda name=name, after=after: uow.personal.export(user, name, after, PAGE),
            5 * PAGE,
        )
        for name in EXPORTED
        for after in (None, identifier(3))
    }
