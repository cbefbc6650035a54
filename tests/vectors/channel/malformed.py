#!/usr/bin/env python3
"""Makes malformed/*.json: strings of records, each with one fault, and the answer that
docs/protocol.md gives to it. Keys and seals are computed here, with Python's hmac and hashlib and
an AES-256-GCM written out from FIPS 197 and SP 800-38D; no code is shared with the
implementation. The file's name is the fault; well-formed.json is the control."""
import hashlib
import hmac
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def make_sbox():
    p = q = 1
    sbox = [0] * 256
    while True:
        p ^= (p << 1) ^ (0x11B if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        rot = lambda n: ((q << n) | (q >> (8 - n))) & 0xFF
        sbox[p] = q ^ rot(1) ^ rot(2) ^ rot(3) ^ rot(4) ^ 0x63
        if p == 1:
            break
    sbox[0] = 0x63
    return sbox


SBOX = make_sbox()


def expand_key(key):
    words = [list(key[i:i + 4]) for i in range(0, 32, 4)]
    rcon = 1
    for i in range(8, 60):
        word = list(words[i - 1])
        if i % 8 == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= rcon
            rcon <<= 1
        elif i % 8 == 4:
            word = [SBOX[b] for b in word]
        words.append([a ^ b for a, b in zip(words[i - 8], word)])
    return [sum(words[i:i + 4], []) for i in range(0, 60, 4)]


def encrypt_block(keys, block):
    xtime = lambda b: ((b << 1) ^ (0x11B if b & 0x80 else 0)) & 0xFF
    state = [b ^ k for b, k in zip(block, keys[0])]
    for number in range(1, 15):
        state = [SBOX[b] for b in state]
        state = [state[(i + 4 * (i % 4)) % 16] for i in range(16)]
        if number != 14:
            mixed = []
            for c in range(0, 16, 4):
                a = state[c:c + 4]
                for i in range(4):
                    mixed.append(xtime(a[i]) ^ xtime(a[(i + 1) % 4]) ^ a[(i + 1) % 4]
                                 ^ a[(i + 2) % 4] ^ a[(i + 3) % 4])
            state = mixed
        state = [b ^ k for b, k in zip(state, keys[number])]
    return bytes(state)


def ghash(h, data):
    y = 0
    for i in range(0, len(data), 16):
        x = y ^ int.from_bytes(data[i:i + 16], "big")
        v, z = h, 0
        for bit in range(127, -1, -1):
            if x >> bit & 1:
                z ^= v
            v = (v >> 1) ^ (0xE1 << 120 if v & 1 else 0)
        y = z
    return y.to_bytes(16, "big")


def seal(key, nonce, aad, plain):
    keys = expand_key(key)
    pad = lambda b: b + bytes(-len(b) % 16)
    block = lambda n: encrypt_block(keys, nonce + n.to_bytes(4, "big"))
    cipher = b""
    for i in range(0, len(plain), 16):
        cipher += bytes(a ^ b for a, b in zip(plain[i:i + 16], block(2 + i // 16)))
    h = int.from_bytes(encrypt_block(keys, bytes(16)), "big")
    lengths = struct.pack(">QQ", 8 * len(aad), 8 * len(cipher))
    s = ghash(h, pad(aad) + pad(cipher) + lengths)
    return cipher + bytes(a ^ b for a, b in zip(s, block(1)))


# GCM test case 14 of the GCM specification (key and nonce zero, one zero block).
assert seal(bytes(32), bytes(12), b"", bytes(16)).hex() == (
    "cea7403d4d606b6e074ec5d3baf39d18" "d0d1c8a799996bf0265b98b5d48ab919")


def hkdf_expand(prk, info, length):
    out, block, i = b"", b"", 1
    while len(out) < length:
        block = hmac.new(prk, block + info + bytes([i]), hashlib.sha384).digest()
        out, i = out + block, i + 1
    return out[:length]


stream = lambda name, n: hashlib.shake_256(b"photonbox malformed " + name).digest(n)
EXPORTER, ECDH = stream(b"exporter", 48), stream(b"ecdh", 48)
A, B = b"\x04" + stream(b"a", 96), b"\x04" + stream(b"b", 96)
CHAIN_0 = hmac.new(EXPORTER, ECDH, hashlib.sha384).digest()


def key_of(direction):
    info = b"photonbox/1 chain" + bytes([direction]) + bytes(4) + A + B
    return hkdf_expand(CHAIN_0, info, 80)[48:]


def record(counter, plain=b"\x05\0\0\0\0\0\0\0\x01", kind=2, epoch=0, direction=0):
    header = b"PBXR" + bytes([1, kind, 0, 0]) + struct.pack(">III", epoch, counter, len(plain) + 16)
    return header + seal(key_of(direction), bytes(8) + struct.pack(">I", counter), header, plain)


def put(data, at, new):
    return data[:at] + new + data[at + len(new):]


def flip(data, at):
    at %= len(data)
    return put(data, at, bytes([data[at] ^ 1]))


R = [record(i) for i in range(3)]
LENGTH = len(R[0]) - 20
CASES = {
    "well-formed": (R[0] + R[1] + record(2, kind=3), 3, None),
    "bad-magic": (R[0] + put(R[1], 0, b"PBXQ"), 1, "bad-magic"),
    "bad-version": (R[0] + put(R[1], 4, b"\x02"), 1, "bad-version"),
    "bad-version-zero": (put(R[0], 4, b"\x00"), 0, "bad-version"),
    "unknown-kind": (R[0] + put(R[1], 5, b"\x04"), 1, "unknown-kind"),
    "unknown-kind-zero": (put(R[0], 5, b"\x00"), 0, "unknown-kind"),
    "bad-reserved-flags": (put(R[0], 6, b"\x01"), 0, "bad-reserved"),
    "bad-reserved-byte": (put(R[0], 7, b"\x80"), 0, "bad-reserved"),
    "oversized": (put(R[0], 16, struct.pack(">I", 65536 + 12 * 1024 + 17)), 0, "oversized"),
    "oversized-most": (put(R[0], 16, b"\xff\xff\xff\xff"), 0, "oversized"),
    "oversized-clear": (put(put(R[0], 5, b"\x01"), 16, struct.pack(">I", 4097)), 0, "oversized"),
    "truncated-empty-body": (put(R[0], 16, bytes(4))[:20], 0, "truncated"),
    "truncated-no-plaintext": (put(R[0], 16, struct.pack(">I", 16))[:36], 0, "truncated"),
    "truncated-header": (R[0] + R[1][:19], 1, "truncated"),
    "truncated-body": (R[0] + R[1][:-1], 1, "truncated"),
    "trailing": (R[0] + R[1] + b"PBXR", 2, "truncated"),
    "trailing-zeros": (R[0] + bytes(32), 1, "bad-magic"),
    "replayed": (R[0] + R[1] + R[1], 2, "replayed"),
    "replayed-first": (R[0] + R[1] + R[2] + R[0], 3, "replayed"),
    "reordered": (R[0] + R[2] + R[1], 1, "reordered"),
    "reordered-gap": (R[1], 0, "reordered"),
    "wrong-epoch": (R[0] + record(1, epoch=1), 1, "wrong-epoch"),
    "wrong-epoch-most": (record(0, epoch=0xFFFFFFFF), 0, "wrong-epoch"),
    "bad-tag": (R[0] + flip(R[1], -1), 1, "bad-tag"),
    "bad-tag-first-byte": (flip(R[0], -16), 0, "bad-tag"),
    "bad-tag-ciphertext": (flip(R[0], 20), 0, "bad-tag"),
    "bad-tag-kind-changed": (put(R[0], 5, b"\x03"), 0, "bad-tag"),
    "bad-tag-counter-changed": (R[0] + put(R[2], 12, struct.pack(">I", 1)), 1, "bad-tag"),
    "bad-tag-length-shortened": (
        put(R[0], 16, struct.pack(">I", LENGTH - 1))[:-1], 0, "bad-tag"),
    "bad-tag-wrong-direction": (record(0, direction=1), 0, "bad-tag"),
    "unexpected-clear": (R[0] + put(R[1], 5, b"\x01"), 1, "unexpected"),
}

if __name__ == "__main__":
    folder = os.path.join(HERE, "malformed")
    os.makedirs(folder, exist_ok=True)
    for name, (records, opened, answer) in CASES.items():
        document = {
            "about": "Made by ../malformed.py (its own HKDF and AES-256-GCM). Records of direction "
                     "A to B, epoch 0, keys from these inputs; 'opened' records open, then the "
                     "channel closes with 'answer' (null: none is needed).",
            "exporter": EXPORTER.hex(), "ecdh": ECDH.hex(),
            "public_a": A.hex(), "public_b": B.hex(),
            "records": records.hex(), "opened": opened, "answer": answer,
        }
        with open(os.path.join(folder, name + ".json"), "w") as f:
            json.dump(document, f, indent=1)
            f.write("\n")
