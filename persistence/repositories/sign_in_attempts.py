"""Guessing: attempts are counted before a password is verified, and refused for longer and longer (ASVS 5.0, 6.3.1).

Each statement is composed of the constants of this file alone; what a caller sends is always a bound parameter.
"""

from datetime import timedelta

from sqlalchemy import LargeBinary, bindparam, text

from persistence.repositories.base import Repository

# Seconds after the attempt that reaches the limit: longer than a burst of parallel guesses takes to be counted. Each
# attempt after it doubles them, up to the longest, so that whoever guesses is slowed and nobody is locked out for good.
FIRST_BLOCK, LONGEST_BLOCK = 4, 900
KNOWN = timedelta(days=90)  # that a source has an allowance of its own for an account after a success
SHORTEST_WAIT = timedelta(milliseconds=1)  # where the block was over before anybody asked how long it lasts

# Where the source is known for the account it has an allowance of its own: a stranger cannot use it up.
_BUCKET = """
    CASE WHEN EXISTS (SELECT FROM sign_in_attempts WHERE key = :pair AND known_until > clock_timestamp())
    THEN :pair ELSE :account END"""


def _block(failures: str, limit: str) -> str:
    """For how long a row that has counted so many attempts refuses the next one."""
    return f"""CASE WHEN {failures} < {limit} THEN interval '0'
        ELSE least({FIRST_BLOCK} * 2 ^ least({failures} - {limit}, 10), {LONGEST_BLOCK}) * interval '1 second' END"""


def _counting(keys: str, limit: str) -> str:
    """One attempt more for the key, and RETURNING it; nothing where the key is blocked.

    Whoever came while it was blocked is refused, also after a wait for the row that outlasted the block; below the
    limit nobody is, however many wait for the row. A row that nobody touched for an hour past its block begins again.
    """
    return f"""
    INSERT INTO sign_in_attempts AS a (key, failures, blocked_until, expire_at)
    SELECT key, 1, clock_timestamp() + {_block("1", limit)}, clock_timestamp() + interval '1 day' FROM ({keys}) AS k
    ON CONFLICT (key) DO UPDATE SET (failures, blocked_until, expire_at) = (
        SELECT n, clock_timestamp() + {_block("n", limit)},
            greatest(clock_timestamp() + interval '1 day', a.known_until)
        FROM (SELECT CASE WHEN a.blocked_until < clock_timestamp() - interval '1 hour' THEN 1
            ELSE least(a.failures + 1, 1000000) END AS n) AS counted)
    WHERE a.failures < {limit} OR a.blocked_until <= statement_timestamp()
    RETURNING a.key"""  # noqa: S608 - see above


_KEYS = [bindparam(name, type_=LargeBinary) for name in ("account", "pair", "source")]
# Rows are locked in this order everywhere: the source, then the pair or the account.
_COUNT = text(f"""
    WITH source AS ({_counting("SELECT :source AS key", ":source_limit")}),
    bucket AS ({_counting(f"SELECT {_BUCKET} AS key FROM source", ":account_limit")})
    SELECT count(*) AS counted FROM bucket""").bindparams(*_KEYS)  # noqa: S608 - see above
_WAIT = text(f"""
    SELECT max(blocked_until) - clock_timestamp() AS wait FROM sign_in_attempts
    WHERE key IN (:source, {_BUCKET})""").bindparams(*_KEYS)  # noqa: S608 - see above
_FORGIVE = text("""
    WITH known AS (SELECT FROM sign_in_attempts WHERE key = :pair AND known_until > clock_timestamp()),
    source AS (
        UPDATE sign_in_attempts SET failures = greatest(failures - 1, 0),
            blocked_until = least(blocked_until, clock_timestamp()) WHERE key = :source RETURNING 1),
    pair AS (
        INSERT INTO sign_in_attempts (key, failures, blocked_until, known_until, expire_at)
        SELECT :pair, 0, clock_timestamp(), clock_timestamp() + :known, clock_timestamp() + :known
        FROM (SELECT count(*) FROM source) AS first
        ON CONFLICT (key) DO UPDATE SET failures = 0, blocked_until = clock_timestamp(),
            known_until = excluded.known_until, expire_at = excluded.expire_at
        RETURNING 1)
    UPDATE sign_in_attempts SET failures = 0, blocked_until = clock_timestamp()
    FROM (SELECT count(*) FROM pair) AS first WHERE key = :account AND NOT EXISTS (SELECT FROM known)""").bindparams(
    *_KEYS
)

_REMEMBER = text("""
    INSERT INTO sign_in_attempts (key, failures, blocked_until, known_until, expire_at)
    VALUES (:pair, 0, clock_timestamp(), clock_timestamp() + :known, clock_timestamp() + :known)
    ON CONFLICT (key) DO UPDATE SET known_until = excluded.known_until, expire_at = excluded.expire_at""").bindparams(
    bindparam("pair", type_=LargeBinary)
)


class SignInAttempts(Repository):
    """Keys are of 32 bytes: keyed hashes of what was typed as the account, of the source, and of both (the pair)."""

    __slots__ = ()

    async def count(
        self, account: bytes, pair: bytes, source: bytes, *, account_limit: int, source_limit: int
    ) -> timedelta | None:
        """None: the attempt is counted, verify it now. Else it is refused, and would be for that long.

        One statement decides, so that of any number of attempts at once no more than the limit are verified. An
        unknown account is counted like a known one: by the hash of what was typed.
        """
        keys: dict[str, object] = {"account": account, "pair": pair, "source": source}
        limits = {"account_limit": account_limit, "source_limit": source_limit}
        row = await self._made(_COUNT, {**keys, **limits})
        if row.counted:
            return None
        wait = (await self._made(_WAIT, keys)).wait
        return SHORTEST_WAIT if wait is None else max(wait, SHORTEST_WAIT)

    async def forgive(self, account: bytes, pair: bytes, source: bytes) -> None:
        """After a success: what it was counted by begins again, and the source's own attempt does not count.

        From now on the pair is known, and its attempts are counted apart from those of strangers, whose count goes on
        when the owner signs in from where it always does.
        """
        await self._run(_FORGIVE, {"account": account, "pair": pair, "source": source, "known": KNOWN})

    async def remember(self, pair: bytes) -> None:
        """The pair is known for 90 days from now; what was counted stays.

        For who has shown by other means than a password that the account is theirs.
        """
        await self._run(_REMEMBER, {"pair": pair, "known": KNOWN})
