"""How long a refused sign-in takes, by kind of account: `python -m benchmarks.sign_in`.

Interleaves tries over five kinds of account whose sign-in is refused, in an order drawn anew for each round, so that
whatever slows the machine down slows all kinds alike. The medians must be within 1 ms of each other: else the time
tells a stranger which accounts exist (OWASP ASVS 6.3.8). Passwords are hashed with little memory, so that the rest of
the work, which could differ, is not lost in the time of the hash.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from statistics import median, quantiles

import grpc

from benchmarks.stage import database, service
from service.secret_key import SecretKeys
from taxiway.v1 import auth_service_pb2 as auth_pb
from taxiway.v1.auth_service_pb2_grpc import AuthServiceStub
from tests.e2e.accounts import Accounts, accounts

KINDS = ("wrong password", "unknown", "suspended", "deleted", "without a password")
PASSWORD = "five geese fly home"  # noqa: S105 - of accounts that are made up here
SETTINGS = {"ARGON2_MEMORY": "8192", "ARGON2_TIME": "1", "SIGN_IN_LIMIT": "1000"}
WITHIN = 0.001  # seconds

Times = dict[str, list[float]]


def measure(tries: int) -> Times:
    """Seconds of each try, by kind."""
    with database() as url, service(url, **SETTINGS) as server:
        return asyncio.run(_measure(url, server.address, tries))


async def _measure(url: str, address: str, tries: int) -> Times:
    async with accounts(url, SecretKeys((bytes(32),))) as made:
        logins = await _logins(made)
    async with grpc.aio.insecure_channel(address) as channel:
        return await _times(AuthServiceStub(channel), logins, tries)


async def _logins(made: Accounts) -> dict[str, str]:
    """A login of each kind; those that exist, but for the last, have PASSWORD."""
    found = {"unknown": "nobody-of-this-name"}
    for kind in KINDS:
        if kind not in found:
            account = await made.make("USER")
            found[kind] = f"u{account.id.hex}"
            await made.prepare(account, password=None if kind == "without a password" else PASSWORD, state=kind)
    return found


async def _times(stub: AuthServiceStub, logins: dict[str, str], tries: int) -> Times:
    draw, times = random.Random(6), {kind: list[float]() for kind in KINDS}
    for round_number in range(tries // len(KINDS) + 1):
        for kind in draw.sample(KINDS, len(KINDS)):
            # The right one where it must not help, so that nothing but the account's state can make a difference.
            password = "four geese fly home" if kind == "wrong password" else PASSWORD
            seconds = await _try(stub, auth_pb.SignInRequest(login=logins[kind], password=password))
            if round_number:  # the first round warms up
                times[kind].append(seconds)
    return times


def pairwise(times: list[float], others: list[float]) -> list[float]:
    """Differences inside each round: what slows the machine for a while slows both."""
    return [one - other for one, other in zip(times, others, strict=True)]


async def _try(stub: AuthServiceStub, request: auth_pb.SignInRequest) -> float:
    began = time.perf_counter()
    try:
        await stub.SignIn(request)  # type: ignore[misc]  # the channel is asynchronous
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.UNAUTHENTICATED:
            return time.perf_counter() - began
        raise
    raise RuntimeError("a sign-in was let in that must be refused")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sign_in", description=__doc__.partition("\n")[0])
    parser.add_argument("--tries", type=int, default=2000, help="sign-ins altogether (default: 2000)")
    times = measure(parser.parse_args().tries)
    print(f"{'kind of account':20} {'tries':>6} {'median':>10} {'p95':>10}   (milliseconds)")
    for kind, found in times.items():
        print(f"{kind:20} {len(found):6} {median(found) * 1e3:10.3f} {quantiles(found, n=20)[-1] * 1e3:10.3f}")
    medians = [median(found) for found in times.values()]
    apart = max(medians) - min(medians)
    print(f"The medians are {apart * 1e3:.3f} ms apart; the goal is {WITHIN * 1e3:.0f} ms.")
    paired = [median(pairwise(times[kind], times["unknown"])) for kind in KINDS if kind != "unknown"]
    print(f"Try by try, beside `unknown`, the median difference is {max(map(abs, paired)) * 1e3:.3f} ms at the most.")
    return 0 if apart <= WITHIN else 1


if __name__ == "__main__":
    sys.exit(main())
