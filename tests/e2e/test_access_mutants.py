"""The tests of access find what they are for: in a copy of the tree a check is taken out, and one of them fails."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.prove
ROOT = Path(__file__).parents[2]
COPIED = ("service", "persistence", "migrations", "tests", "protos", "pyproject.toml")
AUTHORIZE, AUTHENTICATE = "service/interceptors/authorize.py", "service/interceptors/authenticate.py"
TOKENS, PRINCIPALS = "service/credentials/access_tokens.py", "service/credentials/principals.py"
USERS = "service/users/drafts.py"


class Mutant(NamedTuple):
    """What stands in which file, what comes in its place, and which test is to fail then."""

    file: str
    before: str
    after: str
    test: str


MUTANTS = (
    Mutant(AUTHORIZE, ' or who.role == "ADMIN"', "", "matrix"),
    Mutant(AUTHORIZE, 'who.role == "ADMIN"', "True", "matrix"),
    Mutant(AUTHORIZE, 'who.role == "SERVICE"', "False", "matrix"),
    Mutant(AUTHORIZE, "declared.scope in who.scopes", "True", "matrix"),
    Mutant(AUTHORIZE, "declared.scope in who.scopes", "who.scopes != frozenset()", "matrix"),
    Mutant(AUTHORIZE, "declared.anonymous or ", "", "matrix"),
    Mutant(AUTHORIZE, "declared.authenticated or ", "", "matrix"),
    Mutant(AUTHORIZE, "owner == who.id", "True", "matrix"),
    Mutant(AUTHORIZE, "owner != ACROSS and owner == who.id", "owner in (ACROSS, who.id)", "matrix"),
    Mutant(AUTHORIZE, "return all(", "return any(", "matrix"),
    Mutant(AUTHORIZE, "if not _may(who, declared, owners, request):", "if False:", "matrix"),
    Mutant(AUTHENTICATE, "if anonymous:", "if True:", "matrix"),
    Mutant(AUTHENTICATE, "len(given) != 1 or ", "", "metadata"),
    Mutant(AUTHENTICATE, 'scheme.lower() != "bearer" or ', "", "metadata"),
    Mutant(AUTHENTICATE, "credential.user_id not in (None, principal.caller.id)", "False", "tokens_bad"),
    Mutant(AUTHENTICATE, "not hmac.compare_digest(principal.token_hash, credential.secret)", "False", "credentials"),
    Mutant(
        AUTHENTICATE,
        "await (self._while_it_holds(credential, proceed, call) if streams else proceed(call))",
        "await proceed(call)",
        "streams",
    ),
    Mutant(TOKENS, 'header.get("typ") != TYPE or ', "", "tokens_bad"),
    Mutant(TOKENS, ', "strict_aud": True', "", "tokens_bad"),
    Mutant(TOKENS, "issuer=self.issuer,", "", "tokens_bad"),
    Mutant(TOKENS, '"require": _CLAIMS, ', "", "tokens_bad"),
    Mutant(TOKENS, "LEEWAY = 30", "LEEWAY = 90", "tokens_times"),
    Mutant(TOKENS, "LEEWAY = 30", "LEEWAY = 10", "tokens_times"),
    Mutant(PRINCIPALS, 'row.state == "ACTIVE" and ', "", "credentials"),
    Mutant(PRINCIPALS, " and row.deleted_at is None", "", "credentials"),
    Mutant(PRINCIPALS, " and not row.expired", "", "credentials"),
    Mutant(PRINCIPALS, " & frozenset(row.user_scopes)", "", "credentials"),
    Mutant(PRINCIPALS, "self._entries.pop(key, None)", "pass", "revocation"),
    Mutant(PRINCIPALS, "if self._db.pulse.age > SILENCE:", "if False:", "silent_database"),
    Mutant(USERS, "if withheld & (selected.fields | selected.keys.keys()):", "if False:", "fields"),
    Mutant(USERS, "    if request.allow_missing:\n        _leaves_defaults(request.user)\n", "", "fields"),
    Mutant(USERS, "if fields(message, withheld) != fields(user_pb2.User(), withheld):", "if False:", "fields"),
)


def name_of(mutant: Mutant) -> str:
    return f"{mutant.before.strip()[:50]} -> {mutant.after[:50]}"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, place)
    return place


@pytest.fixture
def mutated(copy: Path, request: pytest.FixtureRequest) -> Iterator[Mutant]:
    mutant: Mutant = request.param
    path = copy / mutant.file
    whole = path.read_text()
    assert mutant.before in whole, "the check has another form now: write it here"
    path.write_text(whole.replace(mutant.before, mutant.after))
    yield mutant
    path.write_text(whole)


def run(copy: Path, test: str, server_url: str) -> int:
    """The exit code of the tests of one file, ended by the first that fails; on the server of this session."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not prove", "-p", "no:cacheprovider"]
    environment = {**os.environ, "TAXIWAY_TEST_DATABASE_URL": server_url, "PYTHONDONTWRITEBYTECODE": "1"}
    command.append(f"tests/e2e/test_access_{test}.py")
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, timeout=100, check=False).returncode


@pytest.mark.parametrize("mutated", MUTANTS, ids=name_of, indirect=True)
def test_a_check_that_is_taken_out_is_missed_by_a_test(copy: Path, mutated: Mutant, server_url: str) -> None:
    assert run(copy, mutated.test, server_url) == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize("test", ["matrix", "metadata"])
def test_the_copy_as_it_is_passes(copy: Path, test: str, server_url: str) -> None:
    """Else the failures would prove nothing."""
    assert run(copy, test, server_url) == pytest.ExitCode.OK
