"""Tries what the tests try, for as long as one likes: python -m soak [--minutes N] [--rounds N] [--seed S] [KIND…]

laws: the laws of the recording, on ever new recordings. rooms: a real server under random visitors. differential: a
hundred random programs a round, on the real RabbitMQ of this machine and on the model (only where there is one).
Only where they are named: mutants, the bugs of soak/planted.yaml, each of which must be caught; cluster, three real
nodes that are killed in turn.

Each round has a seed of its own, which is printed where it fails: the same seed makes the same round of laws, or the same
programs, again (a round of rooms meets another timing). Exit 1 where something failed; --go-on tries the other rounds
all the same."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable

from soak import cluster, differential, laws, mutants, redis_differential, rooms
from tests.conftest import rabbitmq_answers, redis_answers

KINDS: dict[str, Callable[[int], str]] = {
    "laws": laws.trial,
    "rooms": rooms.trial,
    "differential": differential.trial,
    "redis": redis_differential.trial,
    "mutants": mutants.trial,
    "cluster": cluster.trial,
}
FIRST_SEED = 100_000  # no test begins so high


def main(words: list[str]) -> int:
    """Go round until the time is over, or something fails."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument(
        "kinds",
        nargs="*",
        metavar="KIND",
        help=f"{', '.join(KINDS)}; default: all but mutants and cluster, in turns",
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=0, help="so many, however long they take")
    parser.add_argument("--go-on", action="store_true", help="after a failure too")
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="of the first round")
    asked = parser.parse_args(words)
    if unknown := set(asked.kinds) - set(KINDS):
        parser.error(f"there is no soak {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    real = [*(["differential"] if rabbitmq_answers() else []), *(["redis"] if redis_answers() else [])]
    kinds = asked.kinds or ["laws", "rooms", *real]
    end, seed, failed = time.monotonic() + asked.minutes * 60, asked.seed, 0
    while seed - asked.seed < asked.rounds if asked.rounds else time.monotonic() < end:
        kind = kinds[(seed - asked.seed) % len(kinds)]
        try:
            said = KINDS[kind](seed)
        except Exception:
            traceback.print_exc()
            print(f"FAILED: make soak ARGS='{kind} --seed {seed}'", flush=True)
            failed += 1
            if not asked.go_on:
                return 1
        else:
            print(f"{kind} {seed}: {said}", flush=True)
        seed += 1
    print(f"{seed - asked.seed} rounds, {failed or 'none'} of which failed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
