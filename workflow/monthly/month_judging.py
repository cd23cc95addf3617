"""What a month comes to as it stands: what is missing, what fails, what is still being looked at (C, R6, R9, R39).

Only rows are read: every file was looked at by a job of its own (:mod:`workflow.monthly.month_files`), so that
thousands of months are judged together when their window closes.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from inspection.placement import Placement, same_place
from inspection.report import Verdict
from models import FilingFile, FilingFileKind, FilingFileState, MonthlyFiling, Product
from standard.handing_in import asked_beside
from standard.monthly import Background, FiledProduct, Filing, judge_filing, repetition
from standard.months import filing_window
from standard.names import fold
from standard.outcome import Finding, Outcome, worst
from workflow.context import Ports
from workflow.findings import plain_finding, worst_of
from workflow.monthly.ledger_index import listed
from workflow.monthly.month_case import MonthCase, month_cases, named
from workflow.monthly.month_files import placement_of
from workflow.monthly.month_slots import PER_PRODUCT, month_slots


class Standing(StrEnum):
    """What a month's files come to together."""

    MISSING = "missing"
    """Something that is asked is not there."""
    WAITING = "waiting"
    """Something reached us in time and is still being looked at: nothing is decided before."""
    FAILING = "failing"
    """All is there, and something fails or is unclear."""
    PASSING = "passing"


@dataclass(frozen=True, slots=True)
class CodeFiled:
    """A trace code of a month that passes, as ``FiledCode`` keeps it."""

    code: str
    product_id: int
    batch: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """``outcome`` with its ``verdict`` as plain data: ``outcome``, ``complete``, ``timely``, ``missing`` in words,
    ``findings``, ``repeated``, and the refs of the ``files`` it judged. ``filed_at``: when the last of what counts
    reached us, None where nothing did. ``codes``: what the month is filed with."""

    outcome: Standing
    verdict: dict[str, Any]
    codes: tuple[CodeFiled, ...] = ()
    filed_at: datetime | None = None

    @property
    def findings(self) -> list[dict[str, Any]]:
        """What does not pass, as it is told; a print that fails once, with what is wrong with it.

        As long as something is missing or being looked at, that is what the files themselves show: the rest only
        repeats that the month is not complete yet.
        """
        against = [
            finding
            for finding in self.verdict["findings"]
            if _against(finding) and finding["clause"] != TIME and not _of_the_print(finding)
        ]
        if self.outcome in (Standing.MISSING, Standing.WAITING):
            return [finding for finding in against if finding["materials"] or finding.get("check") == REPETITION]
        return against


TIME = "8.1(2)"
"""The clause of what is filed in time: a make-up comes late by its nature."""
REPETITION = "repetition"
"""The check of a product that was filed last month too (R9)."""


async def judged(
    ports: Ports, filings: Sequence[MonthlyFiling], *, submitted_at: datetime | None = None
) -> dict[int, Judgement]:
    """The judgements by the id of the filing; reads only, in the caller's transaction or in none.

    They are filed when they are ``submitted_at``; where nobody submitted them, when the last of their files came.
    """
    cases = await month_cases(filings)
    now = ports.clock.now()
    return {filing_id: judge_case(case, now, submitted_at) for filing_id, case in cases.items()}


def judge_case(case: MonthCase, now: datetime, submitted_at: datetime | None = None) -> Judgement:
    """One month as it stands."""
    if not case.files and not case.on_their_way:
        return Judgement(Standing.MISSING, _nothing(case))
    slots = month_slots(case)
    counted = [file for kind, product_id in _kinds(case) for file in case.counted(kind, product_id)]
    filed_at = submitted_at or max((file.handed_in_at for file in counted), default=None)
    filing, background = _filing(case, filed_at or now), _background(case)
    verdict = judge_filing(filing, background, case.edition)
    repeated = repetition(filing, background, case.edition)
    together = _together(case, counted)
    findings = [
        *(plain_finding(finding, check=REPETITION if finding == repeated else "month") for finding in verdict.findings),
        *(finding | {"materials": [file.ref]} for file in counted for finding in file.findings if _against(finding)),
        *together,
    ]
    complete = worst([verdict.complete, worst_of([one for one in findings if one["clause"] != TIME])])
    plain = {
        "outcome": worst([verdict.outcome, complete]).value,
        "complete": complete.value,
        "timely": verdict.timely,
        "missing": slots.missing,
        "findings": findings,
        "repeated": list(verdict.repeated),
        "files": [file.ref for file in counted],
    }
    return Judgement(_standing(case, slots.missing, counted, complete), plain, _codes(counted), filed_at)


def _standing(case: MonthCase, missing: Sequence[str], counted: Iterable[FilingFile], complete: Outcome) -> Standing:
    if case.on_their_way:
        return Standing.WAITING
    if missing:
        return Standing.MISSING
    if any(file.state == FilingFileState.HANDED_IN for file in counted):
        return Standing.WAITING
    return Standing.PASSING if complete is Outcome.PASS else Standing.FAILING


def _nothing(case: MonthCase) -> dict[str, Any]:
    window = filing_window(case.month, case.edition)
    reason = f"{case.month.words}没有提报资料（提报期 {window.opens} 至 {window.closes}，8.1(2)）"
    finding = plain_finding(Finding(TIME, Outcome.FAIL, reason, ("R10",)))
    return {
        "outcome": "fail", "complete": "fail", "timely": False, "missing": [reason], "findings": [finding],
        "repeated": [], "files": [],
    }  # fmt: skip


def _kinds(case: MonthCase) -> Iterator[tuple[FilingFileKind, int | None]]:
    """What is judged: the photos of each product as its level asks them (R39), look-ups, ledgers."""
    for product in case.filed_products():
        for kind in PER_PRODUCT if case.asks_body else PER_PRODUCT[:1]:
            yield kind, product.id
    yield FilingFileKind.QUERY_SCREENSHOT, None
    yield FilingFileKind.UPDATE_LEDGER, None
    yield FilingFileKind.OPTIONAL, None


# --- as the rules see it ---------------------------------------------------------------------------------------------


def _filing(case: MonthCase, filed_at: datetime) -> Filing:
    shots = case.counted(FilingFileKind.QUERY_SCREENSHOT)
    return Filing(
        case.month,
        filed_at,
        tuple(_product(case, product) for product in case.filed_products()),
        len(shots),
        sum(bool((shot.report or {}).get("public")) for shot in shots),
        tuple(dict.fromkeys(_optional(case))),
    )


def _optional(case: MonthCase) -> Iterator[str]:
    """C(4): the names of what was added, as they were stated."""
    names = {ask.name: dict(ask.choices) for ask in asked_beside("month_optional", case.edition)}
    for file in case.of(FilingFileKind.OPTIONAL):
        yield names["what"].get(str(file.declared.get("what")), "")


def _product(case: MonthCase, product: Product) -> FiledProduct:
    certificates = case.counted(FilingFileKind.CERTIFICATE_PHOTO, product.id)
    bodies = case.counted(FilingFileKind.BODY_PHOTO, product.id) if case.asks_body else []
    photos = [*certificates, *bodies]
    return FiledProduct(
        named(product),
        len(certificates),
        len(bodies),
        case.batches(product.id),
        tuple(dict.fromkeys(photo.code for photo in photos if photo.code)),
        frozenset(ledger_elements(case, product)),
        _print(certificates),
        _legible(photos),
    )


def _print(photos: Iterable[FilingFile]) -> Outcome:
    """The worst of what stands against their print (D)."""
    return worst_of([finding for photo in photos for finding in photo.findings if finding["clause"].startswith("D")])


def _legible(photos: Iterable[FilingFile]) -> Outcome:
    """Whether code and key information are seen: what is unclear beside the print leaves it open (R6)."""
    unclear = any(
        finding["outcome"] == Outcome.UNCLEAR and not finding["clause"].startswith("D")
        for photo in photos
        for finding in photo.findings
    )
    return Outcome.UNCLEAR if unclear else Outcome.PASS


def _against(finding: dict[str, Any]) -> bool:
    return bool(finding["outcome"] != Outcome.PASS)


def _of_the_print(finding: dict[str, Any]) -> bool:
    """Whether it only sums up, for a product, what each of its photos shows against the print (C(1), R6)."""
    return finding["clause"] == "C(1)" and finding["rows"] == ["R6"] and finding["outcome"] == Outcome.FAIL


def _background(case: MonthCase) -> Background:
    names = {product.id: named(product) for product in case.products}
    last = tuple((names[product], batches) for product, batches in case.last_month.items() if product in names)
    return Background(case.level, frozenset(names.values()), last, case.codes_before)


def _codes(counted: Iterable[FilingFile]) -> tuple[CodeFiled, ...]:
    """Every code on the photos of certificates and bodies that count, once: what was left out was not judged by its
    code, which may stand in another month already."""
    found: dict[str, CodeFiled] = {}
    for photo in counted:
        if photo.kind in PER_PRODUCT and photo.code and photo.product_id is not None:
            found.setdefault(photo.code, CodeFiled(photo.code, photo.product_id, photo.batch))
    return tuple(found.values())


# --- what the ledger shows -------------------------------------------------------------------------------------------


def ledger_elements(case: MonthCase, product: Product) -> set[str]:
    """C(3): which elements the month's ledgers record of the product.

    Lines concern it by its model or name, by its GTIN, or by a batch that its certificates show; all lines of a ledger
    that was handed in for it alone, and of a firm that makes nothing else.
    """
    return {element for shown in _shown(case, product) for element in shown["elements"]}


def _shown(case: MonthCase, product: Product) -> list[dict[str, Any]]:
    """What the month's ledgers show of the product (``inspection.materials.ProductShown`` as plain data)."""
    batches = {fold(batch) for batch in case.batches(product.id)}
    return [
        shown
        for ledger in _ledgers_of(case, product)
        for shown in (ledger.report or {}).get("by_product", [])
        if ledger.product_id is not None or len(case.products) == 1 or _concerns(shown, product, case.products, batches)
    ]


def _ledgers_of(case: MonthCase, product: Product) -> list[FilingFile]:
    ledgers = case.counted(FilingFileKind.UPDATE_LEDGER)
    return [ledger for ledger in ledgers if ledger.product_id in (None, product.id)]


def _concerns(shown: dict[str, Any], product: Product, products: Sequence[Product], batches: set[str]) -> bool:
    if shown["model"] and fold(shown["model"]) == fold(product.model):
        return True
    if not shown["product"] and not shown["model"]:
        return product.gtin in shown["gtins"] or any(fold(batch) in batches for batch in shown["batches"])
    if _stands_in(product.model, f"{shown['product']} {shown['model']}"):
        return True
    alone = sum(fold(one.name) == fold(product.name) for one in products) == 1
    return not shown["model"] and alone and fold(product.name) == fold(shown["product"])


def _stands_in(model: str, text: str) -> bool:
    """Whether a model stands in a text as a word of its own: BV 4 does in 电线 BV 4, and not in BV 40."""
    wanted = r"\s*".join(map(re.escape, unicodedata.normalize("NFKC", model).upper().replace(" ", "")))
    plain = unicodedata.normalize("NFKC", text).upper()
    return bool(wanted) and re.search(rf"(?<![0-9A-Z.×]){wanted}(?![0-9A-Z.×])", plain) is not None


# --- what the files say together -------------------------------------------------------------------------------------


def _together(case: MonthCase, counted: Sequence[FilingFile]) -> list[dict[str, Any]]:
    return [
        *_listed(case),
        *_same_batch(case),
        *_looked_up(case, counted),
        *_same_places(case),
    ]


def _listed(case: MonthCase) -> Iterator[dict[str, Any]]:
    """C(3), 7.2(2): the certificates' codes, or their batches, stand in the ledger."""
    for product in case.filed_products():
        ledgers = [one for one in _ledgers_of(case, product) if (one.report or {}).get("listed") is not None]
        if not ledgers:
            continue
        indexes = [str((one.report or {})["listed"]) for one in ledgers]
        indexes += [shown["listed"] for shown in _shown(case, product)]
        for photo in case.counted(FilingFileKind.CERTIFICATE_PHOTO, product.id):
            names = (photo.report or {}).get("listed_as")
            if not names or listed(indexes, names):
                continue
            shown = f"追溯码 {photo.code}" + (f"（批次 {photo.batch}）" if photo.batch else "")
            reason = (
                f"更新台账里没有「{named(product)}」合格证照片上的{shown}："
                "请补上这一批的记录，或换成台账所列批次的合格证（C(3)，7.2(2)）。"
            )
            yield plain_finding(Finding("7.2(2)", Outcome.FAIL, reason), about=[*ledgers, photo], check="data_match")


def _same_batch(case: MonthCase) -> Iterator[dict[str, Any]]:
    """C(1): body and certificate of a product are of the same batches."""
    if not case.asks_body:
        return
    for product in case.filed_products():
        known = {fold(batch) for batch in case.batches(product.id)}
        for body in case.counted(FilingFileKind.BODY_PHOTO, product.id):
            if known and body.batch and fold(body.batch) not in known:
                shown = "、".join(case.batches(product.id))
                reason = (
                    f"「{named(product)}」本体照片的批次是 {body.batch}，合格证照片的是 {shown}："
                    "请提交同一批次的本体和合格证（C(1)，5）。"
                )
                yield plain_finding(Finding("C(1)", Outcome.FAIL, reason), about=[body], check="data_match")


def _looked_up(case: MonthCase, counted: Sequence[FilingFile]) -> Iterator[dict[str, Any]]:
    """C(2): what was looked up are products of this month, and each look-up counts once."""
    filed = {product.id for product in case.filed_products()}
    if not filed:
        return
    for shot in counted:
        about = (shot.report or {}).get("about") if shot.kind == FilingFileKind.QUERY_SCREENSHOT else None
        if about and filed.isdisjoint(about):
            other = "、".join(named(product) for product in case.products if product.id in about)
            reason = f"查询截图查的是「{other}」，本月没有提报这款产品：请查询本月提报的产品后重新截图（C(2)）。"
            yield plain_finding(Finding("C(2)", Outcome.FAIL, reason), about=[shot], check="data_match")
    seen: dict[tuple[str, str], FilingFile] = {}
    for shot in counted:
        if (record := _record(shot)) is None:
            continue
        if seen.setdefault(record, shot) is not shot:
            reason = f"两张截图是同一次查询（{record[1].replace('T', ' ')}）：请换成另一次查询的截图（C(2)）。"
            yield plain_finding(Finding("C(2)", Outcome.FAIL, reason), about=[shot], check="data_match")


def _record(shot: FilingFile) -> tuple[str, str] | None:
    """Code and time of the look-up that a page shows; None where it does not say when, to the minute."""
    if shot.kind != FilingFileKind.QUERY_SCREENSHOT:
        return None
    times = [one["iso"] for one in (shot.report or {}).get("moments", []) if one["kind"] == "query"]
    exact = [iso for iso in times if "T" in iso[1:]]
    return (shot.code, exact[0]) if len(exact) == 1 else None


def _same_places(case: MonthCase) -> Iterator[dict[str, Any]]:
    """D.1.3 among the month's own certificates of a category; earlier months' are compared when a file is judged."""
    categories = {product.id: product.category for product in case.filed_products()}
    placed: dict[str, list[Placement]] = {}
    for photo in case.counted(FilingFileKind.CERTIFICATE_PHOTO):
        placement = placement_of(photo)
        if placement is None or photo.product_id is None:
            continue
        earlier = placed.setdefault(categories[photo.product_id], [])
        if earlier and (answer := same_place(placement, earlier)).verdict is Verdict.FAIL:
            finding = Finding("D.1.3", Outcome.FAIL, answer.advice, answer.rows)
            yield plain_finding(finding, about=[photo], check="D.1.3")
        earlier.append(placement)
