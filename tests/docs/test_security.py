"""docs/security.md names tests, methods, settings, tables and figures that there are, and leaves no requirement out."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from functools import lru_cache

import pytest
from google.protobuf.descriptor import Descriptor

from persistence.models import Base
from persistence.purge import _STATEMENTS
from persistence.repositories import sessions, sign_in_attempts, signing_keys
from persistence.repositories.base import RETENTION
from persistence.repositories.personal_policy import POLICY, Anonymise, Keep, Remove
from persistence.types import ACCESS_SCOPES as SCOPES
from service.credentials import access_tokens, principals
from service.environment import is_secret, variable
from service.settings import Settings
from service.users import password_resets
from taxiway.v1 import access_pb2
from taxiway.v1.audit_event_pb2 import AuditEvent
from taxiway.v1.error_pb2 import ErrorReason
from tests.docs.asvs import LEVELS
from tests.docs.markdown import ROOT, spans, table
from tests.e2e.access.contract import rpcs

TEXT = (ROOT / "docs/security.md").read_text()
SPANS = sorted(set(spans(TEXT)))
TESTS = [span for span in SPANS if "::" in span]
NUMBERED = "\n| number |"
REQUIREMENTS = [row for part in TEXT.split(NUMBERED)[1:] for row in table(NUMBERED + part, "number")]
LASTING = {
    "an access token": timedelta(seconds=access_tokens.LIFETIME),
    "the difference of clocks that is forgiven": timedelta(seconds=access_tokens.LEEWAY),
    "a session that is not refreshed": sessions.IDLE_LIFETIME,
    "a session, whatever happens": sessions.LIFETIME,
    "a one-time token for an account without a password": password_resets.FIRST,
    "a one-time token for one that has a password": password_resets.AGAIN,
    "a retired signing key, to verify": signing_keys.RETAINED,
    "what a credential stands for, in memory, where nothing changes": timedelta(seconds=principals.KEPT),
    "an access token that was verified, in memory": timedelta(seconds=access_tokens.REMEMBERED),
    "silence of the database after which nobody is let in": timedelta(seconds=principals.SILENCE),
    "the first wait after too many guesses": timedelta(seconds=sign_in_attempts.FIRST_BLOCK),
    "the longest wait": timedelta(seconds=sign_in_attempts.LONGEST_BLOCK),
    "an address that is known for an account": sign_in_attempts.KNOWN,
    "a deleted account or task": RETENTION,
}
PURGED = {"a stored answer of a request_id": "requests", "a line of the audit log": "audit_log"}
UNITS = {"day": timedelta(days=1), "hour": timedelta(hours=1), "minute": timedelta(minutes=1)}
TREATMENTS = {Remove: "removes", Anonymise: "anonymises", Keep: "keeps"}
SECRETS = {f"{variable(name)}_FILE" for name, field in Settings.model_fields.items() if is_secret(field)}
TABLES = Base.metadata.tables
# What is written like this is one of these.
KNOWN = {
    r"TAXIWAY_\w+": {variable(name) for name in Settings.model_fields} | SECRETS,
    r"([A-Z][a-z]+){2,}": {str(rpc) for rpc in rpcs()},
    r"(?!TAXIWAY_)[A-Z]+(_[A-Z]+)+": {*ErrorReason.keys(), *AuditEvent.Kind.keys()},
    r"[a-z]+\.(read|write)": set(SCOPES),
    r"[a-z]+(_[a-z]+)+": {*TABLES, *(column.name for each in TABLES.values() for column in each.columns)},
}


def test_every_requirement_of_levels_1_and_2_has_one_row_with_its_level() -> None:
    told = {number: level for number, level, *_ in REQUIREMENTS}
    assert len(told) == len(REQUIREMENTS)
    assert told == {number: LEVELS.get(number) for number in told}
    assert [number for number, level in LEVELS.items() if level != "3" and number not in told] == []


def test_every_requirement_has_a_state_and_what_is_met_has_its_evidence() -> None:
    for number, _, asked, how, evidence, state in REQUIREMENTS:
        assert asked, number
        assert how, number
        assert state in {"met", "not met", "not applicable"}, number
        assert evidence or state != "met", number


def test_every_promise_names_the_test_that_holds_it() -> None:
    for _, promise, evidence in table(TEXT, "who"):
        assert set(evidence.split(", ")) <= set(TESTS), promise


def test_every_row_that_was_left_out_has_its_reason() -> None:
    rows = table(TEXT, "row")
    assert all(len(row) == 3 and all(row) for row in rows)
    assert len(rows) == len({(row, part) for row, part, _ in rows})


@pytest.mark.parametrize("named", TESTS)
def test_every_test_that_is_named_exists(named: str) -> None:
    path, _, name = named.partition("::")
    assert name.startswith("test_")
    assert name in functions_of(path)


@lru_cache
def functions_of(path: str) -> frozenset[str]:
    nodes = ast.parse((ROOT / path).read_text()).body
    return frozenset(node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


@pytest.mark.parametrize("form", KNOWN)
def test_every_name_is_one_of_the_contract_the_settings_or_the_tables(form: str) -> None:
    named = {span for span in SPANS if re.fullmatch(form, span)}
    assert named
    assert sorted(named - KNOWN[form]) == []


def test_what_holds_for_how_long_is_what_the_code_says() -> None:
    told = {what: how_long for what, how_long in table(TEXT, "what") if what not in PURGED}
    assert told == {what: in_words(duration) for what, duration in LASTING.items()}


@pytest.mark.parametrize("what", PURGED)
def test_what_is_purged_is_kept_for_as_long_as_the_purge_says(what: str) -> None:
    told = dict(table(TEXT, "what"))
    assert f"interval '{told[what]}'" in _STATEMENTS[PURGED[what]]


def in_words(duration: timedelta) -> str:
    for name, unit in UNITS.items():
        count, rest = divmod(duration, unit)
        if count and not rest:
            return f"{count} {name}{'s' if count > 1 else ''}"
    return f"{duration.seconds} seconds"


def test_what_erasing_does_to_each_table_is_what_the_policy_says() -> None:
    told = {name: treatment for name, treatment, _ in table(TEXT, "table")}
    assert told == {name: TREATMENTS[type(treatment)] for name, treatment in POLICY.items()}


def test_the_methods_that_take_a_password_are_those_of_this_page() -> None:
    """None of them is an administrator's way to the password of an account that is there."""
    taking = {str(rpc) for rpc in rpcs() if any("password" in name for name in secrets_of(rpc.descriptor.input_type))}
    assert taking == {"SignIn", "ChangePassword", "SetPassword", "ImportUsers"}
    assert taking <= set(SPANS)


def secrets_of(message: Descriptor) -> set[str]:
    """The names of the fields with `(taxiway.v1.secret)`, those of the messages in it too."""
    own = {field.name for field in message.fields if field.GetOptions().Extensions[access_pb2.secret]}
    inner = (field.message_type for field in message.fields if field.message_type is not None)
    return own.union(*(secrets_of(each) for each in inner if each.file.package == "taxiway.v1"))
