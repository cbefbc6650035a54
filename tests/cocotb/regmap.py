"""The register map as `cargo xtask regs --json` prints it (file named by PHOTONBOX_REGMAP)."""

import json
import os
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Register:
    """One register of one instance of a block."""

    block: str
    instance: int
    name: str
    address: int
    access: str
    reset: int
    fields: dict = field(hash=False)

    @property
    def bits(self):
        """Bits that exist; all when the register has no fields."""
        if not self.fields:
            return 0xFFFF_FFFF
        return sum(mask(width) << lsb for lsb, width in self.fields.values())

    def get(self, value, part):
        """A field of a value read."""
        lsb, width = self.fields[part]
        return value >> lsb & mask(width)


def mask(width):
    return (1 << width) - 1


def _fields(items):
    return {item["name"]: (item["lsb"], item["width"]) for item in items}


with open(os.environ["PHOTONBOX_REGMAP"], encoding="utf-8") as file:
    _MAP = json.load(file)

BAR_BYTES = _MAP["bar_bytes"]
MAGIC = _MAP["magic"]
ABI = _MAP["abi"]
COMPLETION = [_fields(word["fields"]) for word in _MAP["completion"]]
COMPLETION_NAMES = [word["name"] for word in _MAP["completion"]]
RAW_RECORD = _fields(_MAP["raw_record"])


def registers(lanes):
    """Every register of a card with that many lanes, in order of address."""
    found = []
    for block in _MAP["blocks"]:
        count = min(block["count"], lanes) if block["name"] == "lane" else block["count"]
        for instance in range(count):
            base = block["base"] + instance * block["stride"]
            for register in block["registers"]:
                found.append(
                    Register(
                        block["name"],
                        instance,
                        register["name"],
                        base + register["offset"],
                        register["access"],
                        register["reset"],
                        _fields(register["fields"]),
                    )
                )
    return sorted(found, key=lambda register: register.address)


_BY_NAME = {(r.block, r.instance, r.name): r for r in registers(64)}


def find(block, name, instance=0):
    """A register by name."""
    return _BY_NAME[block, instance, name]
