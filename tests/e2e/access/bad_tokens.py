"""Tokens that do not hold, each wrong in one thing: a text, or what makes one for an account."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID, uuid4

from service.credentials import opaque_tokens
from service.credentials.opaque_tokens import RefreshTokens
from tests.e2e.access.forging import WITHOUT, Forge, base64url, part
from tests.e2e.conftest import KEYS

LONG = "x" * 3000
THUMBPRINT = base64url(bytes(32))
NEEDED = ("iss", "aud", "sub", "jti", "sid", "iat", "exp")


def _with(name: str, value: object, made: Forge) -> str:
    return made.with_claims(**{name: value})


def _swapped(made: Forge) -> str:
    """Claims that nobody signed, between a header and a signature that are in order."""
    header, _, signature = made.token().split(".")
    return f"{header}.{part(made.claims(sub=str(made.other.id), sid=str(made.other.credential_id)))}.{signature}"


ALGORITHMS: dict[str, Callable[[Forge], str]] = {
    "none": lambda made: made.unsigned("none"),
    "None, as others spell it": lambda made: made.unsigned("NoNe"),
    "none, with our signature": lambda made: made.unsigned("none", made.token().rpartition(".")[2]),
    "EdDSA without a signature": lambda made: made.unsigned("EdDSA"),
    "HS256 by the public key as PEM": lambda made: made.with_mac(made.pem),
    "HS256 by the public key": lambda made: made.with_mac(made.public.public_bytes_raw()),
    "HS256 by the public key in base64url": lambda made: made.with_mac(made.jwk()["x"].encode()),
    "HS256 by the key's document": lambda made: made.with_mac(json.dumps(made.jwk()).encode()),
    "HS256 by nothing": lambda made: made.with_mac(b""),
    "HS256 under the name of EdDSA": lambda made: made.with_mac(made.pem, "EdDSA"),
    "Ed25519, its name in RFC 9864": lambda made: made.with_header(alg="Ed25519"),
    "RS256": lambda made: made.with_header(alg="RS256"),
    "no algorithm": lambda made: made.with_header(alg=WITHOUT),
}
KEY_IDS: dict[str, Callable[[Forge], str]] = {
    "unknown": lambda made: made.with_header(kid=THUMBPRINT),
    "none": lambda made: made.with_header(kid=WITHOUT),
    "empty": lambda made: made.with_header(kid=""),
    "null": lambda made: made.with_header(kid=None),
    "number": lambda made: made.with_header(kid=1),
    "list": lambda made: made.with_header(kid=[made.kid]),
    "path": lambda made: made.with_header(kid="../../../../dev/null"),
    "file": lambda made: made.with_header(kid="file:///etc/passwd"),
    "SQL": lambda made: made.with_header(kid=f"{made.kid}' OR '1'='1"),
    "U+0000": lambda made: made.with_header(kid=f"{made.kid}\x00"),
    "long": lambda made: made.with_header(kid=LONG),
    "in other case": lambda made: made.with_header(kid=made.kid.swapcase()),
    "ours on a stranger's signature": lambda made: made.by_stranger(),
    "a stranger's own key in the header": lambda made: made.by_stranger(jwk=True),
    "a stranger's own key and no id": lambda made: made.by_stranger(jwk=True, kid=WITHOUT),
    "a stranger's set of keys": lambda made: made.by_stranger(jku="http://127.0.0.1:1/keys.json"),
    "a stranger's certificate": lambda made: made.by_stranger(x5u="http://127.0.0.1:1/cert.pem", x5c=["AA=="]),
}
FORMS: dict[str, Callable[[Forge], str]] = {
    "an ID token": lambda made: made.with_header(typ="JWT"),
    "no type": lambda made: made.with_header(typ=WITHOUT),
    "type of a client assertion": lambda made: made.with_header(typ="client-authentication+jwt"),
    "type as a list": lambda made: made.with_header(typ=["at+jwt"]),
    "critical extension": lambda made: made.with_header(crit=["taxiway"], taxiway=True),
    "critical expiry": lambda made: made.with_header(crit=["exp"], exp=1),
    "unencoded payload": lambda made: made.with_header(b64=False, crit=["b64"]),
    "header of a list": lambda made: f"{part([made.header()])}.{part(made.claims())}.AAAA",
    "claims of a list": lambda made: made.token(claims=[made.claims()]),
    "claims of a text": lambda made: made.token(claims="sub"),
    "two parts": lambda made: made.token().rpartition(".")[0],
    "four parts": lambda made: f"{made.token()}.AAAA",
    "five parts, as an encrypted one": lambda made: f"{made.token()}.AAAA.AAAA",
    "cut off": lambda made: made.token()[:-4],
    "another signature": lambda made: f"{made.token().rpartition('.')[0]}.{base64url(bytes(64))}",
    "the claims of another": _swapped,
    "long": lambda made: made.with_claims(note=LONG),
}
CLAIMS: dict[str, Callable[[Forge], str]] = {
    **{f"no {name}": partial(_with, name, WITHOUT) for name in NEEDED},
    **{f"{name} is null": partial(_with, name, None) for name in NEEDED},
    "another audience": lambda made: made.with_claims(aud="another"),
    "audience in other case": lambda made: made.with_claims(aud="Taxiway"),
    "audience as a list": lambda made: made.with_claims(aud=["taxiway"]),
    "audience among others": lambda made: made.with_claims(aud=["another", "taxiway"]),
    "another issuer": lambda made: made.with_claims(iss="https://accounts.example.com"),
    "issuer as a list": lambda made: made.with_claims(iss=["taxiway"]),
    "expiry as a text": lambda made: made.with_claims(exp="never"),
    "expiry beyond all time": lambda made: made.with_claims(exp=float("inf")),
    "expiry that is no number": lambda made: made.with_claims(exp=float("nan")),
    "expiry as a list": lambda made: made.with_claims(exp=[9_999_999_999]),
    "expired long ago": lambda made: made.with_claims(exp=0),
    "not yet valid": lambda made: made.with_claims(nbf=9_999_999_999),
    "issued in the far future": lambda made: made.with_claims(iat=9_999_999_999),
    "issued at a text": lambda made: made.with_claims(iat="now"),
    "an account that there is not": lambda made: made.with_claims(sub=str(uuid4())),
    "an account of another form": lambda made: made.with_claims(sub=f"users/{made.account.id}"),
    "an account in upper case": lambda made: made.with_claims(sub=str(made.account.id).upper()),
    "an account as a list": lambda made: made.with_claims(sub=[str(made.account.id)]),
    "a session that there is not": lambda made: made.with_claims(sid=str(uuid4())),
    "a session of another form": lambda made: made.with_claims(sid=made.account.credential_id.hex),
    "a session of another account": lambda made: made.with_claims(sid=str(made.other.credential_id)),
    "an account of another session": lambda made: made.with_claims(sub=str(made.other.id)),
}
OPAQUE: dict[str, Callable[[Forge], str]] = {
    "refresh token": lambda made: RefreshTokens(KEYS.values).make(made.account.credential_id)[0],
    "reset token": lambda made: opaque_tokens.make("twp_", made.account.id, bytes(16)),
    "the session as an API key": lambda made: opaque_tokens.make("twk_", made.account.credential_id, bytes(32)),
    "the account as an API key": lambda made: opaque_tokens.make("twk_", made.account.id, bytes(32)),
}
UNKNOWN_KEY = opaque_tokens.make("twk_", UUID(int=1), bytes(32))
TEXTS: dict[str, str] = {
    "a word": "secret",
    "dots": "..",
    "no base64": "!.!.!",
    "unknown API key": UNKNOWN_KEY,
    "API key, cut off": UNKNOWN_KEY[:-1],
    "API key with another end": f"{UNKNOWN_KEY[:-1]}{'0' if UNKNOWN_KEY[-1] != '0' else '1'}",
    "prefix alone": "twk_",
    "prefix and no base62": f"twk_{'-' * 70}",
    "prefix and much": f"twk_{LONG}",
    "prefix in other case": UNKNOWN_KEY.replace("twk_", "TWK_"),
}
KINDS: dict[str, Mapping[str, str | Callable[[Forge], str]]] = {
    "alg": ALGORITHMS,
    "kid": KEY_IDS,
    "form": FORMS,
    "claims": CLAIMS,
    "opaque": OPAQUE,
    "text": TEXTS,
}
CASES: dict[str, str | Callable[[Forge], str]] = {
    f"{kind}: {name}": case for kind, cases in KINDS.items() for name, case in cases.items()
}
