"""Each fault is answered with its position, in code points from 1, and with what to do."""

import pytest

from service.errors import InvalidArgument, InvalidFilter, invalid
from service.filtering import Fields, parse_filter
from service.filtering.faults import listed
from service.projects.filter_fields import PROJECTS
from service.tasks.filter_fields import TASKS, TASKS_ACROSS_OWNERS
from service.users.filter_fields import USERS
from tests.service.filtering.reading import refused

ORDER = "`=`, `!=`, `<`, `<=`, `>`, `>=`"
DUE = "a comparison is due here"
STATES = "the values are `OPEN`, `IN_PROGRESS`, `COMPLETED` and `CANCELLED`"
PROJECT = "must have the form users/{user}/projects/{project}, with ids that are UUIDs in canonical lower-case form"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("AND", f"1: {DUE}, not `AND`"),
        ("title=a OR", f"11: {DUE}"),
        ("title=a AND", f"12: {DUE}"),
        ("title=a AND OR title=b", f"13: {DUE}, not `OR`"),
        ("OR title=a", f"1: {DUE}, not `OR`"),
        ("NOT", f"4: {DUE}"),
        ("-", f"2: {DUE}"),
        ("()", f"2: {DUE}, not `)`"),
        ("= 5", f"1: {DUE}, not `=`"),
        (")", f"1: {DUE}, not `)`"),
        ("(title=a", "1: the parenthesis that opens here is never closed"),
        ("title=a (title=b (title=c)", "9: the parenthesis that opens here is never closed"),
        ("title=a)", "8: no parenthesis is open here"),
        ("title=", "7: a value is missing behind `=`"),
        ("(title != )", "11: a value is missing behind `!=`"),
        ("title = OR title=b", '9: a value is missing behind `=`; the word itself is "OR", in quotes'),
        ("title:(a OR b)", "7: one value stands behind `:`; write each comparison out"),
        ("title==a", "7: a value with `=` has to stand in quotes"),
        ("title=>a", "7: a value with `>` has to stand in quotes"),
        ("title::a", "7: a value with `:` has to stand in quotes"),
        ("title=it's", "9: a value with `'` has to stand in quotes"),
        (r"title=a\*", r"8: a value with `\` has to stand in quotes"),
        ("!title=a", "1: `!` begins no field, operator or parenthesis"),
        (".title=a", "1: `.` begins no field, operator or parenthesis"),
        ("`title`=a", "1: ``` begins no field, operator or parenthesis"),
    ],
)
def test_a_fault_of_the_grammar(text: str, fault: str) -> None:
    assert refused(text) == fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('title = "a', '9: the string that begins here has no closing "'),
        ("title = 'a\"", "9: the string that begins here has no closing '"),
        ('title = "a\\', '9: the string that begins here has no closing "'),
        (r'title = "a\"', '9: the string that begins here has no closing "'),
        (r'title = "é\n"', r"11: a backslash may stand before `*`, `\`, `'` and " r'`"` alone; write `\\` for itself'),
        (r"title = '\%'", r"10: a backslash may stand before `*`, `\`, `'` and " r'`"` alone; write `\\` for itself'),
        ('title="a"b', "10: white space is missing behind the closing quote"),
        ("title='it's'", "11: white space is missing behind the closing quote"),
        ("metadata. = 1", "10: a key is missing behind the dot"),
        ("metadata.a..b = 1", "12: a key is missing behind the dot"),
        ("metadata.`a = 1", "10: the key that begins here has no closing `"),
        ('metadata."a = 1', '10: the string that begins here has no closing "'),
    ],
)
def test_a_fault_of_quotes_and_keys(text: str, fault: str) -> None:
    assert refused(text) == fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("stat = OPEN", "1: unknown field `stat`, did you mean `state`?"),
        ("state=OPEN (-Title:x)", "14: unknown field `Title`, did you mean `title`?"),
        ("é = 1", f"1: unknown field `é`; the fields are {listed(TASKS.named)}"),
        ("owner_id = 1", f"1: unknown field `owner_id`; the fields are {listed(TASKS.named)}"),
        ("title.x = 1", "1: `title` has no parts"),
        ("state < OPEN", "7: `state` takes `=`, `!=` and `:*`, and not `<`"),
        ("state:OPEN", "6: `state` takes `=`, `!=` and `:*`, and not `:` with a value"),
        ("due_time:2026", f"9: `due_time` takes {ORDER} and `:*`, and not `:` with a value"),
        ("creator > users/me", "9: `creator` takes `=`, `!=` and `:*`, and not `>`"),
        ("tags = work", '6: `tags` takes `:` alone, as in `tags:"word"`, and not `=`'),
        (
            "metadata = 1",
            '10: `metadata` itself takes `:` alone, as in `metadata:"key"`; `metadata.key` takes the others too',
        ),
    ],
)
def test_a_fault_of_a_field_or_of_its_operator(text: str, fault: str) -> None:
    assert refused(text) == fault


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("state = open", f"9: there is no such value, did you mean `OPEN`; {STATES}"),
        ("state = 'COMPLETE'", f"9: there is no such value, did you mean `COMPLETED`; {STATES}"),
        ("state = 5", f"9: there is no such value; {STATES}"),
        ("state = *", f"9: there is no such value; {STATES}"),
        ("state = STATE_UNSPECIFIED", f"9: there is no such value; {STATES}"),
        ("due_time = null", "12: nothing equals null: `-due_time:*` asks for what is unset"),
        ("title != null", "10: nothing equals null: `-title:*` asks for what is unset"),
        (
            "due_time > 2026-01-31",
            "12: a date alone is no time: time of day and zone are missing, as in 2026-01-31T00:00:00Z",
        ),
        ("due_time > *", "12: a time is due, as in 2026-01-31T17:30:00Z"),
        ("title < a*", r'9: `<` takes no `*`; the character itself is "\*", in quotes'),
        ("project = x", f"11: {PROJECT}; the user may be `me`"),
        ("project = users/-/projects/x", f"11: {PROJECT}; the user may be `me`"),
        (
            "creator = ada",
            "11: must have the form users/{user}, with ids that are UUIDs in canonical lower-case form, or `users/me`",
        ),
        ("metadata:a*", r'10: a key or an element takes no `*`; the character itself is "\*", in quotes'),
        ("metadata.k:'a*'", r'12: a key or an element takes no `*`; the character itself is "\*", in quotes'),
        ("metadata.k > 'a*'", r'14: `>` takes no `*`; the character itself is "\*", in quotes'),
        ("metadata.k < true", "14: `true` takes `=` and `!=` alone"),
        ("metadata.k >= null", "15: `null` takes `=` and `!=` alone"),
        ("metadata.k = 1e999", "14: a number must lie between -1.8e308 and 1.8e308"),
    ],
)
def test_a_fault_of_a_value(text: str, fault: str) -> None:
    assert refused(text) == fault


@pytest.mark.parametrize(
    ("text", "fields", "fault"),
    [
        ("fence", TASKS, '1: a word alone is no comparison; write `title:"word"`, or use SearchTasks'),
        ('"the fence"', TASKS, '1: a word alone is no comparison; write `title:"word"`, or use SearchTasks'),
        ("title=a f(x)", TASKS, '9: a word alone is no comparison; write `title:"word"`, or use SearchTasks'),
        ("ada", USERS, '1: a word alone is no comparison; write `username:"word"`'),
        ("home", PROJECTS, '1: a word alone is no comparison; write `display_name:"word"`'),
        ("home", TASKS_ACROSS_OWNERS, "1: a word alone is no comparison; write `state = OPEN`"),
        ("archived", PROJECTS, "1: `archived` alone is no comparison; it takes `=`, `!=` and `:*`"),
        ("tags AND title=a", TASKS, "1: `tags` alone is no comparison; it takes `:`"),
        ("title=a and title=b", TASKS, "9: `and` is no operator, did you mean `AND`?"),
        ("title=a Or title=b", TASKS, "9: `Or` is no operator, did you mean `OR`?"),
        ("title=a && title=b", TASKS, "9: `&&` is no operator, did you mean `AND`?"),
        ("title=a || title=b", TASKS, "9: `||` is no operator, did you mean `OR`?"),
        ("not title=a", TASKS, "1: `not` is no operator, did you mean `NOT`?"),
        ("title = a", TASKS_ACROSS_OWNERS, "1: unknown field `title`; the fields are `state` and `update_time`"),
        ("archived = yes", PROJECTS, "12: `true` or `false` is due"),
        ("archived = TRUE", PROJECTS, "12: `true` or `false` is due"),
        (
            "role = user",
            USERS,
            "8: there is no such value, did you mean `USER`; the values are `USER`, `SERVICE` and `ADMIN`",
        ),
        ("username > a", USERS, "10: `username` takes `=`, `!=` and `:`, and not `>`"),
    ],
)
def test_a_fault_that_names_what_the_resource_has(text: str, fields: Fields, fault: str) -> None:
    assert refused(text, fields) == fault


def test_a_message_holds_no_more_than_the_beginning_of_a_word_and_nothing_that_does_not_print() -> None:
    assert refused("x\u202e" * 300 + "=1").startswith(f"1: unknown field `{'x?' * 32}...`; the fields are ")
    assert refused("s" * 2000 + "=1").startswith(f"1: unknown field `{'s' * 64}...`; ")


def test_the_fault_is_one_of_the_field_filter_with_a_reason_of_its_own() -> None:
    with pytest.raises(InvalidArgument) as caught:
        parse_filter("stat = OPEN", TASKS)
    assert isinstance(caught.value, InvalidFilter)
    assert (caught.value.reason, caught.value.metadata) == ("INVALID_FILTER", {"position": "1"})
    assert caught.value.message == "filter at position 1: unknown field `stat`, did you mean `state`?"
    assert caught.value.message.rstrip(".") == invalid(caught.value.violations).message.rstrip(".")
