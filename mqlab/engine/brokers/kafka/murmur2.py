"""The hash by which Kafka's Java client finds a key's partition: MurmurHash2, 32 bits, with a seed of Kafka's own.

Over the bytes of the *serialized* key: the integer 42 and the text "42" are different keys. Words are little-endian, the result
is Java's signed int. [kafka clients/…/common/utils/Utils.java, murmur2; vectors: UtilsTest.java; recorded: kafka_murmur2]
"""

from __future__ import annotations

from struct import iter_unpack

SEED = 0x9747B28C
_M, _R = 0x5BD1E995, 24
_WORD = 0xFFFFFFFF
POSITIVE = 0x7FFFFFFF


def murmur2(data: bytes) -> int:
    """The hash, from -2**31 to 2**31 - 1.

    >>> murmur2(b"21"), murmur2(b"foobar")
    (-973932308, -790332482)
    """
    whole = len(data) & ~3
    h = SEED ^ len(data)
    for (k,) in iter_unpack("<I", data[:whole]):
        k = k * _M & _WORD
        k = (k ^ k >> _R) * _M & _WORD
        h = h * _M & _WORD ^ k
    if whole != len(data):
        h = (h ^ int.from_bytes(data[whole:], "little")) * _M & _WORD
    h = (h ^ h >> 13) * _M & _WORD
    h ^= h >> 15
    return h - (1 << 32) if h > POSITIVE else h


def positive(number: int) -> int:
    """`number` without its sign bit, as Kafka makes a hash an index: not the absolute value.

    >>> positive(-1), positive(7)
    (2147483647, 7)
    """
    return number & POSITIVE
