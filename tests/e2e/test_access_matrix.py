"""Every method, for every kind of caller, on every kind of thing: let in or refused as the contract declares."""

from collections.abc import AsyncIterator

import grpc
import pytest

from tests.conftest import Databases
from tests.e2e.access.contract import USER, Outcome, Rpc, filled, path_of, rpcs, services
from tests.e2e.access.rules import Expected, Thing, Who, expected, seen
from tests.e2e.access.world import World, Worlds, token_of, worlds
from tests.e2e.conftest import in_process

CELLS = [(who, thing) for who in Who for thing in (Thing.MISSING, Thing.FOREIGN, Thing.OWN)]
OWNED = [rpc for rpc in rpcs() if rpc.access.owner_field]
# The one id makes refusals comparable byte by byte: it is echoed in them.
REQUEST_ID = ("x-request-id", "matrix")


@pytest.fixture(scope="module")
async def made(databases: Databases, migrated_template: str) -> AsyncIterator[Worlds]:
    """One server for all methods."""
    async with databases(template=migrated_template) as url, in_process(url) as service, worlds(service) as made:
        yield made


async def attempt(made: Worlds, world: World, rpc: Rpc, who: Who, thing: Thing) -> Outcome:
    request = filled(rpc.descriptor.input_type, world.names[thing], world.values())
    token = await token_of(made, world, who, rpc.access)
    metadata = (REQUEST_ID,) if token is None else (REQUEST_ID, ("authorization", f"Bearer {token}"))
    async with grpc.aio.insecure_channel(made.service.address) as channel:
        return await rpc.call(channel, request, metadata)


@pytest.mark.parametrize("rpc", rpcs(), ids=str)
async def test_every_caller_is_let_in_or_refused_as_the_contract_declares(made: Worlds, rpc: Rpc) -> None:
    world = await made.make()
    content = "new_password" in rpc.descriptor.input_type.fields_by_name  # the only fault of these requests
    found: dict[tuple[Who, Thing], Expected | Outcome] = {}
    for who, thing in CELLS:
        found[who, thing] = seen(await attempt(made, world, rpc, who, thing), refused_for_content=content)
        if found[who, thing] is Expected.LET_IN:
            world = await made.make()
    assert found == {(who, thing): expected(rpc.access, who, thing) for who, thing in CELLS}


def test_the_matrix_leaves_no_method_no_caller_and_no_thing_out() -> None:
    """A service or a method that is added grows the matrix by itself; these are the numbers of today."""
    assert {service.name: len(service.methods) for service in services()} == {
        "AuthService": 11,
        "ProjectService": 6,
        "TaskService": 20,
        "UserService": 14,
    }
    assert len(rpcs()) * len(CELLS) == 51 * 7 * 3
    assert len(set(CELLS)) == len(Who) * len(Thing)


def test_each_kind_of_rule_is_met_by_a_method_that_has_it() -> None:
    """Else the matrix would say nothing of it."""
    rules = [rpc.access for rpc in rpcs()]
    for option in ("scope", "owner_field", "anonymous", "authenticated", "across_owners"):
        assert any(getattr(access, option) for access in rules), option
    assert any(not access.ByteSize() for access in rules), "for administrators alone"


@pytest.mark.parametrize("rpc", OWNED, ids=str)
async def test_who_may_not_learns_not_whether_it_exists(made: Worlds, rpc: Rpc) -> None:
    """Of what is another's and of what there is not: the same bytes, in message, details and every other trailer."""
    world = await made.make()
    for who in (Who.USER, Who.UNSCOPED, Who.NOBODY):
        foreign = await attempt(made, world, rpc, who, Thing.FOREIGN)
        missing = await attempt(made, world, rpc, who, Thing.MISSING)
        assert foreign == missing
        assert foreign.code is not grpc.StatusCode.OK


@pytest.mark.parametrize("rpc", OWNED, ids=str)
async def test_users_me_stands_for_the_caller_and_for_nobody_else(made: Worlds, rpc: Rpc) -> None:
    world = await made.make()
    own = {kind: _as_me(name) for kind, name in world.names[Thing.OWN].items()}
    mine = World(world.tokens, {**world.names, Thing.OWN: own}, world.secrets)
    assert seen(await attempt(made, mine, rpc, Who.USER, Thing.OWN), refused_for_content=False) is Expected.LET_IN
    refused = await attempt(made, mine, rpc, Who.UNSCOPED, Thing.OWN)
    assert seen(refused, refused_for_content=False) is Expected.PERMISSION_DENIED


def _as_me(name: str) -> str:
    return "/".join(("users", "me", *name.split("/")[2:]))


@pytest.mark.parametrize("rpc", [rpc for rpc in OWNED if "names" in rpc.access.owner_field], ids=str)
async def test_one_name_of_another_among_many_of_ones_own_refuses_them_all(made: Worlds, rpc: Rpc) -> None:
    world = await made.make()
    own, foreign = world.names[Thing.OWN][USER], world.names[Thing.FOREIGN][USER]
    metadata = (("authorization", f"Bearer {world.tokens[Who.USER]}"),)
    async with grpc.aio.insecure_channel(made.service.address) as channel:
        for names in ([own, foreign], [foreign, own], [own, own, own, foreign]):
            request = rpc.request(**{rpc.access.owner_field: names})
            outcome = await rpc.call(channel, request, metadata)
            assert outcome.code is grpc.StatusCode.PERMISSION_DENIED, names


@pytest.mark.parametrize("rpc", OWNED, ids=str)
async def test_all_owners_are_for_administrators_and_scopes_alone(made: Worlds, rpc: Rpc) -> None:
    """`users/-`: where the contract offers it, and nowhere else."""
    world = await made.make()
    anybody = {kind: "/".join(("users", "-", *name.split("/")[2:])) for kind, name in world.names[Thing.OWN].items()}
    across = World(world.tokens, {**world.names, Thing.OWN: anybody}, world.secrets)
    for who in Who:
        outcome = await attempt(made, across, rpc, who, Thing.OWN)
        allowed = expected(rpc.access, who, Thing.FOREIGN) if who is not Who.OTHER_USER else Expected.PERMISSION_DENIED
        if allowed is Expected.LET_IN and not rpc.access.across_owners:
            assert outcome.code is grpc.StatusCode.INVALID_ARGUMENT, who
        else:
            assert seen(outcome, refused_for_content=False) is allowed, who


def test_every_owner_field_is_filled_by_the_matrix() -> None:
    kinds = ("User", "Task", "Project", "Tag", "Session", "ApiKey")
    names = {f"taxiway.dev/{kind}": f"users/x/{kind}" for kind in kinds}
    texts = ("username", "email", "title", "display_name", "query", "scopes", "old_password")
    values: dict[str, object] = dict.fromkeys(texts, "x")
    for rpc in OWNED:
        given = path_of(filled(rpc.descriptor.input_type, names, values), rpc.access.owner_field)
        assert given, rpc
