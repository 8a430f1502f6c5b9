"""Chance as a function, not a stream: `draw(seed, …key)` is the same number wherever and whenever it is asked.

A counter-based hash (SplitMix64 over ints; strings hashed once) means that two futures of one recording, and two brokers
beside each other, share their luck: what is drawn depends on who asks and for what, never on what was drawn before.
Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

import math
from functools import lru_cache
from hashlib import blake2b

_MASK = (1 << 64) - 1


@lru_cache(maxsize=65_536)
def _of_text(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def draw(seed: int, *key: int | str) -> int:
    """64 uniform bits for this seed and key."""
    z = seed & _MASK
    for part in key:
        z = (z ^ (_of_text(part) if isinstance(part, str) else part & _MASK)) + 0x9E3779B97F4A7C15 & _MASK
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
        z ^= z >> 31
    return z


def unit(seed: int, *key: int | str) -> float:
    """A float in [0, 1) with 53 random bits."""
    return (draw(seed, *key) >> 11) * (1.0 / (1 << 53))


def exponential(mean: float, seed: int, *key: int | str) -> float:
    """A float ≥ 0, exponentially distributed with this mean."""
    return -mean * math.log1p(-unit(seed, *key))
