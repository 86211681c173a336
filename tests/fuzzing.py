"""Inputs that are nearly right: bytes changed as transfers, editors and mistakes do, by a fixed seed."""

from __future__ import annotations

import random

SEED = 13
NUMBERS = (b"9" * 5000, b"-1e999999", b"1e-400", b"NaN", b"inf", b"0x1F", b"1_000", b"18446744073709551616")
WORDS = (b"", b'"', b"'", b"\\", b"None", b"\xef\xbb\xbf", b"\0", b"\xff\xfe", b"\r", b"\n\n", b"#", b"=1+1")
DELIMITERS = b",;\t| :{}[]"


def seeds(count: int) -> range:
    """Return one seed an input; the first ones are the same whatever the count."""
    return range(SEED, SEED + count)


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Return the content with one to four changes."""
    for _ in range(rng.randint(1, 4)):
        content = rng.choice(CHANGES)(content, rng)
    return content


def _truncate(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randint(0, len(content))]


def _flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.randint(1, 8) if changed else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _swap_delimiters(content: bytes, rng: random.Random) -> bytes:
    old, new = rng.choice(DELIMITERS), rng.choice(DELIMITERS)
    return content.replace(bytes([old]), bytes([new]), rng.choice((1, 3, -1)))


def _insert(content: bytes, rng: random.Random) -> bytes:
    at = rng.randint(0, len(content))
    return content[:at] + rng.choice(NUMBERS + WORDS) + content[at:]


def _drop(content: bytes, rng: random.Random) -> bytes:
    start = rng.randint(0, len(content))
    return content[:start] + content[start + rng.randint(1, 40) :]


def _repeat(content: bytes, rng: random.Random) -> bytes:
    start = rng.randint(0, len(content))
    end = start + rng.randint(1, 200)
    return content[:end] + content[start:end] * rng.randint(1, 5) + content[end:]


def _replace_field(content: bytes, rng: random.Random) -> bytes:
    fields = content.split(b",")
    fields[rng.randrange(len(fields))] = rng.choice(NUMBERS + WORDS)
    return b",".join(fields)


CHANGES = (_truncate, _flip, _swap_delimiters, _insert, _drop, _repeat, _replace_field)
