"""Secrets pass through every method, let in and refused: afterwards none is found where it does not belong."""

import base64
from contextlib import suppress
from itertools import product
from uuid import uuid4

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor

from tests.e2e.access.canaries import Canaries, dumped
from tests.e2e.access.contract import filled, rpcs
from tests.e2e.access.fields import paths, write_text
from tests.e2e.access.rules import REACHED, Thing, Who
from tests.e2e.access.stage import stage
from tests.e2e.access.story import FIRST, PHONE, SECOND, Story
from tests.e2e.access.world import World, worlds
from tests.e2e.rows import run

Code = grpc.StatusCode
PASTED = "a password in the wrong field"
HASHED = {"bcrypt hash": "credentials"}  # where a canary belongs
KINDS = ("User", "Task", "Project", "Tag", "Session", "ApiKey")
TEXTS = ("username", "email", "title", "display_name", "query", "login", "password", "old_password", "new_password")
TOKENS = ("refresh_token", "reset_token")
BROKEN = ("users", "credentials", "sessions", "api_keys", "password_resets", "requests")
EMPTY = (
    "CREATE FUNCTION empty() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.created_at := NULL; RETURN NEW; END $$"
)
RULES = (
    (
        "ALTER TABLE {0} ADD CONSTRAINT broken_{0} CHECK (false) NOT VALID",
        "ALTER TABLE {0} DROP CONSTRAINT broken_{0}",
    ),
    (
        "CREATE TRIGGER empty BEFORE INSERT OR UPDATE ON {0} FOR EACH ROW EXECUTE FUNCTION empty()",
        "DROP TRIGGER empty ON {0}",
    ),
)


async def tell(story: Story) -> None:
    await story.begin()
    await story.sign_in_and_out()
    await story.call_with_keys()
    await story.import_hashes()


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
    names = {f"taxiway.dev/{kind}": "users/me" for kind in KINDS}
    values: dict[str, object] = dict.fromkeys(TEXTS + TOKENS, "x") | {"scopes": ["tasks.read"]}
    for rpc in rpcs():
        for path, field in paths(rpc.descriptor.input_type):
            if field.type == FieldDescriptor.TYPE_STRING:
                request = filled(rpc.descriptor.input_type, names, values)
                write_text(request, path, PASTED)
                await story.stage.call(str(rpc), request)


async def break_rules(story: Story) -> None:
    """Each table that holds something of a secret refuses its rows in turn: bugs, of which the log has all there is.

    Of a row that breaks a rule the database tells what is in it: of a CHECK and of a NOT NULL, in turn.
    """
    await run(story.stage.database_url, EMPTY)
    for table, (make, drop) in product(BROKEN, RULES):
        await run(story.stage.database_url, make.format(table))
        for step in (story.begin, story.sign_in_and_out, story.call_with_keys, story.import_hashes):
            with suppress(AssertionError):  # it cannot be told to the end
                await step()
        await run(story.stage.database_url, drop.format(table))


async def test_no_secret_is_found_where_it_does_not_belong(
    database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not in the log, in what callers are told, in the metrics, in the database; nor coded, nor in parts.

    The server inherits what `capfd` has put in the place of standard error, so that it is started and ended here.
    """
    async with stage(database_url) as place:
        story = Story(place, Canaries())
        for step in (tell, sweep, paste, break_rules):
            await step(story)
        metrics = place.metrics()
    heard = {f"answer of {name}": text for name, text in place.refusals().items()}
    log = "".join(capfd.readouterr())
    assert log.count("\n") > len(rpcs()) * 7, "the log is caught"
    assert [table for table in BROKEN if f"check constraint broken_{table}" not in log] == [], "the bugs are in it"
    codes = {str(rpc): {outcome.code for outcome in place.outcomes[str(rpc)]} for rpc in rpcs()}
    assert [name for name, found in codes.items() if not found & REACHED] == [], "each method was let in"
    assert [name for name, found in codes.items() if found <= REACHED] == ["GetSigningKeys"], "and all others refused"
    for name, text in (heard | {"log": log, "metrics": metrics}).items():
        assert story.canaries.found_in(text) == [], name
    for table, text in (await dumped(database_url)).items():
        belonging = {secret for secret, place_of in HASHED.items() if place_of == table} | {"pasted password"}
        assert story.canaries.found_in(text, belonging) == [], table


def test_a_secret_is_found_in_every_form_that_it_may_take() -> None:
    """Else the search would prove nothing."""
    canaries = Canaries()
    canaries.add("password", FIRST)
    text = FIRST.encode()
    for form in (FIRST, text.hex(), *(base64.b64encode(b"x" * n + text + b"yz").decode() for n in range(4))):
        assert canaries.found_in(f"log line with {form} in it") == ["password"], form
    assert canaries.found_in("log line without it") == []
