"""Session keys of a key box, written again from the documents: the logistic map with Python's integers."""

import hashlib
import json
import pathlib

KEY_DIGITS = 64
KEY_BYTES = 32


def keys(ip_key, s, count):
    """The first session keys as bytes; ends early at a weak value."""
    m = 10 ** (KEY_DIGITS + s)
    x = int(ip_key) * 10**s
    for _ in range(count):
        before, x = x, 4 * x * (m - x) // m
        if before == 0 or x in (0, before):
            return
        yield (x % 10**KEY_DIGITS).to_bytes(KEY_BYTES, "little")


def vectors(folder):
    return json.loads((pathlib.Path(folder) / "keybox.json").read_text())


def check_against_vectors(folder):
    """Holds this file to the vectors that the Rust engines are held to. Gives the number of cases."""
    cases = vectors(folder)["cases"]
    for case in cases:
        every = hashlib.sha256()
        for key in keys(case["ip_key"], case["s"], case["I"] * case["J"]):
            every.update(key)
        assert every.hexdigest() == case["sha256_of_all_session_keys_le32"], f"key box {case['ip_key']}"
    return len(cases)
