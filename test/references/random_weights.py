"""Weights that both sides can write: each value follows from the tensor's path and its index alone.

test/support/random-checkpoint.ts holds the same function. Values have at most 8 significant bits, so that they are the
same number as float32, float16 and bfloat16.
"""

import math

import numpy as np


def fnv1a(text):
    state = 0x811C9DC5
    for byte in text.encode():
        state = ((state ^ byte) * 0x01000193) & 0xFFFFFFFF
    return state


def uniform(path, count):
    """`count` multiples of 1/64 in [-1, 1), float32."""
    index = np.arange(count, dtype=np.uint64)
    h = (fnv1a(path) + index * 0x9E3779B1) & 0xFFFFFFFF
    h ^= h >> 16
    h = (h * 0x85EBCA6B) & 0xFFFFFFFF
    h ^= h >> 13
    h = (h * 0xC2B2AE35) & 0xFFFFFFFF
    return ((h >> 25).astype(np.float32) - 64) / 64


def random_weight(path, shape):
    """Made so that every part matters: norms off 1, pad tokens large, biases non-zero."""
    values = uniform(path, math.prod(shape)).reshape(shape)
    if path.endswith("pad_token"):
        return values * np.float32(4)
    if path.endswith("bias"):
        return values / np.float32(4)
    if len(shape) == 1:
        return 1 + values / np.float32(2)
    if path.endswith("embed_tokens.weight"):
        return values
    fan_in = math.prod(shape[1:])
    return values * np.float32(2.0 ** round(math.log2(1.75 / math.sqrt(fan_in))))
