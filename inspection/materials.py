"""What the inspections of body photos, look-up screenshots and ledgers answer: plain data that every room may know."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

from inspection.report import Code, Finding, Flag, Verdict


def worst(findings: tuple[Finding, ...]) -> Verdict:
    """One failure fails; else one that is unclear leaves all unclear (R6)."""
    verdicts = {finding.verdict for finding in findings}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    return Verdict.UNCLEAR if Verdict.UNCLEAR in verdicts else Verdict.PASS


# --- body and package photos ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BodyReport:
    """The findings on one photo of a product's body or smallest package (4.1.2, 5, 6 A-1, Appendix A).

    ``level`` says what the judged code names: ``item``, ``batch``, ``class`` (R33) or None where that cannot be told;
    ``repairs`` how its picture had to be worked on before it could be read, none where it was read as it is.
    """

    verdict: Verdict
    product: str | None
    codes: tuple[Code, ...]
    level: str | None
    repairs: tuple[str, ...]
    findings: tuple[Finding, ...]
    stated: dict[str, str]
    text: tuple[str, ...]
    photo_px: tuple[int, int]
    retake: str | None
    ms: dict[str, float]
    engine: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data, the shape of ``zhuisu body --json`` without ``file``."""
        return asdict(self)


# --- look-up screenshots ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that a picture shows. ``iso`` is naive Asia/Shanghai text as precise as was read (``2026-11-03``,
    ``2026-11-03T09:41``, ``T09:41`` where no day stands beside it); ``kind``: ``clock`` (the phone's status bar),
    ``query`` (the page says it is the time of the look-up) or ``page`` (any other day or time on the page)."""

    iso: str
    kind: str
    score: float


@dataclass(frozen=True, slots=True)
class ScreenshotReport:
    """The findings on one look-up screenshot (Appendix C(2)). ``pages`` are the hosts its address bar or text names;
    ``look`` is ``screenshot``, ``photo`` (of a screen) or ``unknown``."""

    verdict: Verdict
    codes: tuple[Code, ...]
    code: str | None
    """The trace code that was looked up, as it was read from a picture code or from the page's text."""
    moments: tuple[Moment, ...]
    stated: dict[str, str]
    words: tuple[str, ...]
    pages: tuple[str, ...]
    look: str
    findings: tuple[Finding, ...]
    flags: tuple[Flag, ...]
    text: tuple[str, ...]
    photo_px: tuple[int, int]
    ms: dict[str, float]
    engine: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data, the shape of ``zhuisu screenshot --json`` without ``file``."""
        return asdict(self)


# --- ledgers ----------------------------------------------------------------------------------------------------------


class LedgerKind(StrEnum):
    """What a ledger is for, by its columns and its title."""

    PRODUCTION = "production"
    SALES = "sales"
    COVERAGE = "coverage"
    UPLOAD = "upload"
    TRACE = "trace"
    UPDATE = "update"
    """The update ledger of a month (C(3)): production, inspection, sale and upload of each product."""
    QUERY = "query"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Column:
    """One column that was understood: its letter, the words above it, what it holds (``produced``, ``made_on`` …), and
    the unit that its title states."""

    letter: str
    title: str
    name: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """First and last day of a column of dates, ISO."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet with a header. ``rows`` counts the data rows: no blanks, totals, notes or repeated headers.

    ``sums`` are exact decimal numbers as text, by column name; ``other`` the titles that were not understood.
    """

    sheet: str
    kind: LedgerKind
    header_row: int
    columns: tuple[Column, ...]
    other: tuple[str, ...]
    rows: int
    days: dict[str, Span]
    sums: dict[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of mistake in one sheet: a stable code, the rows as the spreadsheet numbers them (the first few of
    ``count``), and what to do, in Chinese."""

    code: str
    verdict: Verdict
    sheet: str
    rows: tuple[int, ...]
    count: int
    advice: str


@dataclass(frozen=True, slots=True)
class Count:
    """What was made or sold of a category in a month, and how much of it was coded (3.6): exact decimals as text.

    The fields are those of ``standard.scope.MonthlyCount``; ``month`` is ``2026-11``.
    """

    month: str
    category: str
    unit: str
    total: str
    coded: str


@dataclass(frozen=True, slots=True)
class CoverageFound:
    """Coverage recomputed from the ledger's own numbers for one unit: ``coded`` ÷ ``total``, exact (R43)."""

    unit: str
    coded: str
    total: str

    @property
    def rate(self) -> Fraction:
        """The exact share; ``total`` is never zero."""
        return Fraction(self.coded) / Fraction(self.total)


@dataclass(frozen=True, slots=True)
class ProductShown:
    """What a ledger shows of one product, over all its sheets: ``product`` and ``model`` as they stand there (empty
    where no column names them), the ``gtins`` that its codes state where nothing else names it, its distinct
    ``batches``, and the ``elements`` of C(3) for which some row of it holds something."""

    product: str
    model: str
    gtins: tuple[str, ...]
    batches: tuple[str, ...]
    elements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """One ledger file, read and judged (Appendix A 追溯码与数据类 2–6, Appendix C(3); R43).

    ``elements`` are the parts of C(3) that hold data: 生产, 检验, 销售, 国家追溯平台上传记录 (and 原材料, Appendix A).
    ``products``, ``batches`` and ``codes`` are the distinct values, in order; JSON shows at most a hundred of each.
    ``by_product`` says the same of each product, in order; JSON shows at most five hundred.
    """

    name: str
    kind: LedgerKind
    verdict: Verdict
    tables: tuple[Table, ...]
    rows: int
    elements: tuple[str, ...]
    products: tuple[str, ...]
    batches: tuple[str, ...]
    codes: tuple[str, ...]
    coverage: tuple[CoverageFound, ...]
    counts: tuple[Count, ...]
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]
    by_product: tuple[ProductShown, ...] = ()
    unread_sheets: tuple[str, ...] = ()
    """Sheets without a header that was understood: cover pages, notes."""
    ms: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data, the shape of ``zhuisu ledger --json`` without ``file``."""
        data = asdict(self)
        for key in ("products", "batches", "codes"):
            data[key] = {"count": len(data[key]), "first": list(data[key][:100])}
        data["by_product"] = [shown | {"batches": shown["batches"][:100]} for shown in data["by_product"][:500]]
        for found, plain in zip(self.coverage, data["coverage"], strict=True):
            plain["rate"] = round(float(found.rate), 6)
        return data


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One item of a list: where it stands, its code as it is written, batch and day (ISO, or empty) where they are
    said; ``problem``, a Chinese sentence, where the line cannot be read."""

    sheet: str
    line: int
    code: str
    batch: str = ""
    made_on: str = ""
    problem: str = ""


class LedgerRefused(Exception):
    """The bytes are no ledger that can be read; ``code`` is stable, ``advice`` a Chinese sentence for the sender."""

    def __init__(self, code: str, advice: str) -> None:
        super().__init__(code, advice)
        self.code = code
        self.advice = advice


# --- documents --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignatureSeen:
    """One signature of a PDF. ``intact``: not a byte that it covers was changed; ``valid``: it verifies;
    ``trusted``: up to an authority that we know; ``whole``: it covers the whole file as it stands."""

    signer: str
    intact: bool
    valid: bool
    trusted: bool
    whole: bool
    signed_at: str | None


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """What a scan, screenshot or text document says (7.1(1), 7.2, Appendix A): business licence, production licence or
    CCC certificate, policy, agreement, statement, proof.

    ``kind`` is what it looks to be by its words (``business_licence``, ``production_licence``,
    ``ccc_certificate``, ``policy``, ``agreement``, ``proof`` for 证明, 声明, 说明 and 报告, ``screenshot``, ``other``).
    ``fields`` holds what was read under a label, by our names: ``name``, ``uscc``, ``address``,
    ``legal_representative``, ``licence_number``, ``ccc_number``, ``valid_from``, ``valid_through`` (ISO days),
    ``title``, ``party_a``, ``party_b``, ``signed_on`` …; ``seal`` is a value of ``standard.materials.SealSeen``,
    ``seal_text`` what could be read on the seal.
    """

    media: str
    kind: str
    pages: int
    legible: bool
    fields: dict[str, str]
    uscc: tuple[str, ...]
    """Every unified social credit code in the text whose check characters are right, in order."""
    seal: str
    seal_text: str
    signatures: tuple[SignatureSeen, ...]
    text: tuple[str, ...]
    """The lines, in reading order, at most 2000."""
    retake: str | None
    """What to do differently when scanning again; None where it is legible."""
    ms: dict[str, float]
    engine: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data, the shape of ``zhuisu document --json`` without ``file``."""
        return asdict(self)
