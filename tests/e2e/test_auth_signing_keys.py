"""GetSigningKeys: whoever has the answer verifies access tokens without asking the service again."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256

import jwt
from google.protobuf.json_format import MessageToDict

from service.credentials.signing_keys import rotate_keys
from taxiway.v1 import auth_service_pb2 as pb
from tests.e2e.conftest import Service
from tests.e2e.faults.until import until
from tests.e2e.making import sign_in, with_password


async def published(service: Service) -> pb.GetSigningKeysResponse:
    nobody = await service.with_token(None)
    return await nobody.auth.GetSigningKeys(pb.GetSigningKeysRequest())


async def test_the_answer_as_json_is_a_key_set_that_verifies_the_tokens(service: Service) -> None:
    tokens = await sign_in(service, await with_password(service))
    answer = await published(service)
    keys = jwt.PyJWKSet.from_dict(MessageToDict(answer))
    kid = jwt.get_unverified_header(tokens.access_token)["kid"]
    assert kid == answer.keys[0].kid, "the one that signs now comes first"
    claims = jwt.decode(
        tokens.access_token, keys[kid], algorithms=["EdDSA"], issuer=answer.issuer, audience=answer.audience
    )
    assert tokens.session.name == f"users/{claims['sub']}/sessions/{claims['sid']}"


async def test_every_key_is_named_by_its_thumbprint_and_shows_its_public_half_alone(service: Service) -> None:
    answer = await published(service)
    assert len(answer.keys) == 2, "the current one and the next"
    for key in answer.keys:
        assert (key.kty, key.crv, key.alg, key.use) == ("OKP", "Ed25519", "EdDSA", "sig")
        members = json.dumps({"crv": key.crv, "kty": key.kty, "x": key.x}, separators=(",", ":"))
        assert urlsafe_b64encode(sha256(members.encode()).digest()).decode() == f"{key.kid}=", "RFC 7638"
    assert {field.name for field in pb.JsonWebKey.DESCRIPTOR.fields} == {"kty", "crv", "x", "kid", "alg", "use"}


async def test_after_a_rotation_the_next_key_signs_and_the_one_before_still_verifies(service: Service) -> None:
    before = [key.kid for key in (await published(service)).keys]
    await service.lifecycle.db.change(rotate_keys, None, False)

    async def rotated() -> bool:
        return (await published(service)).keys[0].kid == before[1]

    await until(rotated, 1.5)
    after = [key.kid for key in (await published(service)).keys]
    assert after[0] == before[1]
    assert after[1] not in before
    assert after[2] == before[0]
