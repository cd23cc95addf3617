"""Single items that a firm files for a product (3.4, 4.3.3): one by one as data, or as a list in a file.

Nobody has to: a code is known by its product's GTIN or pattern as well. What a filed item adds is that this very code
was given, to which batch, made when. A list is kept as evidence before it is read; each line that is no item of the
product is refused with its number and the reason, the others are filed.

Anybody may write a GTIN into a form, so an item is filed only where a photo proved that the firm gives such codes out
(:mod:`workflow.intake.code_patterns`). One that stands under the product of a firm which proved nothing of the kind
goes over to the firm that did; where both proved it, it stays with whoever filed it first (R33).
"""

import asyncio
import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from tortoise.exceptions import IntegrityError

from inspection.materials import ItemLine, LedgerRefused
from models import (
    CodePattern,
    CodePatternKind,
    Enterprise,
    EvidenceSource,
    Item,
    ItemFiling,
    ItemFilingState,
    Product,
    StaffRole,
)
from models.transactions import transaction
from standard.calendar import shanghai_day
from standard.codes import Level, judge, look_alike, read
from standard.outcome import Outcome
from standard.profile import Edition, edition_on
from workflow.access import Asker, member_of, not_found
from workflow.context import Ports
from workflow.idempotency import key_among_all
from workflow.intake.code_patterns import patterns_of
from workflow.intake.evidence import keep_file, kept_bytes
from workflow.intake.inspections import tried_once_more
from workflow.intake.judged_codes import BATCH, GTIN
from workflow.intake.uploads import CSV, XLSX, admitted, checked_key, key_reused
from workflow.links import Links
from workflow.ports import ClaimedJob, InspectionFailed
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.scanning.resolution import Patterns, code_key
from workflow.scanning.trace_links import code_in
from workflow.telling.notices import tell_firm

READ = "items.read"
CLAUSE = "3.4"
AT_ONCE = 1000
"""Items of one call, and of one transaction while a list is filed."""
LISTS = (XLSX, CSV)
LONGEST_CODE, LONGEST_BATCH = 255, 60
SHOWN = 200
"""Refused lines that a filing keeps; how many there were it says beside."""


@dataclass(frozen=True, slots=True)
class NewItem:
    """One item: its code as printed, its batch, and the day it was made, where they are said."""

    code: str
    batch: str = ""
    made_on: date | None = None


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """An item that was not filed: the line (or place) where it stands, its code, and why."""

    line: int
    code: str
    reason: str
    sheet: str = ""
    clause: str = CLAUSE


# --- filing ----------------------------------------------------------------------------------------------------------


async def file_items(
    ports: Ports, asker: Asker, enterprise_id: int, product_id: int, items: Sequence[NewItem], key: str
) -> ItemFiling:
    """File up to :data:`AT_ONCE` items, for staff; idempotent by ``key``.

    Refused: ``items_number_odd``, ``key_reused``, not found.
    """
    product = await _product(asker, enterprise_id, product_id)
    if not 1 <= len(items) <= AT_ONCE:
        advice = f"一次申报 1 到 {AT_ONCE} 件：更多请上传清单文件"
        raise Refused(Kind.INVALID, "items_number_odd", advice, clause=CLAUSE, field="items")
    if (known := await _known(checked_key(key), product)) is not None:
        return known
    lines = [
        ItemLine("", place, item.code.strip(), item.batch.strip(), item.made_on.isoformat() if item.made_on else "")
        for place, item in enumerate(items, 1)
    ]
    judge_ = await _judge_for(ports, product)
    judged = await asyncio.to_thread(judge_.all, lines)
    counts = _Counts()
    try:
        async with transaction():
            filing = await _new_filing(ports, asker, product, key)
            await _file(ports, filing, product, judged, counts)
            await _settle(ports, filing, counts, asker.actor)
    except IntegrityError:
        # The same request came twice at once: the other one has filed them.
        if (known := await _known(key, product)) is None:
            raise
        return known
    return filing


async def file_list(
    ports: Ports,
    asker: Asker,
    enterprise_id: int,
    product_id: int,
    name: str,
    data: bytes,
    key: str,
    *,
    source: EvidenceSource = EvidenceSource.API,
) -> ItemFiling:
    """Take in a list (.xlsx, .csv) of up to 100 000 items, for staff; a job reads it. Idempotent by ``key``.

    Refused: ``file_empty``, ``file_too_large``, ``file_type``, ``key_reused``, not found.
    """
    product = await _product(asker, enterprise_id, product_id)
    sha256 = hashlib.sha256(data).hexdigest()
    if (known := await _known(checked_key(key), product, sha256)) is not None:
        return known
    media_type = admitted(ports, "单件清单", LISTS, data, name, clause=CLAUSE)
    evidence = await keep_file(
        ports,
        data,
        source,
        actor=asker.actor,
        media_type=media_type,
        enterprise_id=enterprise_id,
        file_name=name[:255],
    )
    try:
        async with transaction():
            filing = await _new_filing(ports, asker, product, key, evidence_id=evidence.id)
            await record_event(
                ports,
                "items:hand_in",
                "item_filing",
                filing.id,
                actor=asker.actor,
                clause=CLAUSE,
                after={"product": product.id},
                evidence_sha256=evidence.sha256,
            )
            await ports.queue.enqueue(
                READ, f"{READ}:{filing.id}", {"filing": filing.id}, due=ports.clock.now(), max_attempts=20
            )
    except IntegrityError:
        if (known := await _known(key, product, sha256)) is None:
            raise
        return known
    ports.bell.ring("jobs")
    return filing


async def filing_of(asker: Asker, enterprise_id: int, ref: str) -> ItemFiling:
    """Where a list stands, for the firm's members."""
    await member_of(asker, enterprise_id)
    filing = await ItemFiling.get_or_none(ref=ref, product__enterprise_id=enterprise_id).prefetch_related("product")
    if filing is None:
        raise not_found()
    return filing


async def filings_of(asker: Asker, product: Product, limit: int = 20) -> list[ItemFiling]:
    """The newest lists of a product, for the firm's members."""
    await member_of(asker, product.enterprise_id)
    return await ItemFiling.filter(product_id=product.id).order_by("-id").limit(limit).prefetch_related("evidence")


async def filed_items(product_id: int) -> int:
    """How many items are filed for a product."""
    return await Item.filter(product_id=product_id).count()


def refused_lines(filing: ItemFiling) -> list[RefusedLine]:
    """The lines that were refused, as far as they are kept."""
    return [RefusedLine(**one) for one in filing.findings if "line" in one]


def remark(filing: ItemFiling) -> str:
    """What is to be said of the list as a whole; empty where nothing is."""
    return next((str(one["reason"]) for one in filing.findings if "line" not in one), "")


# --- the job ---------------------------------------------------------------------------------------------------------


async def read_list(ports: Ports, job: ClaimedJob) -> None:
    """The job: read a list and file its items, some at a time.

    Items carry their filing, so that repeating the job after a crash finds what it had filed and counts it the same.
    """
    filing = await ItemFiling.get(id=job.args["filing"]).prefetch_related("evidence", "product")
    counts = _Counts()
    if filing.state == ItemFilingState.RECEIVED:
        assert filing.evidence is not None
        data, _ = await kept_bytes(ports, filing.evidence)
        try:
            lines = await ports.inspector.read_items(data, filing.evidence.file_name or "清单")
        except LedgerRefused as refusal:
            lines, counts.remark = (), refusal.advice
        except InspectionFailed as problem:
            if await tried_once_more(ports, job, problem):
                return
            lines, counts.remark = (), "清单无法读取：请另存为新的 .xlsx 或 .csv 文件后重新上传"
        judge_ = await _judge_for(ports, filing.product)
        for first in range(0, len(lines), AT_ONCE):
            # A thread, so that the others are answered meanwhile.
            judged = await asyncio.to_thread(judge_.all, lines[first : first + AT_ONCE])
            async with transaction():
                await _file(ports, filing, filing.product, judged, counts)
    async with transaction():
        if not await ports.queue.finish(job):
            return
        if filing.state == ItemFilingState.RECEIVED:
            await _settle(ports, filing, counts, "system")


# --- judging ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Judge:
    """Whether a code is one of the product's items: it begins with one of its ``proved`` patterns; ``gtin`` is what its
    form says."""

    links: Links
    edition: Edition
    today: date
    gtin: str | None
    proved: Patterns

    def all(self, lines: Iterable[ItemLine]) -> list["_Judged"]:
        return [self.one(line) for line in lines]

    def one(self, line: ItemLine) -> "_Judged":
        """The item to file, or why it is none."""
        text = code_in(self.links, line.code)
        if line.problem:
            return _Judged(line, problem=line.problem)
        if (pretender := look_alike(text, self.edition)) is not None:
            return _Judged(line, problem=pretender.finding.reason)
        code = read(text, edition=self.edition)
        wrong = next((one for one in judge(code, self.edition, Level.ITEM) if one.outcome is not Outcome.PASS), None)
        if wrong is not None:
            return _Judged(line, problem=wrong.reason)
        assert code.canonical is not None
        patterns = frozenset(patterns_of(code, self.edition))
        if self.proved.isdisjoint(patterns):
            return _Judged(line, problem=self._unproved(code.parts.get(GTIN)))
        if len(code.canonical) > LONGEST_CODE:
            return _Judged(line, problem=f"追溯码超过 {LONGEST_CODE} 个字符（3.4）")
        if len(line.batch) > LONGEST_BATCH:
            return _Judged(line, problem=f"生产批次超过 {LONGEST_BATCH} 个字")
        made_on = date.fromisoformat(line.made_on) if line.made_on else None
        if made_on is not None and made_on > self.today:
            return _Judged(line, problem=f"生产日期 {made_on} 还没有到：请核对")
        return _Judged(line, code.canonical, line.batch or code.parts.get(BATCH, ""), made_on, patterns=patterns)

    def _unproved(self, gtin: str | None) -> str:
        if gtin is not None and gtin == self.gtin:
            return (
                f"这款产品登记的商品条码 {gtin} 还没有照片证实：请在评价申报或月度提报里交一张带有这种码的合格证照片，"
                "识读合格后自动证实，再重新申报（3.4、7.1，R33）"
            )
        if gtin is not None and self.gtin is not None:
            return f"码里的商品条码是 {gtin}，这款产品登记的是 {self.gtin}：请核对是不是这款产品的码（3.4）"
        return (
            "这个码不符合这款产品已证实的发码规则：请先在产品资料里填写发码规则，"
            "再在评价申报或月度提报里交一张带有这种码的合格证照片，识读合格后自动证实（3.4、7.1，R33）"
        )


@dataclass(frozen=True, slots=True)
class _Judged:
    line: ItemLine
    code: str = ""
    batch: str = ""
    made_on: date | None = None
    problem: str = ""
    patterns: Patterns = frozenset()
    """All that would be this code's."""


async def _judge_for(ports: Ports, product: Product) -> _Judge:
    today = shanghai_day(ports.clock.now())
    proved = await CodePattern.filter(product_id=product.id, proved_at__not_isnull=True, retired_at=None).values_list(
        "kind", "value"
    )
    patterns = frozenset((CodePatternKind(kind), value) for kind, value in proved)
    return _Judge(ports.links, edition_on(today), today, product.gtin, patterns)


# --- writing ---------------------------------------------------------------------------------------------------------


class _Counts:
    """What has become of a list so far."""

    def __init__(self) -> None:
        self.filed = self.already = self.refused = 0
        self.seen: set[str] = set()
        self.shown: list[RefusedLine] = []
        self.remark = ""

    def refuse(self, line: ItemLine, reason: str) -> None:
        self.refused += 1
        if len(self.shown) < SHOWN:
            self.shown.append(RefusedLine(line.line, line.code[:LONGEST_CODE], reason, line.sheet))

    def findings(self) -> Iterator[dict[str, Any]]:
        if self.already:
            yield {
                "outcome": Outcome.PASS,
                "reason": f"其中 {self.already} 件此前已经申报，没有重复登记",
                "clause": CLAUSE,
            }
        if self.remark:
            yield {"outcome": Outcome.FAIL, "reason": self.remark, "clause": CLAUSE}
        yield from (asdict(line) for line in self.shown)


async def _file(ports: Ports, filing: ItemFiling, product: Product, judged: Iterable[_Judged], counts: _Counts) -> None:
    """Inside the caller's transaction: what is new of these is filed, the rest counted."""
    fresh: dict[str, _Judged] = {}
    for one in judged:
        if one.problem:
            counts.refuse(one.line, one.problem)
            continue
        key = code_key(one.code)
        if key in counts.seen:
            counts.already += 1
        else:
            counts.seen.add(key)
            fresh[key] = one
    there = await _there(fresh)
    # In the order of keys, and first what is taken over: two lists of the same items do not wait in a circle.
    await _take_over(ports, filing, product, fresh, there)
    new = sorted(fresh.keys() - there.keys())
    await Item.bulk_create(
        [
            Item(
                code_key=key,
                code=fresh[key].code,
                product_id=filing.product_id,
                filing_id=filing.id,
                batch=fresh[key].batch,
                made_on=fresh[key].made_on,
            )
            for key in new
        ],
        ignore_conflicts=True,
    )
    # Another list may have been quicker meanwhile: what stands now decides.
    there |= await _there(new)
    for key, one in fresh.items():
        product_id, filing_id = there[key]
        if filing_id == filing.id:
            counts.filed += 1
        elif product_id == filing.product_id:
            counts.already += 1
        else:
            counts.refuse(one.line, "这个码已申报在另一款产品名下：一个追溯码只能用在一件产品上（3.4，R33）")


async def _take_over(
    ports: Ports, filing: ItemFiling, product: Product, fresh: dict[str, _Judged], there: dict[str, tuple[int, int]]
) -> None:
    """Inside the caller's transaction: items that stand under a product of another firm, which proved no pattern of
    theirs, go over to this filing, as ``there`` then says; what each product lost is in an event, and its firm is told.

    Repeating it finds them in the filing.
    """
    elsewhere = {key: product_id for key, (product_id, _) in there.items() if product_id != product.id}
    if not elsewhere:
        return
    others = Product.filter(id__in=set(elsewhere.values())).exclude(enterprise_id=product.enterprise_id)
    firm_of: dict[int, int] = dict(await others.values_list("id", "enterprise_id"))
    proved = await _proved_by(set(firm_of.values()))
    taken: dict[int, list[str]] = {}
    for key in sorted(key for key, product_id in elsewhere.items() if product_id in firm_of):
        one, holder = fresh[key], elsewhere[key]
        if not one.patterns.isdisjoint(proved.get(firm_of[holder], ())):
            continue
        moved = await Item.filter(code_key=key, product_id=holder).update(
            product_id=product.id, filing_id=filing.id, batch=one.batch, made_on=one.made_on
        )
        if moved:
            there[key] = (product.id, filing.id)
            taken.setdefault(holder, []).append(one.code)
    for holder, codes in taken.items():
        await record_event(
            ports,
            "items:take_over",
            "item_filing",
            filing.id,
            actor="system",
            clause=CLAUSE,
            before={"enterprise": firm_of[holder], "product": holder},
            after={"enterprise": product.enterprise_id, "product": product.id, "codes": sorted(codes)},
        )
    for firm in await Enterprise.filter(id__in={firm_of[holder] for holder in taken}):
        await tell_firm(
            ports,
            firm.id,
            f"items:{filing.id}:taken:{firm.id}",
            clause=CLAUSE,
            title="部分单件追溯码已由证实发码规则的企业登记",
            body="贵企业此前申报的部分单件追溯码没有合格证照片证实发码规则，已改由证实了的企业登记（3.4，R33）。"
            "确属贵企业的，请在评价申报或月度提报里交一张带有这种码的合格证照片，并向平台反映。",
            path=f"/my/firms/{firm.uscc}/products",
        )


async def _proved_by(firms: set[int]) -> dict[int, set[tuple[CodePatternKind, str]]]:
    """The patterns that each of the firms proved and has in use, or had until it withdrew their product: what it gave
    out before is still its own."""
    found: dict[int, set[tuple[CodePatternKind, str]]] = {}
    proved = CodePattern.filter(product__enterprise_id__in=firms, proved_at__not_isnull=True)
    columns = ("product__enterprise_id", "kind", "value", "retired_at", "product__retired_at")
    for firm, kind, value, retired_at, withdrawn_at in await proved.values_list(*columns):
        if retired_at is None or retired_at == withdrawn_at:
            found.setdefault(firm, set()).add((CodePatternKind(kind), value))
    return found


async def _there(keys: Iterable[str]) -> dict[str, tuple[int, int]]:
    found = await Item.filter(code_key__in=list(keys)).values_list("code_key", "product_id", "filing_id")
    return {key: (product_id, filing_id) for key, product_id, filing_id in found}


async def _settle(ports: Ports, filing: ItemFiling, counts: _Counts, actor: str) -> None:
    """Inside the caller's transaction: how it came out, with its event."""
    nothing = not counts.filed and not counts.already
    filing.state = ItemFilingState.REFUSED if nothing else ItemFilingState.FILED
    filing.accepted, filing.refused = counts.filed, counts.refused
    filing.findings = list(counts.findings())
    await filing.save(update_fields=["state", "accepted", "refused", "findings"])
    await record_event(
        ports,
        "items:file",
        "item_filing",
        filing.id,
        actor=actor,
        clause=CLAUSE,
        after={"state": filing.state, "filed": counts.filed, "already": counts.already, "refused": counts.refused},
    )


async def _new_filing(ports: Ports, asker: Asker, product: Product, key: str, **columns: Any) -> ItemFiling:
    return await ItemFiling.create(
        ref=secrets.token_urlsafe(9),
        key=_key(key, product),
        product_id=product.id,
        person_id=asker.person_id,
        state=ItemFilingState.RECEIVED,
        filed_at=ports.clock.now(),
        **columns,
    )


async def _known(key: str, product: Product, sha256: str | None = None) -> ItemFiling | None:
    """The filing that this key of the firm's made; :class:`Refused` where it stands for another product, or for another
    list than that of ``sha256`` (None: no list)."""
    known = await ItemFiling.get_or_none(key=_key(key, product)).prefetch_related("evidence")
    if known is None:
        return None
    if (known.product_id, known.evidence and known.evidence.sha256) != (product.id, sha256):
        raise key_reused(CLAUSE)
    return known


def _key(key: str, product: Product) -> str:
    return key_among_all(str(product.enterprise_id), key)


async def _product(asker: Asker, enterprise_id: int, product_id: int) -> Product:
    await member_of(asker, enterprise_id, StaffRole.STAFF)
    product = await Product.get_or_none(id=product_id, enterprise_id=enterprise_id, retired_at=None)
    if product is None:
        raise not_found()
    return product
