"""Compressed Digital Links: one path segment of URI-safe base64 that holds identifiers and values bit by bit."""

from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from functools import cache
from math import ceil, log2

from standard.codes.ai import Identifier, identifiers, number_lengths

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_HEX = "0123456789abcdef"
_LONGEST = 4296  # characters of the largest QR code
_PADDING = 6  # one base64 character: fewer bits than that at the end are filling

_SEQUENCES = {
    "0A": ("01", "22"),
    "0B": ("01", "10"),
    "0C": ("01", "21"),
    "0D": ("01", "17"),
    "0E": ("01", "7003"),
    "0F": ("01", "30"),
    "1A": ("01", "10", "21", "17"),
    "1B": ("01", "15"),
    "1C": ("01", "11"),
    "1D": ("01", "16"),
    "1E": ("01", "91"),
    "1F": ("01", "10", "15"),
    "9A": ("8010", "8011"),
    "9B": ("8017", "8019"),
    "9C": ("8018", "8019"),
    "9D": ("414", "254"),
    **{f"2{'ABCDEF'[n]}": ("01", f"310{n}") for n in range(6)},
    **{f"3{'ABCDEF'[n]}": ("01", f"320{n}") for n in range(6)},
    **{f"A{n}": ("01", f"392{n}") for n in range(10)},
    **{f"C{n}": ("255", f"390{n}") for n in range(10)},
    **{f"C{'ABCD'[n]}": ("255", f"394{n}") for n in range(4)},
}
"""Eight bits that stand for several identifiers. The published tool sorts them before it packs, which moves those of 1A
and 9D; links packed in the order of this table are read too."""
_ORDERS = ("sorted", "as stated")
_FOREIGN = "F"


class NotCompressed(ValueError):
    """The segment is not a compressed Digital Link."""


class _Bits:
    """Bits of a segment, taken from the left."""

    def __init__(self, segment: str) -> None:
        self.left = 6 * len(segment)
        octets = urlsafe_b64decode(segment + "A" * (-len(segment) % 4))
        self._value = int.from_bytes(octets) >> (8 * len(octets) - self.left)

    def take(self, count: int) -> int:
        if count > self.left:
            raise NotCompressed("ends too early")
        self.left -= count
        taken = self._value >> self.left
        self._value &= (1 << self.left) - 1
        return taken

    @property
    def only_filling(self) -> bool:
        return self.left < _PADDING and not self._value


def decompress(segment: str) -> dict[str, str]:
    """The identifiers and values of a segment, in its order; foreign names among them. :class:`NotCompressed` else."""
    if len(segment) > _LONGEST or not segment or not set(segment) <= set(_ALPHABET):
        raise NotCompressed("not URI-safe base64")
    for order in _ORDERS:
        try:
            found = _unpack(_Bits(segment), in_order=order == "as stated")
        except NotCompressed:
            continue
        if all(ai not in identifiers() or identifiers()[ai].problem(value) is None for ai, value in found.items()):
            return found
    raise NotCompressed("no identifiers with sound values")


def _unpack(bits: _Bits, *, in_order: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    while not bits.only_filling:
        first = f"{bits.take(4):X}"
        if first == _FOREIGN:
            name = "".join(_ALPHABET[bits.take(6)] for _ in range(bits.take(7)))
            found[name] = _characters(bits, length_bits=7)
            continue
        for ai in _identifiers(first + f"{bits.take(4):X}", bits, in_order=in_order):
            if ai in found:
                raise NotCompressed(f"({ai}) twice")
            found[ai] = "".join(_values(identifiers()[ai], bits))
    return found


def _identifiers(start: str, bits: _Bits, *, in_order: bool) -> Sequence[str]:
    if (sequence := _SEQUENCES.get(start)) is not None:
        return sequence if in_order else sorted(sequence)
    ai = start + "".join(f"{bits.take(4):X}" for _ in range(number_lengths().get(start, 2) - 2))
    if ai not in identifiers():
        raise NotCompressed(f"no identifier {ai}")
    return (ai,)


def _values(identifier: Identifier, bits: _Bits) -> Iterator[str]:
    """Fixed digits in a row are one number; what may be missing or short carries its length."""
    fixed_digits = 0
    optional_digits = 0
    for part in identifier.parts:
        if part.characters == "N" and part.fixed and not part.optional:
            fixed_digits += part.longest
            continue
        if fixed_digits:
            yield _number(bits, fixed_digits)
            fixed_digits = 0
        if part.characters == "N":
            optional_digits += part.longest
        elif part.fixed and not part.optional:
            yield _characters(bits, count=part.longest)
        else:
            yield _characters(bits, length_bits=part.longest.bit_length())
    if fixed_digits:
        yield _number(bits, fixed_digits)
    if optional_digits:
        count = bits.take(optional_digits.bit_length())
        yield _number(bits, count) if count else ""


def _characters(bits: _Bits, *, count: int = 0, length_bits: int = 0) -> str:
    """Text in one of five codings: digits, lower and upper hexadecimal, base64, ASCII."""
    coding = bits.take(3)
    if length_bits:
        count = bits.take(length_bits)
    match coding:
        case 0:
            # The zeros in front count: they were part of the value, and a number alone has lost them.
            return _number(bits, count) if count else ""
        case 1:
            return "".join(_HEX[bits.take(4)] for _ in range(count))
        case 2:
            return "".join(_HEX[bits.take(4)] for _ in range(count)).upper()
        case 3:
            return "".join(_ALPHABET[bits.take(6)] for _ in range(count))
        case 4:
            return "".join(chr(bits.take(7)) for _ in range(count))
        case _:
            raise NotCompressed(f"no coding {coding}")


def _number(bits: _Bits, digits: int) -> str:
    text = str(bits.take(_bits_for(digits))).zfill(digits)
    if len(text) > digits:
        raise NotCompressed("number too large")
    return text


@cache
def _bits_for(digits: int) -> int:
    # As the published tool reckons; a hundredth more than needed, which costs a bit at 59 digits.
    return ceil(digits * log2(10) + 0.01)
