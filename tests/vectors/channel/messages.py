#!/usr/bin/env python3
"""Makes handshake/*.json and control/*.json: messages of the channel, each string of them with one
fault, and the answer that docs/protocol.md gives to it. What the records around them may have wrong
is in malformed/. Curve, signatures and the signer's certificate are computed here, with Python's
integers and hashlib, from SEC 1, FIPS 186-5 and X.690; no code is shared with the implementation.
A file's name is its fault; those that begin with well-formed are the controls.

A control vector is what side A sends, in this order, inside records that open, once both second
channels stand. Side B's `session` is the one given, and A's certificate too. By then each side has
sent its first batch: prekeys for epochs 1 to 4, and an encapsulation key. `taken` of the messages
are accepted. Then B closes with `answer`: at the next message or, if there is none, when it has
sent `sends` data packets with N = 1, each in an epoch of its own."""
import hashlib
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))

# P-384: SEC 2, section 2.5.1.
P = 2**384 - 2**128 - 2**96 + 2**32 - 1
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
B = 0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF
G = (
    0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
    0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
)


def on_curve(x, y):
    return (y * y - x * x * x + 3 * x - B) % P == 0


def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0]:
        if (p[1] + q[1]) % P == 0:
            return None
        slope = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def multiply(scalar, point=G):
    total = None
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


assert on_curve(*G) and multiply(N) is None

stream = lambda name, n: hashlib.shake_256(b"photonbox messages " + name).digest(n)
scalar = lambda name: int.from_bytes(stream(name, 64), "big") % (N - 1) + 1
encode = lambda x, y: b"\x04" + x.to_bytes(48, "big") + y.to_bytes(48, "big")
key = lambda name: encode(*multiply(scalar(b"key " + name)))


# DER, X.690 section 8.
def der(tag, *contents):
    body = b"".join(contents)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


integer = lambda n: der(2, n.to_bytes(n.bit_length() // 8 + 1, "big"))
bits = lambda body: der(3, b"\0", body)
OID_ECDSA_SHA384 = der(6, bytes.fromhex("2a8648ce3d040303"))
OID_EC_KEY = der(6, bytes.fromhex("2a8648ce3d0201"))
OID_P384 = der(6, bytes.fromhex("2b81040022"))
OID_SAN = der(6, bytes.fromhex("551d11"))


def sign(secret, message):
    """ECDSA with SHA-384, FIPS 186-5 section 6.4.1; the secret number comes from a hash."""
    digest = int.from_bytes(hashlib.sha384(message).digest(), "big")
    k = scalar(b"nonce " + secret.to_bytes(48, "big") + hashlib.sha384(message).digest())
    r = multiply(k)[0] % N
    s = pow(k, -1, N) * (digest + r * secret) % N
    # Section 6.4.2, so that no mistake above goes unseen.
    w = pow(s, -1, N)
    point = add(multiply(digest * w % N), multiply(r * w % N, multiply(secret)))
    assert point[0] % N == r
    return der(0x30, integer(r), integer(s))


def certificate(secret):
    algorithm = der(0x30, OID_ECDSA_SHA384)
    validity = der(0x30, der(0x18, b"20260101000000Z"), der(0x18, b"20360101000000Z"))
    spki = der(0x30, der(0x30, OID_EC_KEY, OID_P384), bits(encode(*multiply(secret))))
    name = der(0x86, b"photonbox:hub/hub-1")
    san = der(0xA3, der(0x30, der(0x30, OID_SAN, der(4, der(0x30, name)))))
    version = der(0xA0, integer(2))
    tbs = der(0x30, version, integer(1), algorithm, der(0x30), validity, der(0x30), spki, san)
    return der(0x30, tbs, algorithm, bits(sign(secret, tbs)))


IDENTITY, OTHER = scalar(b"identity"), scalar(b"another identity")
SESSION, OTHER_SESSION = stream(b"session", 32), stream(b"another session", 32)
CERTIFICATE = certificate(IDENTITY)
A_TO_B, B_TO_A = 0, 1
PREKEYS, ANNOUNCEMENT = 7, 8
MLKEM = 1568
EK, CIPHERTEXT = bytes(MLKEM), stream(b"ciphertext", MLKEM)
GOOD = [key(b"%d" % n) for n in range(8)]
u16, u32 = (lambda n: struct.pack(">H", n)), (lambda n: struct.pack(">I", n))
short = lambda data: u16(len(data)) + data


class Batch:
    """A batch as the protocol has it; `signed` says what its signature is about instead."""

    def __init__(self, kind, direction, first, keys, mlkem_epoch=0, mlkem=b"", count=None,
                 who=IDENTITY, session=SESSION, signature=None, signed=None):
        self.kind, self.direction = kind, direction
        count = len(keys) if count is None else count
        self.fields = (u32(first) + u16(count) + b"".join(keys) + u32(mlkem_epoch) + short(mlkem))
        if signature is None:
            s = signed or self
            signature = sign(who, b"photonbox/1 sign batch" + session
                             + bytes([s.direction, s.kind]) + s.fields)
        self.signature = signature

    def message(self):
        return bytes([self.kind, self.direction]) + self.fields + short(self.signature)


prekeys = lambda first, keys, **other: Batch(PREKEYS, B_TO_A, first, keys, **other).message()
announce = lambda first, keys, **other: Batch(ANNOUNCEMENT, A_TO_B, first, keys, **other).message()
starved = lambda direction, epoch: bytes([9, direction]) + u32(epoch)
PING = bytes([4]) + bytes(8)
P5, P6, A1 = prekeys(5, GOOD[:1]), prekeys(6, GOOD[1:2]), announce(1, GOOD[:1])


def about(kind, direction, first, keys, **other):
    """For `signed`: a batch that is only signed, never sent."""
    return Batch(kind, direction, first, keys, signature=b"", **other)


def raw_record(epoch):
    """A data record that says it is of this epoch; whether it opens is never asked."""
    return {"record": (b"PBXR" + bytes([1, 2, 0, 0]) + u32(epoch) + u32(0) + u32(40)
                       + bytes(40)).hex()}


def keys_that_are_none():
    x, y = multiply(scalar(b"key off the curve"))
    assert not on_curve(x, (y + 1) % P)
    return {
        "off-the-curve": encode(x, (y + 1) % P),
        "compressed": bytes([2 + (y & 1)]) + x.to_bytes(48, "big") + bytes(48),
        "coordinate-too-large": encode(x, y + P) if y + P < 2**384 else encode(P, y),
        "zeros": bytes(97),
    }


# Name: messages, how many are taken, answer; then settings.
CONTROL = {
    "well-formed": ([P5, P6, A1, announce(2, GOOD[1:4]), starved(A_TO_B, 1), PING], 6, None),
    "well-formed-most-keys": ([prekeys(5, [GOOD[0]] * 256)], 1, None),
    "well-formed-ciphertext": ([announce(1, GOOD[:2], mlkem_epoch=2, mlkem=CIPHERTEXT)], 1, None),
    "well-formed-ciphertext-alone": (
        [A1, announce(2, [], mlkem_epoch=1, mlkem=CIPHERTEXT)], 2, None),
    "well-formed-encapsulation-key": (
        [prekeys(5, [], mlkem=EK)], 1, None, {"mlkem": "none"}),
    "well-formed-encapsulation-keys-ahead": ([prekeys(5, [], mlkem=EK)] * 63, 63, None),
    "well-formed-steps": ([P5], 1, None, {"sends": 6}),

    "unknown-kind-zero": ([PING, bytes([0])], 1, "unknown-kind"),
    "unknown-kind-retired": ([bytes([2])], 0, "unknown-kind"),
    "unknown-kind-most": ([bytes([255])], 0, "unknown-kind"),
    "unexpected-ready": ([PING, bytes([1])], 1, "unexpected"),

    "bad-message-ping-cut": ([PING[:-1]], 0, "bad-message"),
    "bad-message-ping-trailing": ([PING + b"\0"], 0, "bad-message"),
    "bad-message-close-not-text": ([bytes([6, 0, 0]) + short(b"\xff")], 0, "bad-message"),
    "bad-message-close-long": ([bytes([6, 0, 0]) + short(b"x" * 257)], 0, "bad-message"),
    "bad-message-starved-cut": ([starved(A_TO_B, 1)[:-1]], 0, "bad-message"),
    "bad-message-starved-direction": ([starved(2, 1)], 0, "bad-message"),
    "bad-message-batch-cut-header": ([P5[:5]], 0, "bad-message"),
    "bad-message-batch-cut-keys": ([P5[:50]], 0, "bad-message"),
    "bad-message-batch-cut-signature": ([PING, P5[:-1]], 1, "bad-message"),
    "bad-message-batch-without-signature": ([P5[:8 + 97 + 4 + 2]], 0, "bad-message"),
    "bad-message-batch-trailing": ([P5, P6 + b"\0"], 1, "bad-message"),
    "bad-message-batch-direction": (
        [Batch(PREKEYS, 2, 5, GOOD[:1]).message()], 0, "bad-message"),
    "bad-message-batch-empty": ([prekeys(5, [])], 0, "bad-message"),
    "bad-message-batch-too-many-keys": ([prekeys(5, [GOOD[0]] * 257)], 0, "bad-message"),
    "bad-message-batch-count-above-keys": ([prekeys(5, GOOD[:1], count=2)], 0, "bad-message"),
    "bad-message-batch-count-below-keys": ([prekeys(5, GOOD[:2], count=1)], 0, "bad-message"),
    "bad-message-batch-signature-too-long": (
        [prekeys(5, GOOD[:1], signature=bytes(105))], 0, "bad-message"),
    "bad-message-encapsulation-key-short": ([prekeys(5, [], mlkem=EK[:-1])], 0, "bad-message"),
    "bad-message-encapsulation-key-long": ([prekeys(5, [], mlkem=EK + b"\0")], 0, "bad-message"),
    "bad-message-encapsulation-key-with-epoch": (
        [prekeys(5, [], mlkem_epoch=5, mlkem=EK)], 0, "bad-message"),
    "bad-message-ciphertext-short": (
        [announce(1, GOOD[:1], mlkem_epoch=1, mlkem=CIPHERTEXT[:-1])], 0, "bad-message"),
    "bad-message-ciphertext-long": (
        [announce(1, GOOD[:1], mlkem_epoch=1, mlkem=CIPHERTEXT + b"\0")], 0, "bad-message"),
    "bad-message-ciphertext-without-epoch": (
        [announce(1, GOOD[:1], mlkem=CIPHERTEXT)], 0, "bad-message"),
    "bad-message-epoch-without-ciphertext": (
        [announce(1, GOOD[:1], mlkem_epoch=1)], 0, "bad-message"),

    "bad-signature-none": ([prekeys(5, GOOD[:1], signature=b"")], 0, "bad-signature"),
    "bad-signature-cut": (
        [prekeys(5, GOOD[:1], signature=Batch(PREKEYS, B_TO_A, 5, GOOD[:1]).signature[:-1])],
        0, "bad-signature"),
    "bad-signature-other-identity": ([P5, prekeys(6, GOOD[1:2], who=OTHER)], 1, "bad-signature"),
    "bad-signature-other-session": (
        [prekeys(5, GOOD[:1], session=OTHER_SESSION)], 0, "bad-signature"),
    "bad-signature-other-kind": (
        [prekeys(5, GOOD[:1], signed=about(ANNOUNCEMENT, B_TO_A, 5, GOOD[:1]))],
        0, "bad-signature"),
    "bad-signature-other-direction": (
        [prekeys(5, GOOD[:1], signed=about(PREKEYS, A_TO_B, 5, GOOD[:1]))], 0, "bad-signature"),
    "bad-signature-other-epoch": (
        [prekeys(5, GOOD[:1], signed=about(PREKEYS, B_TO_A, 6, GOOD[:1]))], 0, "bad-signature"),
    "bad-signature-other-key": (
        [prekeys(5, GOOD[:1], signed=about(PREKEYS, B_TO_A, 5, GOOD[1:2]))], 0, "bad-signature"),
    "bad-signature-key-left-out": (
        [prekeys(5, GOOD[:1], signed=about(PREKEYS, B_TO_A, 5, GOOD[:2]))], 0, "bad-signature"),
    "bad-signature-keys-swapped": (
        [prekeys(5, GOOD[:2], signed=about(PREKEYS, B_TO_A, 5, GOOD[1::-1]))],
        0, "bad-signature"),
    "bad-signature-encapsulation-key-put-in": (
        [prekeys(5, GOOD[:1], mlkem=EK, signed=about(PREKEYS, B_TO_A, 5, GOOD[:1]))],
        0, "bad-signature", {"mlkem": "none"}),
    "bad-signature-announcement-other-identity": (
        [announce(1, GOOD[:1], who=OTHER)], 0, "bad-signature"),
    "bad-signature-announcement-other-session": (
        [announce(1, GOOD[:1], session=OTHER_SESSION)], 0, "bad-signature"),
    "bad-signature-announcement-other-kind": (
        [announce(1, GOOD[:1], signed=about(PREKEYS, A_TO_B, 1, GOOD[:1]))], 0, "bad-signature"),
    "bad-signature-ciphertext-other-epoch": (
        [announce(1, GOOD[:2], mlkem_epoch=2, mlkem=CIPHERTEXT,
                  signed=about(ANNOUNCEMENT, A_TO_B, 1, GOOD[:2], mlkem_epoch=1,
                               mlkem=CIPHERTEXT))], 0, "bad-signature"),
    "bad-signature-ciphertext-changed": (
        [announce(1, GOOD[:1], mlkem_epoch=1, mlkem=CIPHERTEXT,
                  signed=about(ANNOUNCEMENT, A_TO_B, 1, GOOD[:1], mlkem_epoch=1,
                               mlkem=CIPHERTEXT[::-1]))], 0, "bad-signature"),

    "bad-rekey-prekeys-gap": ([P5, prekeys(7, GOOD[1:2])], 1, "bad-rekey"),
    "bad-rekey-prekeys-again": ([P5, P5], 1, "bad-rekey"),
    "bad-rekey-prekeys-reordered": ([P6, P5], 0, "bad-rekey"),
    "bad-rekey-prekeys-epoch-gone": ([prekeys(0, GOOD[:1])], 0, "bad-rekey"),
    "bad-rekey-prekeys-direction": (
        [Batch(PREKEYS, A_TO_B, 5, GOOD[:1]).message()], 0, "bad-rekey"),
    "bad-rekey-prekeys-too-many": (
        [prekeys(5 + 256 * n, [GOOD[0]] * 256) for n in range(16)], 15, "bad-rekey"),
    "bad-rekey-encapsulation-keys-too-many": (
        [prekeys(5, [], mlkem=EK)] * 64, 63, "bad-rekey"),
    "bad-rekey-announcement-gap": ([A1, announce(3, GOOD[1:2])], 1, "bad-rekey"),
    "bad-rekey-announcement-again": ([A1, A1], 1, "bad-rekey"),
    "bad-rekey-announcement-epoch-in-force": ([announce(0, GOOD[:1])], 0, "bad-rekey"),
    "bad-rekey-announcement-direction": (
        [Batch(ANNOUNCEMENT, B_TO_A, 1, GOOD[:1]).message()], 0, "bad-rekey"),
    "bad-rekey-announcement-beyond-prekeys": ([A1, announce(2, GOOD[1:5])], 1, "bad-rekey"),
    "bad-rekey-ciphertext-later-epoch": (
        [announce(1, GOOD[:1], mlkem_epoch=2, mlkem=CIPHERTEXT)], 0, "bad-rekey"),
    "bad-rekey-ciphertext-epoch-gone": (
        [announce(1, GOOD[:1], mlkem_epoch=2**32 - 1, mlkem=CIPHERTEXT)], 0, "bad-rekey"),
    "bad-rekey-ciphertext-for-none": (
        [announce(1, GOOD[:1], mlkem_epoch=1, mlkem=CIPHERTEXT)], 0, "bad-rekey",
        {"mlkem": "none"}),
    "bad-rekey-second-ciphertext": (
        [announce(1, GOOD[:1], mlkem_epoch=1, mlkem=CIPHERTEXT),
         announce(2, GOOD[1:2], mlkem_epoch=2, mlkem=CIPHERTEXT)], 1, "bad-rekey"),
    "bad-rekey-starved-epoch-ahead": ([starved(A_TO_B, 2)], 0, "bad-rekey"),
    "bad-rekey-starved-epoch-in-force": ([starved(A_TO_B, 0)], 0, "bad-rekey"),
    "bad-rekey-starved-direction": ([starved(B_TO_A, 1)], 0, "bad-rekey"),
    "bad-rekey-starved-twice": ([starved(A_TO_B, 1), starved(A_TO_B, 1)], 1, "bad-rekey"),

    "wrong-epoch-not-announced": ([PING, raw_record(1)], 1, "wrong-epoch"),
    "wrong-epoch-skipped": ([announce(1, GOOD[:2]), raw_record(2)], 1, "wrong-epoch"),

    "bad-key-encapsulation-key": (
        [prekeys(5, [], mlkem=b"\xff" * MLKEM)], 1, "bad-key", {"mlkem": "used", "sends": 2}),
}
for what, none in keys_that_are_none().items():
    # Looked at when they are used: the other side's fifth key in the fifth epoch from here.
    CONTROL["bad-key-prekey-" + what] = ([prekeys(5, [none])], 1, "bad-key", {"sends": 6})
    CONTROL["bad-key-announced-" + what] = ([announce(1, [none]), raw_record(1)], 1, "bad-key")

TERMS = bytes(20) + b"\0"
SLOTS = bytes(4)
portion = lambda share=GOOD[0], terms=TERMS, slots=SLOTS, rest=short(stream(b"portion", 64)): (
    b"\x01" + terms + share + slots + rest)
HANDSHAKE = {
    "well-formed": (portion(), None),
    "well-formed-least": (portion(rest=short(bytes(16))), None),
    "well-formed-most": (portion(rest=short(bytes(1024))), None),
    "reserved-slot-prekeys": (portion(slots=u16(1) + u16(0)), "reserved-slot"),
    "reserved-slot-prekeys-most": (portion(slots=u16(0xFFFF) + u16(0)), "reserved-slot"),
    "reserved-slot-mlkem": (portion(slots=u16(0) + short(EK)), "reserved-slot"),
    "reserved-slot-mlkem-one-byte": (portion(slots=u16(0) + short(b"\0")), "reserved-slot"),
    "bad-message-unknown": (b"\x09", "bad-message"),
    "bad-message-cut": (portion()[:-1], "bad-message"),
    "bad-message-cut-terms": (portion()[:10], "bad-message"),
    "bad-message-trailing": (portion() + b"\0", "bad-message"),
    "bad-message-portion-short": (portion(rest=short(bytes(15))), "bad-message"),
    "bad-message-portion-long": (portion(rest=short(bytes(1025))), "bad-message"),
    "bad-message-step-down-neither": (portion(terms=bytes(20) + b"\x02"), "bad-message"),
    "unexpected-share": (b"\x02" + TERMS + GOOD[0] + SLOTS, "unexpected"),
}
for what, none in keys_that_are_none().items():
    HANDSHAKE["bad-key-share-" + what] = (portion(share=none), "bad-key")


def parts(message):
    """A message in hexadecimal; what repeats stands once, with how often it comes."""
    if isinstance(message, dict):
        return message
    for unit, times in ((GOOD[0], 256), (EK[:1], MLKEM)):
        at = message.find(unit * times)
        if at >= 0:
            rest = message[at + len(unit) * times:]
            return {"control": [[message[:at].hex(), 1], [unit.hex(), times], [rest.hex(), 1]]}
    return {"control": [[message.hex(), 1]]}


def write(folder, name, document):
    folder = os.path.join(HERE, folder)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name + ".json"), "w") as f:
        json.dump(document, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    for name, (messages, taken, answer, *settings) in CONTROL.items():
        settings = settings[0] if settings else {}
        write("control", name, {
            "about": "Made by ../messages.py, which says how to read it.",
            "session": SESSION.hex(), "certificate": CERTIFICATE.hex(),
            # Encapsulation keys: sent with the first prekeys; A's sent and used; or N_pq and T_pq are 0.
            "mlkem": settings.get("mlkem", "sent"), "sends": settings.get("sends", 0),
            "messages": [parts(message) for message in messages],
            "taken": taken, "answer": answer,
        })
    for name, (message, answer) in HANDSHAKE.items():
        write("handshake", name, {
            "about": "Made by ../messages.py. A clear message of side A, in place of its Portion.",
            "message": message.hex(), "answer": answer,
        })
