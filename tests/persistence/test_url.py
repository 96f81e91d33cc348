"""The address of the database: libpq's forms are understood, and what is wrong is one sentence without a secret."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import engine
from persistence.url import UrlError, parse

SECRET = "Tr0ub4dor-canary"
SEEDED = settings(derandomize=True, deadline=None)
BEFORE = f"postgresql://me:{SECRET}@db.example"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_each_scheme_means_asyncpg(scheme: str) -> None:
    found = parse(f"{scheme}://me:p%40ss@db.example:6432/taxi%20way")
    assert found.url.drivername == "postgresql+asyncpg"
    assert (found.url.username, found.url.password) == ("me", "p@ss")
    assert (found.url.host, found.url.port, found.url.database) == ("db.example", 6432, "taxi way")
    assert found.connect_args == {}


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("sslmode=require", {"ssl": "require"}),
        ("ssl=verify-full", {"ssl": "verify-full"}),
        ("sslmode=disable", {"ssl": "disable"}),
        ("connect_timeout=7", {"timeout": 7.0}),
        ("connect_timeout=0", {"timeout": None}),
        ("application_name=my%20app", {"server_settings": {"application_name": "my app"}}),
        (
            "options=-c%20jit%3Doff%20--search-path%3Da%5C%20b",
            {"server_settings": {"jit": "off", "search_path": "a b"}},
        ),
        ("options=-cjit=off&application_name=a", {"server_settings": {"jit": "off", "application_name": "a"}}),
        ("target_session_attrs=read-write", {"target_session_attrs": "read-write"}),
        ("passfile=%2Fhome%2Fme%2F.pgpass", {"passfile": "/home/me/.pgpass"}),
        ("channel_binding=prefer&gssencmode=disable", {}),
        ("", {}),
    ],
)
def test_parameters_become_arguments_of_asyncpg(query: str, arguments: dict[str, object]) -> None:
    assert parse(f"{BEFORE}/db?{query}").connect_args == arguments


@pytest.mark.parametrize(
    ("place", "hosts", "ports"),
    [
        ("a:1,b:2/db", ["a", "b"], [1, 2]),
        ("a,b/db", ["a", "b"], [5432, 5432]),
        ("[::1]:1,[fe80::1]/db", ["::1", "fe80::1"], [1, 5432]),
        ("/db?host=a,b&port=1,2", ["a", "b"], [1, 2]),
        ("/db?host=a,b&port=7", ["a", "b"], [7, 7]),
        ("/db?host=/var/run/my%20sockets&port=7", ["/var/run/my sockets"], [7]),
        ("%2Fvar%2Frun/db", ["/var/run"], [5432]),
        ("/db?host=/with:colon", ["/with:colon"], [5432]),
    ],
)
def test_several_hosts_and_sockets_go_to_asyncpg_as_they_are(place: str, hosts: list[str], ports: list[int]) -> None:
    found = parse(f"postgresql://{place}")
    assert found.connect_args == {"host": hosts, "port": ports}
    assert found.url.host is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{BEFORE}/db", "db.example:5432/db"),
        ("postgresql:///db", "localhost:5432/db"),
        ("postgresql://a:1,b:2/db", "a:1,b:2/db"),
        ("postgresql:///db?host=/run/pg", "/run/pg:5432/db"),
        ("postgresql://[::1]/db", "::1:5432/db"),
    ],
)
def test_the_place_is_told_without_the_account(text: str, shown: str) -> None:
    assert str(parse(text)) == shown


def test_a_plus_is_a_plus_to_libpq_and_a_space_to_sqlalchemy() -> None:
    assert parse("postgresql://h/db?application_name=a+b").connect_args == {
        "server_settings": {"application_name": "a+b"}
    }
    written_by_sqlalchemy = "postgresql+asyncpg://h/db?application_name=a+b"
    assert parse(written_by_sqlalchemy).connect_args == {"server_settings": {"application_name": "a b"}}


def test_neither_repr_nor_text_shows_the_password() -> None:
    found = parse(f"postgresql://h/db?user=me&password={SECRET}")
    assert found.url.password == SECRET
    assert SECRET not in f"{found} {found!r}"


WRONG = [
    ("mysql://me:{}@h/db", "must begin with"),
    ("{}", "must begin with"),
    ("postgresql://me:{}@h", "names no database"),
    ("postgresql://me:{}@h/", "names no database"),
    ("postgresql://me:{}@h/db?pool_size=3", "unknown parameter pool_size"),
    ("postgresql://me:{}@h/db?service=main", "unknown parameter service"),
    ("postgresql://me:{}@h/db?%00=1", "unknown parameter of unreadable name"),
    ("postgresql://me:{}@h/db?sslmode", "must be name=value"),
    ("postgresql://me:{}@h:port/db", "port in"),
    ("postgresql://me:{}@h:0/db", "port in"),
    ("postgresql://me:{}@h:65536/db", "port in"),
    ("postgresql://me:{}@h:٥٤٣٢/db", "port in"),
    ("postgresql://me:{}@a,b/db?port=1,2,3", "port in"),
    ("postgresql://me:{}@a:1/db?port=2", "port in"),
    ("postgresql://me:{}@a,,b/db", "empty place"),
    ("postgresql://me:{}@::1/db", "stands in brackets"),
    ("postgresql://me:{}@h/db?sslmode=on", "sslmode in"),
    ("postgresql://me:{}@h/db?sslmode=require&ssl=require", "sslmode twice"),
    ("postgresql://me:{}@h/db?sslmode=require&sslmode=require", "sslmode twice"),
    ("postgresql://me:{}@h/db?dbname=other", "dbname twice"),
    ("postgresql://me:{}@h/db?host=other", "host twice"),
    ("postgresql://me:{}@h/db?sslrootcert=/missing", "sslrootcert in"),
    ("postgresql://me:{}@h/db?sslmode=verify-full&sslrootcert=/missing", "cannot be used: No such file or directory"),
    ("postgresql://me:{}@h/db?sslmode=require&sslrootcert=system", "sslmode=verify-full"),
    ("postgresql://me:{}@h/db?sslmode=verify-ca&sslcert=/missing", "needs sslrootcert"),
    ("postgresql://me:{}@h/db?sslmode=require&sslkey=/missing", "sslkey in the database URL needs sslcert"),
    ("postgresql://me:{}@h/db?connect_timeout=soon", "connect_timeout in"),
    ("postgresql://me:{}@h/db?options=-W", "options in"),
    ("postgresql://me:{}@h/db?options=-c%20a", "options in"),
    ("postgresql://me:{}@h/db?target_session_attrs=master", "target_session_attrs in"),
    ("postgresql://me:{}@h/db?channel_binding=require", "channel_binding in"),
    ("postgresql://me:{}@h/db%00", "dbname in the database URL holds a character"),
    ("postgresql://me:{}%00@h/db", "password in the database URL holds a character"),
    ("postgresql://me:{}@h/db?application_name=\ud800", "application_name in the database URL holds a character"),
    ("postgresql://me:x/{}@h/db", "as %40 %2F %3F %23"),
    ("postgresql://me:x?{}=1@h/db", "as %40 %2F %3F %23"),
    ("postgresql://h/db?password={}&user=me@h", "as %40 %2F %3F %23"),
    ("postgresql://h/db?password={}&connect_timeout=%40", "connect_timeout in"),
]


@pytest.mark.parametrize(("address", "sentence"), WRONG)
def test_what_is_wrong_is_one_sentence_without_the_password(address: str, sentence: str) -> None:
    with pytest.raises(UrlError, match=re.escape(sentence)) as refused:
        parse(address.format(SECRET))
    told = str(refused.value)
    assert SECRET not in told
    assert told.endswith(".")
    assert "\n" not in told


@SEEDED
@given(st.text() | st.text().map(lambda rest: f"postgresql://{rest}"))
@example("postgresql://@[/?host=//,&port=,")
def test_no_text_makes_anything_but_an_address_or_a_sentence(address: str) -> None:
    assert SECRET not in answer_to(address)


PARAMETERS = [
    "host",
    "port",
    "options",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "connect_timeout",
    "user",
    "passfile",
    "x",
]
VALUES = st.text(max_size=8) | st.sampled_from(["require", "verify-full", "-c a=b", "/", "a,b", "1,2", "%00", "system"])
QUERY = st.lists(st.tuples(st.sampled_from(PARAMETERS), VALUES), max_size=3)
PLACE = st.text(alphabet="ab:@/[]%,0145 \x00é", max_size=12)


@SEEDED
@given(PLACE, QUERY)
def test_no_parameters_make_anything_but_an_address_or_a_sentence(place: str, query: list[tuple[str, str]]) -> None:
    given_query = "&".join(f"{name}={value}" for name, value in query)
    assert SECRET not in answer_to(f"postgresql://me:{SECRET}@{place}/db?{given_query}")


def answer_to(address: str) -> str:
    try:
        found = parse(address)
    except UrlError as refused:
        return str(refused)
    assert found.url.database
    return f"{found} {found!r}"


async def test_a_real_server_takes_what_was_translated(shared_database_url: str) -> None:
    more = (
        "connect_timeout=5&application_name=taxi%20test&options=-c%20lock_timeout%3D777ms&target_session_attrs=primary"
    )
    joined = "&" if "?" in shared_database_url else "?"
    single = engine.single(parse(f"{shared_database_url}{joined}{more}"))
    async with single.connect() as connection:
        assert await shown(connection, "application_name") == "taxi test"
        assert await shown(connection, "lock_timeout") == "777ms"
    await single.dispose()


async def shown(connection: AsyncConnection, name: str) -> object:
    return await connection.scalar(text(f"SHOW {name}"))
