"""Noise that needs no memory: the same seed, channel and place always give the same value."""

from __future__ import annotations

import math
import zlib
from functools import lru_cache
from statistics import NormalDist

_MASK = (1 << 64) - 1
_TWO_POW_53 = float(1 << 53)


def channel(seed: int, name: str) -> int:
    """Return the number of a named, independent stream of noise."""
    # A checksum of the name, because Python's hash of a text is another one in every run.
    return _mix((seed & _MASK) ^ (zlib.crc32(name.encode()) << 17))


def uniform(stream: int, index: int) -> float:
    """Return a number in [0, 1) for a place in a stream."""
    # Of the 64 bits, 53 are as many as a float holds: more could round up to 1.
    return (_mix(stream + (index * 0x9E3779B97F4A7C15)) >> 11) / _TWO_POW_53


def gauss(stream: int, index: int) -> float:
    """Return a standard normal number for a place in a stream (Box and Muller, 1958)."""
    # From 1 downwards: `uniform` may be 0, which has no logarithm.
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(stream, 2 * index)))
    return radius * math.cos(2.0 * math.pi * uniform(stream, 2 * index + 1))


_QUANTILES = tuple(NormalDist().inv_cdf((i + 0.5) / 4096) for i in range(4096))
"""Of equal shares of the standard normal distribution, which end at 3.7 standard deviations."""


def jitter(stream: int, index: int) -> float:
    """Return a standard normal number for a place in a stream, one of some thousand.

    It is as good for the noise of a sensor as `gauss`, at a third of its time.
    """
    return _QUANTILES[_mix(stream + index * 0x9E3779B97F4A7C15) >> 52]


def smooth(stream: int, x: float) -> float:
    """Return noise that varies smoothly with x: mean 0, variance 1, correlated over about 1.

    Normal numbers sit at the integers; between them their weights fade with a smoothstep, and the
    sum is scaled to unit variance everywhere. Any x can be asked for without stepping there.
    """
    index = math.floor(x)
    s = x - index
    s = s * s * (3.0 - 2.0 * s)
    value = (1.0 - s) * _knot(stream, index) + s * _knot(stream, index + 1)
    return value / math.sqrt((1.0 - s) ** 2 + s * s)


# Asked for the same two again and again while x goes slowly from one to the next.
_knot = lru_cache(maxsize=8192)(gauss)


def _mix(value: int) -> int:
    """Scramble 64 bits (the finalizer of SplitMix64, Steele et al. 2014)."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
