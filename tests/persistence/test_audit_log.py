"""Lines of the audit log: written with ids of the database's making, listed newest first."""

from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.models.audit_log import AUDIT_EVENTS
from tests.persistence.units import unit

ALICE, BOB, THING = UUID(int=1), UUID(int=2), UUID(int=3)


async def test_a_line_holds_what_was_said(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    await uow.audit.add("API_KEY_REVOKED", BOB, ALICE, THING, "taxiway.v1.AuthService/RevokeApiKey", "", 2)
    await uow.audit.add("AUTHENTICATION_FAILED", None, reason="EXPIRED")
    newest, oldest = await uow.audit.list(None, None, 9)
    assert (newest.event, newest.actor_id, newest.subject_id) == ("AUTHENTICATION_FAILED", None, None)
    assert (newest.method, newest.reason, newest.occurrences) == ("", "EXPIRED", 1)
    assert (oldest.event, oldest.actor_id, oldest.subject_id, oldest.object_id) == (
        "API_KEY_REVOKED",
        BOB,
        ALICE,
        THING,
    )
    assert (oldest.method, oldest.occurrences) == ("taxiway.v1.AuthService/RevokeApiKey", 2)


async def test_ids_are_of_version_7_by_the_database_s_clock(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    before = await shared_connection.scalar(text("SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"))
    for _ in range(50):
        await uow.audit.add("SIGN_IN", ALICE)
    after = await shared_connection.scalar(text("SELECT ceil(extract(epoch FROM clock_timestamp()) * 1000)::bigint"))
    ids = [row.id for row in await uow.audit.list(None, None, 100)]
    assert {(made.version, made.variant) for made in ids} == {(7, "specified in RFC 4122")}
    assert len(set(ids)) == 50
    assert before is not None
    assert after is not None
    assert all(before <= made.int >> 80 <= after for made in ids)


async def test_a_list_is_of_all_or_of_one_account_page_by_page(shared_connection: AsyncConnection) -> None:
    uow = unit(shared_connection)
    for number in range(10):
        await uow.audit.add("SIGN_IN", uuid4(), (ALICE, BOB)[number % 2])
    for subject, count in ((None, 10), (ALICE, 5)):
        found, after = [], None
        while page := await uow.audit.list(subject, after, 4):
            found += [row.id for row in page]
            after = page[-1].id
        assert found == sorted(set(found), reverse=True)
        assert len(found) == count


async def test_every_event_of_the_models_is_one_of_the_database(shared_connection: AsyncConnection) -> None:
    labels = await shared_connection.scalars(text("SELECT unnest(enum_range(NULL::audit_event))::text"))
    assert tuple(labels.all()) == AUDIT_EVENTS
