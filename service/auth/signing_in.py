"""SignIn: a place in the pool, the attempt is counted, the password compared, then one unit begins the session or not.

Who is refused learns nothing from it: for every account, and for none, there are the same statements and the same work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from persistence.database import Database
from persistence.unit_of_work import UnitOfWork
from service.auth.attempts import Attempts, Buckets, forgive
from service.auth.schemas import Login, Session, SessionTokens
from service.credentials.access_tokens import AccessTokens
from service.credentials.opaque_tokens import RefreshTokens
from service.credentials.passwords import Passwords
from service.errors import Unauthenticated
from service.fields import caseless
from service.identifiers import new_id
from service.identity import Caller, caller, current_method, current_source, current_user_agent


@dataclass(frozen=True, slots=True)
class Account:
    """Who signs in; without a hash where no password lets them in."""

    id: UUID
    password_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Beginning:
    """A session to begin for the one whose password was right, with the hash that this was seen by."""

    user_id: UUID
    session_id: UUID
    refresh_digest: bytes = field(repr=False)
    password_hash: str = field(repr=False)
    rehashed: str | None = field(repr=False)
    buckets: Buckets


class SigningIn:
    """Begins sessions."""

    def __init__(
        self,
        db: Database,
        passwords: Passwords,
        attempts: Attempts,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
    ) -> None:
        self._db = db
        self._passwords = passwords
        self._attempts = attempts
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens

    async def sign_in(self, login: Login) -> SessionTokens:
        """Raises Unauthenticated for everybody who is not let in, TooManyAttempts, HashingBusy."""
        key, password = caseless(login.login), login.password.get_secret_value()
        account = await self._db.look(_find_account, caller(), key)
        user_id, stored = (account.id, account.password_hash) if account else (None, None)
        buckets = self._attempts.at_sign_in(key, user_id)
        with self._passwords.place() as place:  # before the count: nobody waits for what was never compared
            await self._attempts.count(self._db, buckets)
            verdict = await self._passwords.verify(stored, password, place)
            rehashed = await self._passwords.hash(password, place) if verdict.rehash else None
        if user_id is None or stored is None or not verdict.matches:
            await self._db.change(_record_failure, caller(), user_id)
            raise Unauthenticated(noted=True)
        return await self._begin(user_id, stored, rehashed, buckets)

    async def _begin(self, user_id: UUID, stored: str, rehashed: str | None, buckets: Buckets) -> SessionTokens:
        """The tokens are made before the session is committed: nothing is left over where they cannot be."""
        session_id = new_id()
        access, expire = await self._access_tokens.issue(user_id, session_id)
        refresh, digest = self._refresh_tokens.make(session_id)
        beginning = Beginning(user_id, session_id, digest, stored, rehashed, buckets)
        session = await self._db.change(_begin_session, caller(), beginning)
        if session is None:
            raise Unauthenticated(noted=True)
        return SessionTokens(access, expire, refresh, session)


async def _find_account(uow: UnitOfWork, _caller: Caller, key: str) -> Account | None:
    row = await uow.credentials.get_by_login(key)
    if row is None:
        return None
    lets_in = row.state == "ACTIVE" and row.role != "SERVICE" and row.deleted_at is None
    return Account(row.id, row.password_hash if lets_in else None)


async def _record_failure(uow: UnitOfWork, _caller: Caller, user_id: UUID | None) -> None:
    await uow.audit.add("SIGN_IN_FAILED", None, user_id, method=current_method())


async def _begin_session(uow: UnitOfWork, caller: Caller, beginning: Beginning) -> Session | None:
    """None where the account changed while its password was compared: then it counts as a failure after all."""
    user_id, session_id = beginning.user_id, beginning.session_id
    stored = await _rehash(uow, beginning)
    origin = {"user_agent": current_user_agent(), "peer": current_source()}
    row = await uow.sessions.begin(session_id, user_id, stored, beginning.refresh_digest, **origin)
    if row is None:
        await _record_failure(uow, caller, user_id)
        return None
    await forgive(uow, beginning.buckets)
    await uow.audit.add("SIGN_IN", user_id, user_id, session_id, method=current_method())
    return Session.of(row)


async def _rehash(uow: UnitOfWork, beginning: Beginning) -> str:
    """The hash that must be the account's for the session to begin."""
    if beginning.rehashed is None:
        return beginning.password_hash
    await uow.credentials.replace(beginning.user_id, beginning.password_hash, beginning.rehashed)
    return beginning.rehashed
