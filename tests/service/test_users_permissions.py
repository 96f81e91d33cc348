"""What only an administrator writes is declared in the contract: each such field, in each way to write it."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from service.access import restricted
from service.errors import InvalidArgument, PermissionDenied
from service.identity import Caller, set_caller
from service.users import drafts
from service.users.schemas import EDITABLE, UserDraft, UserPatch
from taxiway.v1 import user_service_pb2 as pb
from taxiway.v1.user_pb2 import User

OWN = UUID("0195b4f3-71ff-7d6b-9a52-3f0f6c5d2a11")
RESTRICTED = sorted(restricted(User.DESCRIPTOR))
FREE = sorted(EDITABLE - restricted(User.DESCRIPTOR))
# A value of each field that is no default.
GIVEN: dict[str, Any] = {
    "email": "ada@example.com",
    "username": "ada",
    "display_name": "Ada",
    "phone_number": "+4930123456",
    "time_zone": "Asia/Tokyo",
    "role": User.ADMIN,
    "scopes": ["users.read"],
    "certificate_uris": ["x:y"],
    "annotations": {"a": "1"},
}
NOBODYS = [Caller(OWN), Caller(OWN, "SERVICE", frozenset({"users.write"}))]
Decode = Callable[[User], UserDraft | UserPatch]


def update(*paths: str, allow_missing: bool = False) -> Decode:
    def decode(user: User) -> UserPatch:
        user.name = f"users/{OWN}"
        mask = FieldMask(paths=paths)
        return drafts.patch(pb.UpdateUserRequest(user=user, update_mask=mask, allow_missing=allow_missing))

    return decode


def create(user: User) -> UserDraft:
    return drafts.draft(pb.CreateUserRequest(user=user))


def user(**fields: Any) -> User:
    return User(**{"username": "ada", "email": "ada@example.com", **fields})


@pytest.fixture(params=NOBODYS, ids=lambda who: who.role)
def no_administrator(request: pytest.FixtureRequest) -> Iterator[None]:
    set_caller(request.param)
    yield
    set_caller(Caller(uuid4(), "ADMIN"))


def test_each_field_is_tried() -> None:
    assert set(RESTRICTED) == {"role", "scopes", "certificate_uris"}
    assert set(GIVEN) == EDITABLE


@pytest.mark.usefixtures("no_administrator")
@pytest.mark.parametrize("field", RESTRICTED)
@pytest.mark.parametrize(
    "decode",
    [update(), update("*"), update("display_name", allow_missing=True), create],
    ids=["no mask", "star", "upsert", "create"],
)
def test_a_restricted_field_that_is_given_is_refused(field: str, decode: Decode) -> None:
    with pytest.raises(PermissionDenied):
        decode(user(**{field: GIVEN[field]}))


@pytest.mark.usefixtures("no_administrator")
@pytest.mark.parametrize("field", RESTRICTED)
def test_a_mask_that_names_a_restricted_field_is_refused_given_or_not(field: str) -> None:
    for message in (user(), user(**{field: GIVEN[field]})):
        with pytest.raises(PermissionDenied):
            update("display_name", field)(message)


@pytest.mark.usefixtures("no_administrator")
@pytest.mark.parametrize("field", RESTRICTED)
def test_a_restricted_field_that_the_mask_leaves_out_is_not_written(field: str) -> None:
    parsed = update("display_name")(user(**{field: GIVEN[field]}))
    assert parsed.written() == {"display_name"}


@pytest.mark.usefixtures("no_administrator")
def test_a_star_stands_for_what_the_caller_may_write() -> None:
    assert sorted(update("*")(user()).written()) == FREE


@pytest.mark.usefixtures("no_administrator")
@pytest.mark.parametrize("field", FREE)
def test_every_other_field_may_be_written(field: str) -> None:
    for decode in (update(), update(field), update(field, allow_missing=True)):
        assert field in decode(user(**{field: GIVEN[field]})).written()
    create(user(**{field: GIVEN[field]}))


@pytest.mark.usefixtures("no_administrator")
def test_the_default_role_may_be_given_where_a_user_is_made() -> None:
    assert create(user(role=User.USER)).role == "USER"


@pytest.mark.parametrize("field", RESTRICTED)
def test_an_administrator_writes_each_field(field: str) -> None:
    set_caller(Caller(uuid4(), "ADMIN"))
    given = user(**{"role": User.SERVICE, field: GIVEN[field]})
    for decode in (update(), update("*"), update(field), update(field, allow_missing=True)):
        assert field in decode(given).written()
    assert field in create(given).written()


@pytest.mark.usefixtures("no_administrator")
@pytest.mark.parametrize("path", ["state", "name", "version", "role.x", "rol"])
def test_what_nobody_writes_is_refused_as_such(path: str) -> None:
    with pytest.raises(InvalidArgument):
        update(path)(user())
