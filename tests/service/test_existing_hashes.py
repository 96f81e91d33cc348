"""A hash made elsewhere is taken over where it can be verified, at a cost that leaves room for others."""

import bcrypt
import pytest
from argon2 import PasswordHasher

from service.credentials.existing_hashes import fault
from service.credentials.passwords import Passwords

ARGON2 = "$argon2id$v=19$m=64,t=1,p=1$" + "c2FsdHNhbHRzYWx0c2FsdA$" + "A" * 43
BCRYPT = "$2b$04$" + "." * 53


def argon2(**changed: int) -> str:
    cost = {"m": 1024, "t": 1, "p": 1} | changed
    return ARGON2.replace("m=64,t=1,p=1", ",".join(f"{name}={value}" for name, value in cost.items()))


def test_what_the_libraries_make_is_taken() -> None:
    assert fault(PasswordHasher(time_cost=1, memory_cost=64, parallelism=2).hash("password")) is None
    assert fault(bcrypt.hashpw(b"password", bcrypt.gensalt(4)).decode()) is None
    assert fault(ARGON2.replace("$v=19", "")) is None  # as version 1.0 was written


@pytest.mark.parametrize(
    ("most", "more"), [({"m": 262144}, {"m": 262145}), ({"t": 10}, {"t": 11}), ({"p": 8}, {"p": 9})]
)
def test_argon2_is_taken_up_to_its_highest_cost(most: dict[str, int], more: dict[str, int]) -> None:
    assert fault(argon2(**most)) is None
    assert "m=262144, t=10, p=8" in str(fault(argon2(**more)))


def test_bcrypt_is_taken_from_cost_4_to_14() -> None:
    taken = [cost for cost in range(100) if fault(BCRYPT.replace("04", f"{cost:02}")) is None]
    assert taken == list(range(4, 15))


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "$1$salt$hash",
        "$6$salt$hash",
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "{SSHA}hash",
        "pbkdf2_sha256$600000$salt$hash",
        " " + ARGON2,
        ARGON2 + "\n",
        ARGON2 + "=",
        ARGON2.replace("argon2id", "argon2x"),
        ARGON2.replace("v=19", "v=20"),
        ARGON2.replace("m=64", "m=\u0666\u0664"),
        ARGON2.replace("m=64", "m=064"),
        ARGON2.replace("m=64", "m=7"),
        ARGON2.replace("m=64,t=1,p=1", "m=15,t=1,p=2"),
        ARGON2.replace("m=64,t=1", "t=1,m=64"),
        ARGON2.replace("p=1", "p=1,keyid=AAAA"),
        ARGON2.replace("A" * 43, "A" * 20),
        ARGON2.replace("A" * 43, "A" * 87),
        ARGON2.replace("A" * 43, "A" * 41),  # no number of bytes has so many characters
        ARGON2.replace("c2FsdHNhbHRzYWx0c2FsdA", "c2FsdHNhbA"),
        ARGON2.replace("c2FsdHNhbHRzYWx0c2FsdA", "A" * 87),
        ARGON2.replace("A" * 43, "A" * 42 + "B"),
        BCRYPT + ".",
        BCRYPT[:-1],
        BCRYPT[:-1] + "/",
        BCRYPT.replace("$2b$", "$2x$"),
        BCRYPT.replace("$04$", "$4$"),
    ],
)
def test_what_is_no_such_hash_is_refused_and_not_repeated(stored: str) -> None:
    said = fault(stored)
    assert said is not None
    assert said.startswith("must ")
    assert not stored or stored not in said


@pytest.mark.parametrize("whole", [ARGON2.replace("m=64", "m=8"), BCRYPT], ids=["argon2", "bcrypt"])
async def test_what_is_taken_is_verified_without_an_error(whole: str) -> None:
    """Each character replaced by others, where that leaves the cost what it is: almost all of these are damaged."""
    passwords = Passwords(8, 1, 1, threads=1, waiting=0)
    places = [place for place, character in enumerate(whole) if place > len(whole) - 20 or not character.isdigit()]
    changed = {whole[:place] + other + whole[place + 1 :] for place in places for other in "$./+=CcOQweu"}
    taken = sorted(stored for stored in changed if fault(stored) is None)
    assert 100 < len(taken) < len(changed) * 0.9
    for stored in taken:
        assert not (await passwords.verify(stored, "not it")).matches
    passwords.close()
