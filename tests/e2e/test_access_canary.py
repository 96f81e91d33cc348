"""Secrets pass through every method, let in and refused: afterwards none is found where it does not belong."""

import base64
from collections.abc import AsyncIterator
from uuid import uuid4

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from tests.e2e.access.canaries import Canaries, dumped
from tests.e2e.access.contract import Rpc, filled, path_of, rpcs
from tests.e2e.access.fields import paths
from tests.e2e.access.rules import Thing, Who
from tests.e2e.access.stage import stage
from tests.e2e.access.story import FIRST, PHONE, SECOND, Story
from tests.e2e.access.world import World, worlds
from tests.e2e.rows import run

Code = grpc.StatusCode
PASTED = "a password in the wrong field"
HASHED = {"bcrypt hash": "credentials"}  # where a canary belongs
# What the database says of a row that breaks a rule holds the row.
BROKEN = ("users", "credentials", "sessions", "api_keys", "password_resets", "requests")


@pytest.fixture
async def told(database_url: str, capfd: pytest.CaptureFixture[str]) -> AsyncIterator[Story]:
    """A story of which the log is caught: the server writes to what `capfd` has put in the place of standard error."""
    capfd.readouterr()
    async with stage(database_url) as place:
        story = Story(place, Canaries())
        await story.begin()
        await story.sign_in_and_out()
        await story.call_with_keys()
        await story.import_hashes()
        yield story


async def sweep(story: Story) -> None:
    """Every method, with what lets in and with what does not, and every secret that its request has a field for."""
    async with worlds(story.stage) as made:
        for rpc in rpcs():
            world = await made.make()
            administrator = story.canaries.add("access token", world.tokens[Who.ADMIN] or "")
            request = filled(rpc.descriptor.input_type, world.names[Thing.OWN], _values(story, world))
            tokens = (story.tokens.refresh_token, story.reset_token, FIRST, story.api_key, story.tokens.access_token)
            for token in (*tokens, administrator):
                await story.stage.call(str(rpc), request, token)
            basic = (("authorization", f"Basic {FIRST}"), ("x-password", FIRST))
            await story.stage.call(str(rpc), request, "", basic)


def _values(story: Story, world: World) -> dict[str, object]:
    secrets = {"password": FIRST, "old_password": FIRST, "new_password": SECOND, "phone_number": PHONE}
    tokens = {"refresh_token": story.tokens.refresh_token, "reset_token": story.reset_token, "login": story.login}
    return world.values() | secrets | tokens | {"request_id": str(uuid4())}


async def paste(story: Story) -> None:
    """A password in each field of text that is meant for something else."""
    story.canaries.add("pasted password", PASTED)
    names = {f"taxiway.dev/{kind}": "users/me" for kind in ("User", "Task", "Session", "ApiKey")}
    for rpc in rpcs():
        for path, field in paths(rpc.descriptor.input_type):
            if field.type == FieldDescriptor.TYPE_STRING:
                await story.stage.call(str(rpc), _pasted(rpc, path, names))


def _pasted(rpc: Rpc, path: str, names: dict[str, str]) -> Message:
    values: dict[str, object] = dict.fromkeys(("username", "email", "title", "scopes", "login", "password"), "x")
    values |= dict.fromkeys(("old_password", "new_password", "refresh_token", "reset_token"), "x")
    request = filled(rpc.descriptor.input_type, names, values)
    *steps, last = path.split(".")
    message = path_of(request, ".".join(steps)) if steps else request
    if not isinstance(message, Message):  # a list of messages
        message = message[0]
    held = getattr(message, last)
    if isinstance(held, str):
        setattr(message, last, PASTED)
    else:
        held[:] = [PASTED]
    return request


async def break_rules(story: Story) -> None:
    """Every table that holds something of a secret refuses its rows: bugs, of which the log has all there is."""
    rule = "ALTER TABLE {0} ADD CONSTRAINT broken CHECK (false) NOT VALID"
    await run(story.stage.database_url, *[rule.format(table) for table in BROKEN])
    for tell in (story.begin, story.sign_in_and_out, story.call_with_keys, story.import_hashes):
        with pytest.raises(AssertionError):
            await tell()
    await run(story.stage.database_url, *[f"ALTER TABLE {table} DROP CONSTRAINT broken" for table in BROKEN])


async def test_no_secret_is_found_where_it_does_not_belong(told: Story, capfd: pytest.CaptureFixture[str]) -> None:
    """Not in the log, not in what callers are told, not in the metrics, not in the database; nor coded or in parts."""
    await sweep(told)
    await paste(told)
    await break_rules(told)
    log = "".join(capfd.readouterr())
    assert log.count("\n") > len(rpcs()) * 7, "the log is caught"
    assert '"level": "error"' in log, "the bugs are in it"
    assert told.canaries.found_in(log) == []
    assert told.canaries.found_in(told.stage.metrics()) == []
    heard = {name: told.canaries.found_in(text) for name, text in told.stage.refusals().items()}
    assert {name: found for name, found in heard.items() if found} == {}
    for table, text in (await dumped(told.stage.database_url)).items():
        belonging = {name for name, place in HASHED.items() if place == table} | {"pasted password"}
        assert told.canaries.found_in(text, belonging) == [], table


def test_a_secret_is_found_in_every_form_that_it_may_take() -> None:
    """Else the search would prove nothing."""
    canaries = Canaries()
    canaries.add("password", FIRST)
    text = FIRST.encode()
    for form in (FIRST, text.hex(), *(base64.b64encode(b"x" * n + text + b"yz").decode() for n in range(4))):
        assert canaries.found_in(f"log line with {form} in it") == ["password"], form
    assert canaries.found_in("log line without it") == []
