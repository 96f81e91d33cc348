"""Sessions that go on: the tokens of one, and RefreshSession."""

from __future__ import annotations

from persistence.database import Database
from service.auth.attempts import Attempts
from service.auth.schemas import SessionTokens
from service.auth.usecases import Refresh, refresh_session
from service.credentials.access_tokens import AccessTokens
from service.credentials.opaque_tokens import RefreshTokens
from service.errors import Unauthenticated
from service.identity import caller


class Refreshing:
    """Answers new tokens for the newest one of a session."""

    def __init__(
        self, db: Database, attempts: Attempts, access_tokens: AccessTokens, refresh_tokens: RefreshTokens
    ) -> None:
        self._db = db
        self._attempts = attempts
        self._access_tokens = access_tokens
        self._refresh_tokens = refresh_tokens

    async def refresh(self, text: str) -> SessionTokens:
        """Raises Unauthenticated for every token that does not hold, whatever became of its session."""
        token = self._refresh_tokens.parse(text)
        if token is None:
            raise Unauthenticated
        successor, digest = self._refresh_tokens.make(token.session_id)
        session = await self._db.change(refresh_session, caller(), Refresh(token, digest, self._attempts.pair))
        if session is None:
            raise Unauthenticated(noted=True)
        access, expire = await self._access_tokens.issue(session.user_id, session.id)
        return SessionTokens(access, expire, successor, session)
