"""250 random programs on the real Redis of this machine and on the model of its version: the same replies, pushes and errors.

`make soak ARGS="redis"` goes on with others. The programs run in database 9, which is emptied."""

from __future__ import annotations

import random

import pytest
import redis

from mqlab.engine.brokers.redis.glob import matches
from tests.conftest import REDIS, missing
from tests.redis_differential.compare import VERSION, differ, shortest
from tests.redis_differential.programs import program
from tests.redis_differential.real import version

pytestmark = pytest.mark.requires_redis
PROGRAMS = 250
OWN = 8  # a database that no program is played on


@pytest.fixture(scope="module", autouse=True)
def _of_this_version() -> None:
    if not version().startswith(f"{VERSION}."):
        missing("redis", f"the programs were written for Redis {VERSION}, and this is {version()}")


def test_the_real_server_does_what_the_model_does() -> None:
    for seed in range(PROGRAMS):
        found = differ(program(seed))
        if found is not None:
            pytest.fail(f"program {seed}\n{shortest(found)}", pytrace=False)


def test_the_real_server_matches_what_the_model_matches() -> None:
    """Patterns of all bytes that mean something, against keys of them; KEYS compares as PSUBSCRIBE does, but takes all for *."""
    chance = random.Random(1)
    real = redis.Redis(*REDIS, db=OWN)

    def some(alphabet: bytes, most: int) -> bytes:
        return bytes(chance.choice(alphabet) for _ in range(chance.randint(0, most)))

    for _ in range(60):
        real.flushdb()
        keys = {some(b"abz-]\\*\xff\n", 4) for _ in range(30)}
        real.mset(dict.fromkeys(keys, 1))
        patterns = {some(b"ab*?[]^-\\z\x00\xff", 6) for _ in range(60)} - {b"*"}
        for pattern in sorted(patterns):
            assert set(real.keys(pattern)) == {key for key in keys if matches(pattern, key)}, pattern
    real.flushdb()
