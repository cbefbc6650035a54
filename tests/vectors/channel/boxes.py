#!/usr/bin/env python3
"""Makes boxes.json: the service messages of key boxes (docs/protocol.md, "Key boxes"), written here from that layout and
from nothing else. A good one has its fields; each other one has one fault, its name, and is refused as malformed."""
import json
import os
import struct

HERE = os.path.dirname(os.path.abspath(__file__))
ID, ORBIT = 7, 0x0123456789ABCDEF


def short(data):
    return struct.pack(">H", len(data)) + data


def long(data):
    return struct.pack(">I", len(data)) + data


def head(kind):
    return struct.pack(">BQ", kind, ID)


def sizes(s=4, boxes=200, keys=512):
    return struct.pack(">BHH", s, boxes, keys)


def place(kind, number):
    return head(kind) + struct.pack(">QH", ORBIT, number)


def opened(role=1, **more):
    return head(11) + struct.pack(">QB", ORBIT, role) + sizes(**more)


def part(number=200, first=1, provenance=5, kind=1, keys=bytes(range(64))):
    return place(12, number) + struct.pack(">HBB", first, provenance, kind) + long(keys)


SIZES = {"s": 4, "boxes": 200, "keys": 512}
PLACE = {"id": ID, "orbit": ORBIT, "number": 200}
good = [
    ("open", head(10) + short(b"gateway-2") + sizes(), {"id": ID, "peer": "gateway-2", "sizes": SIZES}),
    (
        "open-largest",
        head(10) + short(b"g" * 64) + sizes(8, 16, 65535),
        {"id": ID, "peer": "g" * 64, "sizes": {"s": 8, "boxes": 16, "keys": 65535}},
    ),
    ("opened", opened(), {"id": ID, "orbit": ORBIT, "role": 1, "sizes": SIZES}),
    (
        "keys",
        part(),
        dict(PLACE, first=1, provenance=5, **{"class": "full"}, keys=bytes(range(64)).hex()),
    ),
    ("held", place(13, 200), PLACE),
    ("ready", place(14, 200), PLACE),
    ("next", place(15, 0), dict(PLACE, number=0)),
    ("waits", head(16) + b"\x02" + short("kein Licht: ü".encode()), {"id": ID, "code": "unhealthy", "text": "kein Licht: ü"}),
]
bad = [
    ("open-peer-too-long", head(10) + short(b"g" * 65) + sizes()),
    ("open-peer-no-text", head(10) + short(b"\xff") + sizes()),
    ("open-no-digits", head(10) + short(b"g") + sizes(s=0)),
    ("open-digits-above-8", head(10) + short(b"g") + sizes(s=9)),
    ("open-no-boxes", head(10) + short(b"g") + sizes(boxes=0)),
    ("open-no-keys", head(10) + short(b"g") + sizes(keys=0)),
    ("open-keys-above-2-20", head(10) + short(b"g") + sizes(boxes=17, keys=65535)),
    ("opened-role-2", opened(role=2)),
    ("opened-keys-above-2-20", opened(boxes=1025, keys=1024)),
    ("keys-box-0", part(number=0)),
    ("keys-first-0", part(first=0)),
    ("keys-unknown-label", part(provenance=8)),
    ("keys-unknown-class", part(kind=3)),
    ("keys-none", part(keys=b"")),
    ("keys-not-whole", part(keys=bytes(65))),
    # Refused by its length, before anything is allocated for it.
    ("keys-length-above-65536", part()[:-68] + struct.pack(">I", 65536 + 32) + bytes(64)),
    ("held-box-0", place(13, 0)),
    ("ready-box-0", place(14, 0)),
    ("waits-unknown-code", head(16) + b"\x0b" + short(b"")),
    ("waits-text-too-long", head(16) + b"\x02" + short(b"x" * 257)),
    ("unknown-number", place(17, 1)),
]
for name, message, _ in good:
    bad.append((f"{name}-cut", message[:-1]))
    bad.append((f"{name}-longer", message + b"\0"))

cases = [{"name": name, "message": message.hex(), "fields": fields} for name, message, fields in good]
cases += [{"name": name, "message": message.hex(), "fields": None} for name, message in bad]
with open(os.path.join(HERE, "boxes.json"), "w") as file:
    json.dump(cases, file, indent=1)
    file.write("\n")
