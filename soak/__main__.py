"""Tries what the tests try, for as long as one likes: python -m soak [--minutes N] [--seed S] [laws | rooms]

Each round has a seed of its own, which is printed where it fails: the same seed makes the same round of laws again (a
round of rooms meets another timing). Exit 1 where something failed."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable

from soak import laws, rooms

KINDS: dict[str, Callable[[int], str]] = {"laws": laws.trial, "rooms": rooms.trial}
FIRST_SEED = 100_000  # no test begins so high


def main(words: list[str]) -> int:
    """Go round until the time is over, or something fails."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="laws|rooms", help="default: both, in turns")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="of the first round")
    asked = parser.parse_args(words)
    if unknown := set(asked.kinds) - set(KINDS):
        parser.error(f"there is no soak {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
    kinds = asked.kinds or list(KINDS)
    end, seed = time.monotonic() + asked.minutes * 60, asked.seed
    while time.monotonic() < end:
        kind = kinds[(seed - asked.seed) % len(kinds)]
        try:
            said = KINDS[kind](seed)
        except Exception:
            traceback.print_exc()
            print(f"FAILED: make soak ARGS='{kind} --seed {seed}'", flush=True)
            return 1
        print(f"{kind} {seed}: {said}", flush=True)
        seed += 1
    print(f"{seed - asked.seed} rounds, nothing found.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
