"""Chance as a function, not a stream: `draw(seed, …key)` is the same number wherever and whenever it is asked.

A counter-based hash (SplitMix64's mixing over ints and over the CRC of strings) means that two futures of one recording, and
two brokers beside each other, share their luck: what is drawn depends on who asks and for what, never on what was drawn
before. Only integer arithmetic and exact IEEE operations are used, so that every machine draws the same.
Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from __future__ import annotations

from math import frexp
from zlib import crc32

_MASK = (1 << 64) - 1
_LN_2 = 0.6931471805599453
_HALF_ROOT = 0.7071067811865476  # the middle of the mantissa's range; its logarithm is -ln(2)/2


def stem(seed: int, *key: int | str) -> int:
    """The part of a draw that is the same for many: `draw(seed, *a, *b)` is `draw(stem(seed, *a), *b)`. Worth keeping."""
    z = seed
    for part in key:
        z = (
            (z ^ (part if isinstance(part, int) else crc32(part.encode()) + 0x9E3779B97F4A7C15))
            * 0xD1342543DE82EF95
            + 1
        ) & _MASK
        z ^= z >> 29
    return z


def draw(seed: int, *key: int | str) -> int:
    """64 uniform bits for this seed (or stem) and key."""
    z = stem(seed, *key) if key else seed
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & _MASK
    return z ^ (z >> 31)


def unit(seed: int, *key: int | str) -> float:
    """A float in [0, 1) with 53 random bits."""
    return (draw(stem(seed, *key)) >> 11) * (1.0 / (1 << 53))


def exponential(mean: float, seed: int, *key: int | str) -> float:
    """A float ≥ 0, exponentially distributed with this mean."""
    return -mean * _ln(1.0 - (draw(stem(seed, *key)) >> 11) * (1.0 / (1 << 53)))


def _ln(x: float) -> float:
    """The natural logarithm to about 1e-12, for 0 < x ≤ 1: a library's may differ in its last bit from machine to machine."""
    mantissa, exponent = frexp(x)
    s = (mantissa - _HALF_ROOT) / (mantissa + _HALF_ROOT)
    q = s * s
    series = 1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q * (1 / 13))))))
    return (exponent - 0.5) * _LN_2 + 2 * s * series
