"""The policy for personal data, declared for every table: what erasing a person does, and what a person is shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, Text, TextClause, and_, case, cast, func, literal, null, text
from sqlalchemy.dialects.postgresql import array

from persistence.models.requests import OWNED
from persistence.repositories.base import RETENTION


@dataclass(frozen=True, slots=True)
class Remove:
    """Rows whose `key` is the person go, and those that `also` finds for it; of both only what `where` lets go."""

    key: str
    also: Callable[[Table, ColumnElement[UUID]], ColumnElement[bool]] | None = None
    where: TextClause | None = None


@dataclass(frozen=True, slots=True)
class Anonymise:
    """The row whose `key` is the person stays, with these values in place of what it held."""

    key: str
    columns: Callable[[Table], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Keep:
    reason: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What a person is shown: rows that one of `owners` makes theirs, by `key`, without the `hidden` columns."""

    owners: tuple[str, ...]
    key: str = "id"
    hidden: frozenset[str] = frozenset()


def _nobody(users: Table) -> Mapping[str, Any]:
    """An account that nobody can be told by, suspended, and deleted so that it is purged in 30 days."""
    name = literal("erased-") + cast(users.c.id, Text)
    email = case((users.c.email.is_(None), null()), else_=name + literal("@invalid"))
    return {
        "username": name,
        "username_key": name,
        "email": email,
        "email_key": email,
        "display_name": "",
        "time_zone": "UTC",
        "annotations": {},
        "phone_number": null(),
        "scopes": [],
        "certificate_uris": [],
        "state": "SUSPENDED",
        "deleted_at": func.coalesce(users.c.deleted_at, func.now()),
        "purge_at": func.coalesce(users.c.purge_at, func.now() + RETENTION),
        "erased_at": func.coalesce(users.c.erased_at, func.now()),
    }


def _answers_about(requests: Table, user_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """What others were answered who wrote the account or its tasks; the second condition is that of the index."""
    return and_(requests.c.owner_ids.contains(array([user_id])), OWNED)


_ANSWERED = text("answer IS NOT NULL")  # the erasure's own claim has no answer yet, and is to get one
Treatment = Remove | Anonymise | Keep

POLICY: Mapping[str, Treatment] = {
    "users": Anonymise("id", _nobody),
    "tasks": Remove("owner_id"),  # before the projects that they refer to
    "projects": Remove("owner_id"),
    "tags": Remove("owner_id"),
    "owner_positions": Remove("owner_id"),
    "credentials": Remove("user_id"),
    "password_resets": Remove("user_id"),
    "sessions": Remove("user_id"),
    "api_keys": Remove("user_id"),
    "requests": Remove("caller_id", also=_answers_about, where=_ANSWERED),
    "audit_log": Keep("It holds ids and fixed words, and has to show for 365 days what was done."),
    "access_changes": Keep("It holds ids, for an hour."),
    "sign_in_attempts": Keep("Its keys are keyed hashes, which nobody reads back; it is purged by itself."),
    "signing_keys": Keep("It holds no personal data."),
    "schema_compatibility": Keep("It holds no personal data."),
}

EXPORTED: Mapping[str, Exported] = {
    "users": Exported(("id",), hidden=frozenset({"email_key", "username_key"})),
    "credentials": Exported(("user_id",), "user_id", frozenset({"password_hash"})),
    "password_resets": Exported(("user_id",), "user_id", frozenset({"token_hash"})),
    "sessions": Exported(("user_id",), hidden=frozenset({"token_hash", "parent_hash", "parent_spent"})),
    "api_keys": Exported(("user_id",), hidden=frozenset({"token_hash"})),
    "tasks": Exported(("owner_id",), hidden=frozenset({"search"})),
    "projects": Exported(("owner_id",)),
    "tags": Exported(("owner_id",), hidden=frozenset({"key"})),
    "requests": Exported(("caller_id",), "request_id", frozenset({"answer", "fingerprint", "owner_ids"})),
    "audit_log": Exported(("subject_id", "actor_id")),
}
