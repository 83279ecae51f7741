"""Random streams that belong to a seed and a name."""

from __future__ import annotations

import zlib

import numpy as np


def named_stream(seed: int, name: str) -> np.random.Generator:
    """Return the random stream of an object: its own, so that other objects do not change it.

    Parameters
    ----------
    seed
        Seed of the run or of the network.
    name
        Name of the population, projection or input. The CRC-32 of its UTF-8 text is the second
        word of the seed sequence.
    """
    return np.random.default_rng([seed, zlib.crc32(name.encode())])
