"""Which partition a record goes to, where the record or its key decides; without a key see sticky_partition.py.

Kafka's Java producer: the partition that the record names; else, with a key, murmur2 of the serialized key; else none yet
(`UNKNOWN_PARTITION`): the sticky partition takes it. `partitioner.ignore.keys=true` treats every record as one without a key.
An empty key is a key. Clients differ: librdkafka's default, `consistent_random`, is CRC32, and the same key lands elsewhere
than from Java; its `murmur2_random` agrees with Java.

The number of partitions is part of the answer: adding partitions sends most keys elsewhere, and what was written stays.
[kafka clients/…/producer/KafkaProducer.java, partition; BuiltInPartitioner.java, partitionForKey; ProducerRecord.java;
librdkafka src/rdkafka_msg.c, rd_kafka_msg_partitioner_*; CONFIGURATION.md, partitioner]
"""

from __future__ import annotations

from zlib import crc32

from mqlab.engine.brokers.kafka.murmur2 import murmur2, positive


class InvalidPartition(ValueError):
    """A record that names a partition which its topic does not have; the text says which there are."""


def partition_for_key(key: bytes, partitions: int) -> int:
    """The partition of a serialized key, among so many (≥ 1), as the Java client finds it.

    >>> [partition_for_key(b"alice", n) for n in (3, 4)]
    [0, 1]
    """
    return positive(murmur2(key)) % partitions


def java(
    key: bytes | None, partitions: int, *, partition: int | None = None, ignore_keys: bool = False
) -> int | None:
    """The partition of a record, or None: the sticky one. `partition`: the one that the record names.

    Raises InvalidPartition. (Java refuses a negative one at once, and waits `max.block.ms` for one too high to appear.)
    """
    if partition is not None:
        if not 0 <= partition < partitions:
            raise InvalidPartition(
                f"the topic has no partition {partition}: name one from 0 to {partitions - 1}, or none"
            )
        return partition
    if key is None or ignore_keys:
        return None
    return partition_for_key(key, partitions)


def consistent_random(key: bytes | None, partitions: int) -> int | None:
    """librdkafka's default: CRC32 of the key; None, a random or sticky one, without a key *and for an empty one*."""
    return crc32(key) % partitions if key else None


def murmur2_random(key: bytes | None, partitions: int) -> int | None:
    """librdkafka's `murmur2_random`: the Java client's choice for every key, the empty one too; None without a key."""
    return None if key is None else partition_for_key(key, partitions)
