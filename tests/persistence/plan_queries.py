"""The rows that plans are tested on, and the queries of the service, each with what is asked of its plan."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.paging import PageQuery
from persistence.repositories.base import Guard, Moment
from persistence.repositories.requests import _OUTCOME, Claim, Requests
from persistence.repositories.tasks import Tasks
from persistence.repositories.user_pages import UserPages
from persistence.repositories.users import Users
from persistence.sealing import Sealer

# What to run, and how many rows it may see.
Query = tuple[Callable[[], Awaitable[object]], int]
PAGE = 50
OWNER, OTHERS = 1, 40  # number of the owner of most tasks; how many more owners there are
GONE = 5  # added to a multiple of 10 it is the number of a row of FILL that is deleted and not yet due
NAME = "('00000000-0000-7000-8000-' || lpad(to_hex({}), 12, '0'))::uuid"
CALLERS = 1000
UNDELETION = {"deleted_at": None, "purge_at": None}
FILL = {
    "users": """
        INSERT INTO users (id, username, username_key, email, email_key, display_name, time_zone, role,
            certificate_uris, created_by, updated_by, deleted_at, purge_at)
        SELECT {id}, 'u' || n, 'u' || n, n || '@b', n || '@b', '', 'UTC',
            (CASE WHEN n % 7 = 0 THEN 'SERVICE' ELSE 'USER' END)::user_role,
            CASE WHEN n % 7 = 0 THEN ARRAY['spiffe://a/' || n] ELSE '{{}}' END, {id}, {id},
            CASE WHEN n % 5 = 0 THEN now() END, CASE WHEN n % 5 = 0 THEN now() + (n - 10) * interval '1 minute' END
        FROM generate_series(1, :rows / 10) AS n""",
    "tasks": """
        INSERT INTO tasks (owner_id, id, title, description, state, complete_at, priority, due_at, tags, metadata,
            created_at, updated_at, created_by, updated_by, deleted_at, purge_at)
        SELECT CASE WHEN n % 10 = 0 THEN {other} ELSE {owner} END, {id},
            'title ' || abs(hashint4(n)) % (:rows / 5), repeat('x', 200), state,
            CASE WHEN state = 'COMPLETED' THEN now() END,
            (CASE WHEN q < 1 THEN 'URGENT' WHEN q < 15 THEN 'HIGH' WHEN q < 60 THEN 'MEDIUM' ELSE 'LOW' END)
            ::task_priority,
            CASE WHEN d >= 30 THEN timestamptz '2026-01-01' + abs(hashint4(n + 1)) % 500000 * interval '1 minute' END,
            CASE WHEN n % 2 = 0 THEN ARRAY['work'] WHEN n % 500 = 1 THEN ARRAY['rare'] ELSE '{{}}' END,
            CASE WHEN n % 500 = 2 THEN jsonb_build_object('a', n % 3) ELSE '{{}}' END,
            timestamptz '2026-01-01' + n / 20 * interval '1 second',
            timestamptz '2026-02-01' + abs(hashint4(n + 2)) % :rows * interval '1 second', {owner}, {owner},
            CASE WHEN n % 5 = 0 THEN now() END, CASE WHEN n % 5 = 0 THEN now() + (n - 500) * interval '1 minute' END
        FROM generate_series(1, :rows * 10 / 9) AS n,
            LATERAL (SELECT abs(hashint4(n + 3)) % 100 AS q, abs(hashint4(n + 4)) % 100 AS d,
                abs(hashint4(n + 5)) % 1000 AS s) AS drawn,
            LATERAL (SELECT (CASE WHEN s < 600 THEN 'OPEN' WHEN s < 900 THEN 'COMPLETED' WHEN s < 990 THEN 'CANCELLED'
                ELSE 'IN_PROGRESS' END)::task_state AS state) AS named""",
    "requests": """
        INSERT INTO requests (caller_id, request_id, method, fingerprint, answer, owner_ids, created_at)
        SELECT {caller}, {id}, 'taxiway.v1.TaskService/CreateTask', sha256('x'), repeat('y', 300)::bytea,
            ARRAY[{owned}],
            now() - (:rows - n) * interval '25 hours' / :rows
        FROM generate_series(1, :rows) AS n""",
}


def names() -> dict[str, str]:
    """What stands in FILL for the ids of the row and of those it belongs to."""
    return {
        "id": NAME.format("n"),
        "owner": NAME.format(OWNER),
        "other": NAME.format(f"2 + n / 10 % {OTHERS}"),
        "caller": NAME.format(f"1 + n % {CALLERS}"),
        "owned": NAME.format(f"1 + (n + 3) % {CALLERS}"),
    }


def identifier(number: int) -> UUID:
    return UUID(f"00000000-0000-7000-8000-{number:012x}")


def task_queries(connection: AsyncConnection, rows: int) -> dict[str, Query]:
    tasks, owner, some = Tasks(connection, set()), identifier(OWNER), identifier(rows // 2 + 1)
    gone = identifier(rows // 2 + GONE)
    columns = {"title": "new", "description": "", "priority": "LOW"}
    guard = Guard(version=(1, datetime.now(UTC)), states=("OPEN",))
    deletion = {"deleted_at": Moment.NOW, "purge_at": Moment.PURGE}
    return {
        "get": (lambda: tasks.get(owner, some), 1),
        "get of another's": (lambda: tasks.get(identifier(OWNER + 1), some), 0),
        "standing": (lambda: tasks.get_standing(owner, some), 2),
        "add": (lambda: tasks.add(owner, uuid4(), owner, columns), 2),  # the owner, once read and once held
        "change": (lambda: tasks.change((owner, some), owner, {"title": "new"}, guard), 2),
        "deletion": (lambda: tasks.change((owner, some), owner, deletion, Guard()), 2),
        "undeletion": (lambda: tasks.change((owner, gone), owner, UNDELETION, Guard(deleted=True)), 2),
    }


def user_queries(connection: AsyncConnection, rows: int) -> dict[str, Query]:
    sealer = Sealer([bytes(32)], "personal_data")
    users, pages = Users(connection, sealer, set()), UserPages(connection, sealer)
    some = identifier(rows // 20 + 1)
    gone, version = identifier(rows // 20 + GONE), Guard(version=(1, datetime.now(UTC)))

    def sql(statement: str, **values: object) -> Callable[[], Awaitable[object]]:
        return lambda: connection.execute(text(statement), values)

    taken = "SELECT id FROM users WHERE {} = :key AND deleted_at IS NULL"
    lists = {
        f"users {'from the middle' if after else 'newest first'}, {'with' if deleted else 'without'} the deleted": (
            lambda after=after, deleted=deleted: pages.page(PageQuery(PAGE, position=after, deleted=deleted)),
            PAGE,
        )
        for after in (None, (some,))
        for deleted in (False, True)
    }
    return lists | {
        "get user": (lambda: users.get(some), 1),
        "get users": (lambda: users.get_many([identifier(number) for number in range(1, 101)]), 100),
        "change user": (lambda: users.change(some, some, {"display_name": "new"}, Guard()), 1),
        "by mail address": (sql(taken.format("email_key"), key="7@b"), 1),
        "by user name": (sql(taken.format("username_key"), key="u7"), 1),
        "change user of a version": (lambda: users.change(some, some, {"display_name": "new"}, version), 1),
        "undelete user": (lambda: users.change(gone, some, UNDELETION, Guard(deleted=True)), 1),
        "standing of user": (lambda: users.get_standing(some), 1),
        "get user locked": (lambda: users.get_locked(some), 1),
    }


def request_queries(connection: AsyncConnection, rows: int) -> dict[str, Query]:
    """The outcome by its own statement: it is sent behind a claim, and a query here is one statement."""
    requests = Requests(connection, Sealer([bytes(32)], "requests.answer"), {identifier(1)})
    caller, request = identifier(1 + rows // 2 % CALLERS), identifier(rows // 2)
    claim = Claim(caller, request, "taxiway.v1.TaskService/CreateTask", bytes(32))
    key = {"caller": caller, "request": request}
    return {
        "outcome": (lambda: connection.execute(_OUTCOME, key), 1),
        "store": (lambda: requests.store(claim, b"answer"), 1),
    }
