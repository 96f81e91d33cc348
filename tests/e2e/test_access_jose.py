"""Another service verifies access tokens offline, by what GetSigningKeys answers and a library that is not ours."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict

from service.credentials.signing_keys import rotate_keys
from taxiway.v1.auth_service_pb2 import GetSigningKeysRequest
from tests.e2e.access.forging import forge
from tests.e2e.accounts import accounts_in
from tests.e2e.conftest import Service

pytestmark = pytest.mark.prove  # it asks a registry for the library
SCRIPT = Path(__file__).parent / "access/verify.mjs"
Verify = Callable[..., list[dict[str, str]]]


@pytest.fixture(scope="module")
def verify(tmp_path_factory: pytest.TempPathFactory) -> Verify:
    """Runs the script beside the npm package `jose`, which is installed for these tests."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed")
    place = tmp_path_factory.mktemp("jose")
    shutil.copy(SCRIPT, place)
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(place / "cache"), "jose@6"]
    installed = _run(command, place, "")
    if installed.returncode != 0:
        pytest.skip(f"npm cannot install jose: {installed.stderr[-300:]}")

    def verified(*cases: dict[str, Any]) -> list[dict[str, str]]:
        done = _run([node, SCRIPT.name], place, json.dumps(cases))
        assert done.returncode == 0, done.stderr
        answers: list[dict[str, str]] = json.loads(done.stdout)
        return answers

    return verified


def _run(command: list[str], place: Path, given: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NODE_ENV": "production"}
    return subprocess.run(
        command, cwd=place, input=given, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


async def keys_of(service: Service) -> dict[str, Any]:
    """The answer as JSON, which is a JSON Web Key Set with two members more."""
    answer: dict[str, Any] = MessageToDict(await service.auth.GetSigningKeys(GetSigningKeysRequest()))
    return answer


async def test_an_access_token_is_verified_offline_and_nothing_else_is(service: Service, verify: Verify) -> None:
    made, keys = await forge(service), await keys_of(service)
    issued, _ = await service.accounts.tokens.issue(made.account.id, made.account.credential_id)
    case = {"token": issued, "keys": keys, "issuer": keys["issuer"], "audience": keys["audience"]}
    answers = verify(
        case,
        case | {"audience": "another"},
        case | {"issuer": "another"},
        case | {"token": made.by_stranger()},
        case | {"token": made.with_header(typ="JWT")},
        case | {"token": made.with_claims(exp=1)},
        case | {"token": issued[:-8] + "AAAAAAAA"},
    )
    assert answers == [
        {"subject": str(made.account.id)},
        {"error": "ERR_JWT_CLAIM_VALIDATION_FAILED"},
        {"error": "ERR_JWT_CLAIM_VALIDATION_FAILED"},
        {"error": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"},
        {"error": "ERR_JWT_CLAIM_VALIDATION_FAILED"},
        {"error": "ERR_JWT_EXPIRED"},
        {"error": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"},
    ]


async def test_keys_that_were_read_before_a_rotation_verify_tokens_from_before_and_after(
    service: Service, verify: Verify
) -> None:
    keys = await keys_of(service)
    account = await service.accounts.make("USER")
    await service.lifecycle.db.change(rotate_keys, None, False)
    later, _ = await accounts_in(service.lifecycle.db).tokens.issue(account.id, account.credential_id)
    case = {"keys": keys, "issuer": keys["issuer"], "audience": keys["audience"]}
    answers = verify(case | {"token": account.token}, case | {"token": later})
    assert answers == [{"subject": str(account.id)}] * 2
