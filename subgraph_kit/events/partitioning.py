"""Which partition a key belongs to: Kafka's default partitioner (row 30).

All backends place a key like Kafka's Java client does (murmur2), so that a mesh can move from the
PostgreSQL bus to Kafka, or be written to by other clients, and keep its partitions.

Source: Apache Kafka, "Producer Configs", `partitioner.class` (default: murmur2 of the key).
"""

from __future__ import annotations

import struct

_MASK = 0xFFFFFFFF
_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C


def partition_for_key(key: bytes, partitions: int) -> int:
    """Return the partition, 0 to `partitions` - 1, of records with this key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def murmur2(data: bytes) -> int:
    """Hash `data` with MurmurHash2, 32 bits, unsigned, in the variant Kafka uses."""
    length = len(data)
    whole = length & ~3
    value = (_SEED ^ length) & _MASK
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        mixed = (word * _MULTIPLIER) & _MASK
        mixed = ((mixed ^ (mixed >> 24)) * _MULTIPLIER) & _MASK
        value = ((value * _MULTIPLIER) & _MASK) ^ mixed
    if whole < length:
        value ^= int.from_bytes(data[whole:], "little")
        value = (value * _MULTIPLIER) & _MASK
    value ^= value >> 13
    value = (value * _MULTIPLIER) & _MASK
    return value ^ (value >> 15)
