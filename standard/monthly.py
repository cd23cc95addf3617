"""Appendix C: what was filed for a month, judged item by item (C(1)–C(5), 8.1(2), 8.1(3); R9, R10, R39, R40)."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from standard.calendar import shanghai_day
from standard.citation import cites
from standard.months import Month, filing_window
from standard.outcome import Finding, Outcome, worst
from standard.profile import Edition


@dataclass(frozen=True, slots=True)
class FiledProduct:
    """One product of a filing: numbers of photos, the batches and trace codes on them, the ledger's columns.

    ``print`` is Appendix D on its certificate photos, ``legible`` whether code and key information can be seen on
    all photos; codes are in their canonical form.
    """

    product: str
    certificate_photos: int
    body_photos: int
    batches: tuple[str, ...]
    codes: tuple[str, ...]
    ledger: frozenset[str]
    print: Outcome = Outcome.PASS
    legible: Outcome = Outcome.PASS


@dataclass(frozen=True, slots=True)
class Filing:
    """A month's filing; ``filed_at`` is aware; ``optional`` are the names of what was added (C(4))."""

    month: Month
    filed_at: datetime
    products: tuple[FiledProduct, ...]
    screenshots: int
    public_screenshots: int
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Background:
    """What a filing is judged against: last month's products with their batches, all codes ever filed, all key
    products of the firm, and the certificate's level."""

    level: str
    firm_products: frozenset[str]
    last_month: tuple[tuple[str, frozenset[str]], ...] = ()
    codes_ever: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FilingVerdict:
    """``outcome``: all findings pass, or one fails, or one stays unclear; ``repeated``: recorded repetitions (R9).

    ``complete`` leaves the time aside: what a make-up filing (8.1(3)) is judged by, as it comes late by its nature.
    """

    outcome: Outcome
    complete: Outcome
    timely: bool
    findings: tuple[Finding, ...]
    repeated: tuple[str, ...]


@cites("8.1(2)", "8.1(3)", rows=("R6", "R9", "R39"))
def judge_filing(filing: Filing, background: Background, edition: Edition) -> FilingVerdict:
    """All findings on a month's filing; one that is late may be complete, and the other way round."""
    time = timeliness(filing, edition)
    contents = (
        *(finding for product in filing.products for finding in photos(product, background, edition)),
        screenshots(filing, background, edition),
        *(ledger(product, edition) for product in filing.products),
        added(filing, edition),
        how_many(filing, background, edition),
        repetition(filing, background, edition),
        fresh_codes(filing, background),
    )
    complete = worst(finding.outcome for finding in contents)
    return FilingVerdict(
        worst((time.outcome, complete)),
        complete,
        time.outcome is Outcome.PASS,
        (time, *contents),
        _repeated(filing, background),
    )


@cites("8.1(2)", "C(5)", rows=("R10",))
def timeliness(filing: Filing, edition: Edition) -> Finding:
    """Filed within the month's window, both days included."""
    window = filing_window(filing.month, edition)
    first, last = window.opens, window.closes
    day = shanghai_day(filing.filed_at)
    need = f"{first} 至 {last}"
    if day < first:
        reason = f"{filing.month.words}的提报期 {first} 才开始，请届时提报（8.1(2)，R10）"
    elif day > last:
        reason = f"{filing.month.words}的提报期已于 {last} 24 时截止，此次按补报处理（8.1(2)，R10）"
    else:
        return Finding("8.1(2)", Outcome.PASS, f"在提报期内提报（{need}）", ("R10",), day.isoformat(), need)
    return Finding("8.1(2)", Outcome.FAIL, reason, ("R10",), day.isoformat(), need)


@cites("C(1)", rows=("R6", "R9", "R39"))
def photos(product: FiledProduct, background: Background, edition: Edition) -> Iterator[Finding]:
    """Certificate photos, body photos where the level asks for them, the print, and whether they can be read."""
    yield _photo_count("合格证", product.certificate_photos, product, edition)
    if asked_of(background.level, "monthly.body_from", edition):
        yield _photo_count("本体", product.body_photos, product, edition)
    yield _as_found(product, product.print, "合格证印刷符合附录 D", "合格证印刷不符合附录 D，请整改后补报")
    yield _as_found(product, product.legible, "照片清晰显示追溯码及产品关键信息", "照片未清晰显示追溯码及产品关键信息")


def _photo_count(kind: str, count: int, product: FiledProduct, edition: Edition) -> Finding:
    least, most = edition.whole("monthly.photos_least"), edition.whole("monthly.photos_most")
    batches = len(set(product.batches)) * edition.whole("monthly.photos_a_batch")
    need = f"{least}–{most} 张，每批至少 {edition.whole('monthly.photos_a_batch')} 张"
    if count > most:
        reason = f"「{product.product}」的{kind}照片 {count} 张，至多 {most} 张，请去掉 {count - most} 张（C(1)）"
    elif count < (least_of_all := max(least, batches)):
        reason = f"「{product.product}」的{kind}照片 {count} 张，还差 {least_of_all - count} 张（C(1)，R9）"
    else:
        return Finding("C(1)", Outcome.PASS, f"「{product.product}」的{kind}照片 {count} 张", ("R9",), str(count), need)
    return Finding("C(1)", Outcome.FAIL, reason, ("R9",), str(count), need)


def _as_found(product: FiledProduct, outcome: Outcome, good: str, bad: str) -> Finding:
    words = {Outcome.PASS: good, Outcome.FAIL: bad, Outcome.UNCLEAR: "看不清，请重拍后重新提报"}
    return Finding("C(1)", outcome, f"「{product.product}」{words[outcome]}（C(1)，R6）", ("R6",))


@cites("C(2)", rows=("R39",))
def screenshots(filing: Filing, background: Background, edition: Edition) -> Finding:
    """3–5 look-up records for the whole filing; from level A on one of them from the public's or a customer's side."""
    least, most = edition.whole("monthly.screenshots_least"), edition.whole("monthly.screenshots_most")
    public = edition.whole("monthly.public_screenshots")
    have, need = f"{filing.screenshots} 条", f"{least}–{most} 条"
    if not least <= filing.screenshots <= most:
        reason = f"查询记录截图 {have}，须为 {need}（C(2)）"
        return Finding("C(2)", Outcome.FAIL, reason, (), have, need)
    if asked_of(background.level, "monthly.public_from", edition) and filing.public_screenshots < public:
        reason = f"查询记录截图中公众端或客户端的 {filing.public_screenshots} 条，至少 {public} 条（C(2)，R39）"
        return Finding("C(2)", Outcome.FAIL, reason, ("R39",), f"{filing.public_screenshots} 条", f"{public} 条")
    return Finding("C(2)", Outcome.PASS, f"查询记录截图 {have}", ("R39",), have, need)


@cites("C(3)")
def ledger(product: FiledProduct, edition: Edition) -> Finding:
    """Every column of the update ledger is there for the product."""
    columns = edition.words("monthly.ledger_columns")
    missing = [column for column in columns if column not in product.ledger]
    have = "、".join(column for column in columns if column in product.ledger)
    if missing:
        reason = f"「{product.product}」的追溯数据更新台账缺少：{'、'.join(missing)}（C(3)）"
        return Finding("C(3)", Outcome.FAIL, reason, (), have, "、".join(columns))
    return Finding("C(3)", Outcome.PASS, f"「{product.product}」的追溯数据更新台账完整", (), have, "、".join(columns))


@cites("C(4)", "6 AA", "6 AAA", rows=("R40",))
def added(filing: Filing, edition: Edition) -> Finding:
    """Optional material is kept and shown, never asked for."""
    optional = edition.words("monthly.optional")
    known = "、".join(name for name in optional if name in filing.optional)
    shown = f"选报材料：{known}" if known else f"未附选报材料（{'、'.join(optional)}），不影响核验"
    return Finding("C(4)", Outcome.PASS, f"{shown}（C(4)，R40）", ("R40",), known)


@cites("C(5)", rows=("R9",))
def how_many(filing: Filing, background: Background, edition: Edition) -> Finding:
    """Two products; a firm that has only one files it with two batches."""
    least = edition.whole("monthly.products")
    names = {product.product for product in filing.products}
    if foreign := sorted(names - background.firm_products):
        return Finding("C(5)", Outcome.FAIL, f"「{'、'.join(foreign)}」不在企业登记的重点工业产品内（C(5)）")
    if len(background.firm_products) >= least:
        if len(names) >= least:
            return Finding("C(5)", Outcome.PASS, f"提报 {len(names)} 款产品", ("R9",), str(len(names)), str(least))
        reason = f"提报 {len(names)} 款产品，每月不少于 {least} 款（C(5)）"
        return Finding("C(5)", Outcome.FAIL, reason, ("R9",), str(len(names)), str(least))
    batches = {(product.product, batch) for product in filing.products for batch in product.batches}
    need = edition.whole("monthly.batches_of_the_only_product")
    if len(batches) >= need:
        reason = f"企业仅 {len(background.firm_products)} 款产品，以 {len(batches)} 个批次提报（R9）"
        return Finding("C(5)", Outcome.PASS, reason, ("R9",), str(len(batches)), str(need))
    reason = (
        f"企业仅 {len(background.firm_products)} 款产品，须以 {need} 个不同批次提报，现有 {len(batches)} 个（C(5)，R9）"
    )
    return Finding("C(5)", Outcome.FAIL, reason, ("R9",), str(len(batches)), str(need))


@cites("C(5)", rows=("R9",))
def repetition(filing: Filing, background: Background, edition: Edition) -> Finding:
    """No product of last month while an unused one is left; where none is left, another batch of it is filed."""
    last = dict(background.last_month)
    repeated = _repeated(filing, background)
    if not repeated:
        return Finding("C(5)", Outcome.PASS, "没有上月提报过的产品", ("R9",))
    names = {product.product for product in filing.products}
    if unused := sorted(background.firm_products - last.keys() - names):
        reason = f"「{'、'.join(repeated)}」上月已提报，请改报上月未提报的：{'、'.join(unused)}（C(5)，R9）"
        return Finding("C(5)", Outcome.FAIL, reason, ("R9",))
    same = sorted(
        f"{product.product} {batch}"
        for product in filing.products
        for batch in product.batches
        if batch in last.get(product.product, frozenset())
    )
    if same:
        reason = f"与上月同一批次：{'、'.join(same)}；重复提报的产品须换批次、换追溯码（C(5)，R9）"
        return Finding("C(5)", Outcome.FAIL, reason, ("R9",))
    reason = f"「{'、'.join(repeated)}」与上月重复，因无其他产品可报，以不同批次提报，予以记录（R9）"
    return Finding("C(5)", Outcome.PASS, reason, ("R9",))


def _repeated(filing: Filing, background: Background) -> tuple[str, ...]:
    last = dict(background.last_month)
    return tuple(sorted({product.product for product in filing.products if product.product in last}))


@cites("C(5)", rows=("R9",))
def fresh_codes(filing: Filing, background: Background) -> Finding:
    """Every product shows trace codes, none twice, none that was ever filed."""
    count = Counter(code for product in filing.products for code in product.codes)
    without = [product.product for product in filing.products if not product.codes]
    used = sorted(count.keys() & background.codes_ever)
    twice = sorted(code for code, times in count.items() if times > 1)
    if without:
        reason = f"「{'、'.join(without)}」没有追溯码（C(5)）"
    elif used:
        reason = f"追溯码已经提报过，不再接受：{'、'.join(used)}（C(5)，R9）"
    elif twice:
        reason = f"追溯码在本次提报中重复：{'、'.join(twice)}（C(5)，R9）"
    else:
        return Finding("C(5)", Outcome.PASS, f"{len(count)} 个追溯码均为首次提报", ("R9",), str(len(count)))
    return Finding("C(5)", Outcome.FAIL, reason, ("R9",))


def asked_of(level: str, parameter: str, edition: Edition) -> bool:
    """Whether a certificate of this level is asked for what ``parameter`` says from which level on (R39)."""
    ladder = edition.words("life.grades")
    return ladder.index(level) >= ladder.index(edition.word(parameter))
