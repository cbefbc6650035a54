#!/usr/bin/env python3
"""Makes schedule.json: transcript vectors of the channel's key schedule, computed with Python's
own hmac and hashlib from the formulas of docs/protocol.md, independently of the Rust code.
Inputs are SHA-512 streams of a counter, so the file is the same each time."""
import hashlib
import hmac
import json
import os

LABEL = b"photonbox/1 chain"


def extract(salt, ikm):
    return hmac.new(salt, ikm, hashlib.sha384).digest()


def expand(prk, info, length):
    out, block, i = b"", b"", 1
    while len(out) < length:
        block = hmac.new(prk, block + info + bytes([i]), hashlib.sha384).digest()
        out += block
        i += 1
    return out[:length]


counter = 0


def draw(length):
    global counter
    out = b""
    while len(out) < length:
        out += hashlib.sha512(b"photonbox schedule vectors %d" % counter).digest()
        counter += 1
    return out[:length]


def point():
    return b"\x04" + draw(96)  # the schedule treats points as bytes


def info(direction, epoch, a, b):
    return LABEL + bytes([direction]) + epoch.to_bytes(4, "big") + a + b


def case(rekeys, mlkem_at):
    exporter, ecdh, a, b = draw(48), draw(48), point(), point()
    chain_0 = extract(exporter, ecdh)
    result = {
        "exporter": exporter.hex(), "ecdh": ecdh.hex(),
        "public_a": a.hex(), "public_b": b.hex(), "chain_0": chain_0.hex(),
    }
    for code, name in ((0, "a_to_b"), (1, "b_to_a")):
        okm = expand(chain_0, info(code, 0, a, b), 80)
        chain = okm[:48]
        direction = {"chain": chain.hex(), "key": okm[48:].hex(), "rekeys": []}
        for epoch in range(1, rekeys + 1):
            ecdh_e, a_e, b_e = draw(48), point(), point()
            mlkem = draw(32) if epoch in mlkem_at else None
            okm = expand(extract(chain, ecdh_e + (mlkem or b"")), info(code, epoch, a_e, b_e), 80)
            chain = okm[:48]
            direction["rekeys"].append({
                "epoch": epoch, "ecdh": ecdh_e.hex(), "mlkem": mlkem.hex() if mlkem else None,
                "public_a": a_e.hex(), "public_b": b_e.hex(),
                "chain": chain.hex(), "key": okm[48:].hex(),
            })
        result[name] = direction
    return result


document = {
    "about": "Key schedule of the channel: made by schedule.py beside this file, with Python's "
             "hmac and hashlib, from the formulas of docs/protocol.md; no code shared with the "
             "implementation. Points are arbitrary bytes: the schedule only concatenates them.",
    "cases": [case(0, ()), case(3, ()), case(4, (2, 4))],
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "schedule.json"), "w") as f:
    json.dump(document, f, indent=1)
    f.write("\n")
