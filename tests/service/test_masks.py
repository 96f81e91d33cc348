"""Update masks: what they select, and what they refuse."""

import pytest

from service.errors import InvalidArgument
from service.masks import Editable, Selection, select
from taxiway.v1.user_pb2 import User

EDITABLE = Editable(frozenset({"username", "annotations"}), maps=frozenset({"annotations"}))
EVERY = frozenset({"username", "annotations"})


def test_no_mask_stands_for_what_is_populated_and_editable() -> None:
    message = User(name="users/me", username="ada", etag="x", version=3)
    assert select(message, [], EDITABLE) == Selection(frozenset({"username"}), {})


def test_a_star_stands_for_all_that_is_editable() -> None:
    assert select(User(), ["*"], EDITABLE) == Selection(EVERY, {})


def test_a_mask_names_fields_and_keys_of_maps() -> None:
    paths = ["username", "annotations.a", "annotations.`b.c`", "annotations.a"]
    selected = select(User(), paths, EDITABLE)
    assert selected == Selection(frozenset({"username"}), {"annotations": frozenset({"a", "b.c"})})


def test_a_key_of_a_map_that_is_named_whole_says_nothing_more() -> None:
    assert select(User(), ["annotations.a", "annotations"], EDITABLE) == Selection(frozenset({"annotations"}), {})


@pytest.mark.parametrize(
    "path",
    [
        "",
        "email",
        "name",
        "etag",
        "nothing",
        "username.x",
        "annotations.",
        "annotations.a.b",
        "annotations.\x00",
        "USERNAME",
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        select(User(), ["username", path], EDITABLE)
    (violation,) = caught.value.violations
    assert violation.field == "update_mask"


def test_each_path_that_is_wrong_is_named() -> None:
    with pytest.raises(InvalidArgument) as caught:
        select(User(), ["name", "version", "nothing"], EDITABLE)
    assert len(caught.value.violations) == 3
