"""Shamir's sharing as the paper has it (Comm. ACM 22, 1979), over GF(2^8) with the polynomial of FIPS 197, by tables of logarithms.

Written apart from the program that it judges. Lines of standard input:
  split M HEX X...      prints X:HEX for each place
  combine X:HEX...      prints HEX
"""

import secrets
import sys

# Powers of x + 1, which generates the field's multiplicative group.
EXPONENT = [0] * 255
LOGARITHM = {}
element = 1
for power in range(255):
    EXPONENT[power] = element
    LOGARITHM[element] = power
    doubled = element << 1
    if doubled > 255:
        doubled ^= 0x11B
    element = doubled ^ element


def times(a, b):
    if a == 0 or b == 0:
        return 0
    return EXPONENT[(LOGARITHM[a] + LOGARITHM[b]) % 255]


def over(a, b):
    if a == 0:
        return 0
    return EXPONENT[(LOGARITHM[a] - LOGARITHM[b]) % 255]


def power_of(x, exponent):
    result = 1
    for _ in range(exponent):
        result = times(result, x)
    return result


def split(threshold, secret, places):
    shares = {x: [] for x in places}
    for byte in secret:
        coefficients = [byte] + [secrets.randbelow(256) for _ in range(threshold - 1)]
        for x in places:
            value = 0
            for exponent, coefficient in enumerate(coefficients):
                value ^= times(coefficient, power_of(x, exponent))
            shares[x].append(value)
    return shares


def combine(shares):
    length = len(next(iter(shares.values())))
    secret = []
    for at in range(length):
        byte = 0
        for x, values in shares.items():
            weight = 1
            for other in shares:
                if other != x:
                    weight = times(weight, over(other, other ^ x))
            byte ^= times(values[at], weight)
        secret.append(byte)
    return bytes(secret)


for line in sys.stdin:
    word, *rest = line.split()
    if word == "split":
        threshold, secret, places = int(rest[0]), bytes.fromhex(rest[1]), [int(x) for x in rest[2:]]
        made = split(threshold, secret, places)
        print(" ".join(f"{x}:{bytes(values).hex()}" for x, values in made.items()))
    else:
        pairs = [share.split(":") for share in rest]
        print(combine({int(x): bytes.fromhex(values) for x, values in pairs}).hex())
