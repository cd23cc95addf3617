"""What an inspection asks for and answers: plain, picklable data that every room may know."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from inspection.fingerprint import Fingerprint

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
Size = tuple[float, float]
"""Width and height in millimetres, as the sheet is read."""


class Verdict(StrEnum):
    """R6: pass, fail, or unclear; unclear always says what to do next."""

    PASS = "pass"
    FAIL = "fail"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Code:
    """One code read; ``corners`` in photo pixels: top left, top right, bottom right, bottom left of the symbol."""

    text: str
    symbology: str
    corners: Quad


@dataclass(frozen=True, slots=True)
class Finding:
    """One clause, judged once.

    ``measured`` holds plain numbers in the unit of the key's end (``side_mm``, ``edge_mm`` by side …); ``required``
    and ``advice`` are Chinese sentences for people; ``rows`` names the rows of our reading (R22 …) that decided;
    ``where`` is the outline in photo pixels, where there is one.
    """

    clause: str
    verdict: Verdict
    measured: dict[str, Any]
    required: str
    advice: str
    where: Quad | None = None
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductHint:
    """A registered product the sheet may belong to: how to recognise it, its sheet, and what D.5.1 compares with."""

    key: str
    sheet_mm: Size
    codes: tuple[str, ...]
    model: str
    record: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """A picture to judge. ``sheet_mm`` overrules a recognised product's size; both absent: millimetres are unclear."""

    data: bytes
    sheet_mm: Size | None = None
    products: tuple[ProductHint, ...] = ()
    mark: bool = True


@dataclass(frozen=True, slots=True)
class Flag:
    """A reason to look closer at a picture, never a verdict: ``code`` is stable, ``advice`` a Chinese sentence."""

    code: str
    advice: str
    measured: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """The findings on one picture; a finding a clause, in the order of Appendix D."""

    verdict: Verdict
    sheet_mm: Size | None
    product: str | None
    codes: tuple[Code, ...]
    findings: tuple[Finding, ...]
    text: tuple[str, ...]
    photo_px: tuple[int, int]
    px_per_mm: float | None
    retake: str | None
    """What to do differently when photographing again; None where the picture is good enough."""
    ms: dict[str, float]
    engine: str
    source: str = "photo"
    """``photo``, ``scan`` (a raster whose dots a millimetre are true) or ``artwork`` (a PDF)."""
    source_note: str = ""
    """What the millimetres rest on where it is no photo; a Chinese sentence."""
    grade: dict[str, Any] | None = None
    """ISO/IEC 15415-style grades of the judged code: information beside the verdict, never part of it."""
    panel: dict[str, Any] | None = None
    """What independent readers say of the picture and of simulated distances (D.2.2, R26)."""
    flags: tuple[Flag, ...] = ()
    """Authenticity: what a person may want to look at more closely."""
    taken: dict[str, str] = field(default_factory=dict)
    """What the file itself says of when, where and with what it was made: shown, never trusted."""
    stated: dict[str, str] = field(default_factory=dict)
    """What stands on the sheet by its labels: name, model, batch, serial, date, firm, uscc, as it was read."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data, the shape of ``zhuisu inspect --json`` without ``file``."""
        return asdict(self)

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Report":
        """The report that :meth:`to_json` made plain, lists for tuples again made tuples."""
        return cls(
            **plain
            | {
                "verdict": Verdict(plain["verdict"]),
                "sheet_mm": _pair(plain["sheet_mm"]),
                "codes": tuple(Code(c["text"], c["symbology"], _quad(c["corners"])) for c in plain["codes"]),
                "findings": tuple(
                    Finding(
                        **found
                        | {
                            "verdict": Verdict(found["verdict"]),
                            "where": _quad(found["where"]) if found["where"] else None,
                            "rows": tuple(found["rows"]),
                        }
                    )
                    for found in plain["findings"]
                ),
                "text": tuple(plain["text"]),
                "photo_px": tuple(plain["photo_px"]),
                "flags": tuple(Flag(**flag) for flag in plain["flags"]),
            }
        )


def _pair(plain: Any) -> Size | None:
    return None if plain is None else (plain[0], plain[1])


def _quad(plain: Any) -> Quad:
    first, second, third, fourth = ((point[0], point[1]) for point in plain)
    return first, second, third, fourth


@dataclass(frozen=True, slots=True)
class Inspected:
    """A report with its marked-up picture (JPEG, at most 2 MB) where one was asked for.

    ``fingerprint`` recognises the same shot when it comes again; None where the picture shows nothing at all.
    """

    report: Report
    marked: bytes | None
    fingerprint: Fingerprint | None = None


class PictureRefused(Exception):
    """The bytes cannot be judged; ``code`` is stable, ``advice`` a Chinese sentence for the sender."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(code, advice)
        self.code = code
        self.advice = advice
