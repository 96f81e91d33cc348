"""Tells who calls, from the metadata and the client certificate alone."""

import asyncio
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from service import limits, tls
from service.call import Call, Context, Method, Step
from service.credentials import opaque_tokens
from service.credentials.access_tokens import AccessTokens
from service.credentials.principals import SILENCE, Key, Principals
from service.credentials.refusals import Refusals
from service.credentials.source import Network, source
from service.credentials.usage import Usage
from service.errors import MetadataTooLarge, Unauthenticated
from service.identity import ANONYMOUS, Caller, caller, set_caller, set_origin

HEADER = "authorization"
USER_AGENT = 200  # code points that a session keeps of it


@dataclass(frozen=True, slots=True)
class Credential:
    """What proved who calls: what it is looked up by, and the moment (seconds since 1970) when it ends by itself."""

    key: Key
    user_id: UUID | None = None  # whom an access token was made for
    expire: float = float("inf")
    secret: bytes = b""  # digest of an API key's


@dataclass(frozen=True, slots=True)
class Authenticate:
    """The concern: metadata in bounds, then the caller, then the call; a stream ends when its credential does."""

    access_tokens: AccessTokens
    principals: Principals
    usage: Usage
    refusals: Refusals
    trusted: Sequence[Network]
    now: Callable[[], float]

    def __call__(self, method: Method, proceed: Step) -> Step:
        anonymous = method.access is not None and method.access.anonymous
        streams = method.client_streaming or method.server_streaming
        name = f"{method.service}/{method.name}"

        async def authenticated(call: Call) -> bytes | None:
            metadata = call.context.invocation_metadata() or ()
            if _size(metadata) > limits.METADATA_BYTES:
                raise MetadataTooLarge(f"The call's metadata is larger than {limits.METADATA_BYTES} bytes; send less.")
            # Not the context: work goes on after a caller has given up, and gRPC has freed what the context stands for.
            peer = call.context.peer()
            set_origin(partial(_origin, peer, metadata, self.trusted))
            if self.trusted:
                call.source = source(peer, metadata, self.trusted)
            if anonymous:
                set_caller(ANONYMOUS)
                return await proceed(call)
            credential = await self._identify(call, metadata, name)
            return await (self._while_it_holds(credential, proceed, call) if streams else proceed(call))

        return authenticated

    async def _identify(self, call: Call, metadata: Iterable[Any], method: str) -> Credential:
        credential = None
        try:
            credential = await self._credential(call.context, metadata)
            caller = await self._caller(credential)
        except Unauthenticated as refusal:
            known = credential.user_id if credential else None  # its token is ours, and holds no more
            self.refusals.note("AUTHENTICATION_FAILED", known, method, refusal.reason)
            raise
        set_caller(caller)
        call.caller_id = str(caller.id)
        self.usage.seen(caller)
        return credential

    async def _credential(self, context: Context, metadata: Iterable[Any]) -> Credential:
        given = [value for key, value in metadata if key == HEADER]
        if not given:
            uris = tls.peer_uris(context)
            if not uris:
                raise Unauthenticated
            return Credential(("certificate", uris))
        token = _bearer(given)
        if token.startswith("twk_"):
            opaque = opaque_tokens.parse("twk_", token)
            if opaque is None:
                raise Unauthenticated
            return Credential(("api_key", opaque.row_id), secret=opaque_tokens.digest(opaque.secret))
        claims = await self.access_tokens.verify(token)
        return Credential(("session", claims.session_id), claims.user_id, claims.expire)

    async def _caller(self, credential: Credential) -> Caller:
        principal = await self.principals.find(credential.key)
        if not hmac.compare_digest(principal.token_hash, credential.secret) or self.now() >= credential.expire:
            raise Unauthenticated
        if credential.user_id not in (None, principal.caller.id):
            raise Unauthenticated
        return principal.caller

    async def _while_it_holds(self, credential: Credential, proceed: Step, call: Call) -> bytes | None:
        """A stream outlives many checks: it ends within a second of what let it in."""
        lost: list[Exception] = []
        try:
            async with asyncio.timeout(None) as scope:
                watch = asyncio.create_task(self._watch(credential, call.context, scope, lost))
                try:
                    return await proceed(call)
                finally:
                    watch.cancel()
                    await asyncio.wait((watch,))
        except TimeoutError:
            if not lost:
                raise
            raise lost[0] from None

    async def _watch(
        self, credential: Credential, context: Context, scope: asyncio.Timeout, lost: list[Exception]
    ) -> None:
        while True:
            await self.principals.news(max(0.0, min(SILENCE, credential.expire - self.now())))
            try:
                _check_unchanged(await self._caller(credential), credential, context)
            except Exception as reason:  # noqa: BLE001 - whatever it is, the stream ends with it
                lost.append(reason)
                scope.reschedule(asyncio.get_running_loop().time())
                return


def _check_unchanged(now: Caller, credential: Credential, context: Context) -> None:
    """Who began a stream with another role or other scopes begins it again. A certificate ends by itself, too."""
    kind, uris = credential.key
    if now != caller() or (kind == "certificate" and tls.peer_uris(context) != uris):
        raise Unauthenticated


def _bearer(given: Sequence[Any]) -> str:
    """RFC 6750: one header, one scheme, one token. Two headers are nobody's, lest a proxy reads the other one."""
    scheme, _, token = str(given[0]).partition(" ")
    if len(given) != 1 or scheme.lower() != "bearer" or not token:
        raise Unauthenticated
    return token


def _size(metadata: Iterable[Any]) -> int:
    return sum(len(key) + len(value) for key, value in metadata)


def _origin(peer: str, metadata: Iterable[Any], trusted: Sequence[Network]) -> tuple[str, str]:
    agents = [str(value) for key, value in metadata if key == "user-agent"]
    agent = "".join(character for character in "".join(agents[:1]) if character.isprintable())
    return source(peer, metadata, trusted), agent[:USER_AGENT]
