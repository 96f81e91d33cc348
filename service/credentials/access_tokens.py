"""Access tokens: JSON Web Tokens (RFC 9068) signed with Ed25519, made for 10 minutes, checked without a database."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import jwt

from service.credentials.signing_keys import KeyRing
from service.errors import Unauthenticated
from service.identifiers import parse_uuid

LIFETIME = 600  # seconds
LEEWAY = 30  # seconds that clocks may differ
LONGEST = 2048  # characters of a token
REMEMBERED = 60  # seconds for which a verified token needs no second verification: one costs 0.2 ms
ROOM = 20_000  # tokens remembered at a time
TYPE = "at+jwt"
_ALGORITHM = "EdDSA"
_CLAIMS = ["iss", "aud", "sub", "jti", "iat", "exp", "sid"]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says that was verified; `expire` in seconds since 1970, the leeway included."""

    user_id: UUID
    session_id: UUID
    expire: float


class AccessTokens:
    """Tokens of one issuer for one audience."""

    def __init__(self, keys: KeyRing, issuer: str, audience: str) -> None:
        self._keys = keys
        self.issuer = issuer
        self.audience = audience
        self._verified: dict[bytes, tuple[Claims, str, float]] = {}

    async def issue(self, user_id: UUID, session_id: UUID) -> tuple[str, datetime]:
        """A token of the session, and when it ends. Raises PersistenceError where the keys cannot be read."""
        key = await self._keys.current()
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.audience, "sub": str(user_id), "sid": str(session_id)}
        times = {"jti": str(uuid4()), "iat": now, "exp": now + LIFETIME}
        headers = {"kid": key.kid, "typ": TYPE}
        token = jwt.encode(claims | times, key.private, algorithm=_ALGORITHM, headers=headers)
        return token, datetime.fromtimestamp(now, UTC) + timedelta(seconds=LIFETIME)

    async def verify(self, token: str) -> Claims:
        """Raises Unauthenticated for every fault alike, PersistenceError where the keys cannot be read."""
        digest, now = sha256(token.encode(errors="replace")).digest(), time.time()
        known = self._verified.get(digest)
        if known is not None and now < known[2] and await self._keys.find(known[1]) is not None:
            claims = known[0]
        else:
            claims = await self._verify(token, digest, now)
        if now >= claims.expire:
            raise Unauthenticated
        return claims

    async def _verify(self, token: str, digest: bytes, now: float) -> Claims:
        try:
            kid = _kid(token)
            key = await self._keys.find(kid)
            if key is None:
                raise Unauthenticated
            claims = _claims(self._decoded(token, key.public))
        except (jwt.PyJWTError, ValueError, TypeError):
            raise Unauthenticated from None
        if len(self._verified) >= ROOM:
            self._verified.clear()
        self._verified[digest] = (claims, kid, now + REMEMBERED)
        return claims

    def _decoded(self, token: str, key: object) -> dict[str, object]:
        decoded: dict[str, object] = jwt.decode(
            token,
            key,  # type: ignore[arg-type]  # an Ed25519 public key, which its union of key types has under another name
            algorithms=[_ALGORITHM],  # never what the header asks for
            audience=self.audience,
            issuer=self.issuer,
            leeway=LEEWAY,
            options={"require": _CLAIMS, "strict_aud": True},
        )
        return decoded


def _kid(token: str) -> str:
    """The header's key id. Raises ValueError where the header is not one of ours."""
    if len(token) > LONGEST:
        raise ValueError("too long")
    header = jwt.get_unverified_header(token)
    kid = header.get("kid")
    if header.get("typ") != TYPE or header.get("alg") != _ALGORITHM or not isinstance(kid, str):
        raise ValueError("not the header of an access token")
    return kid


def _claims(decoded: dict[str, object]) -> Claims:
    user_id, session_id = parse_uuid(str(decoded["sub"])), parse_uuid(str(decoded["sid"]))
    if user_id is None or session_id is None:
        raise ValueError("not ids of ours")
    return Claims(user_id, session_id, float(str(decoded["exp"])) + LEEWAY)
