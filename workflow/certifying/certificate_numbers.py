"""Certificate numbers as people and links write them (Appendix B, R14).

A number holds a slash. In a path it stands with a hyphen, ``/c/T-CMIF-2026-000001``: an encoded slash is decoded, or
refused, by many a proxy on the way. What is read back is taken by the pattern of the edition, never by guessing.
"""

import re
import string
import unicodedata
from functools import cache

from standard.profile import editions_shipped
from workflow.links import Links

_LONGEST = 60


def number_in_path(number: str) -> str:
    """The number as it stands in a path: ``T-CMIF-2026-000001``."""
    return number.replace("/", "-")


def number_from_path(path: str) -> str | None:
    """The number that ``path`` means, as the register writes it; None where it is no number.

    ``T-CMIF-2026-000001``, ``T/CMIF-2026-000001`` and what a person types (lower case, full width, blanks) are the
    same.
    """
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", path[:_LONGEST])).upper()
    text = re.sub("[‐‑‒–—―−]", "-", text)
    for pattern, form in _forms():
        if (match := pattern.fullmatch(text)) is not None:
            return form.format(year=int(match["year"]), serial=int(match["serial"]))
    return None


@cache
def _forms() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Each edition's pattern as an expression that takes a hyphen for a slash."""
    forms = dict.fromkeys(edition.word("life.number_pattern") for edition in editions_shipped())
    return tuple((re.compile(_expression(form)), form) for form in forms)


def _expression(form: str) -> str:
    parts = []
    for literal, name, _, _ in string.Formatter().parse(form):
        parts.append("[/-]".join(re.escape(part) for part in literal.upper().split("/")))
        if name:
            parts.append(f"(?P<{name}>[0-9]{{1,9}})")
    return "".join(parts)


def certificate_path(number: str) -> str:
    """Its public page, a path of ours: what the QR code on it leads to."""
    return f"/c/{number_in_path(number)}"


def number_from_link(links: Links, text: str) -> str | None:
    """The number in a link to one of our certificates, as its QR code holds it; None for everything else."""
    mine = links.page("/c/")
    return number_from_path(text.removeprefix(mine)) if text.startswith(mine) else None
