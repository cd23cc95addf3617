"""What somebody who looked up a code is told (4.3.3, 7.6): one set of words for the chat, the page and the API.

The grade speaks of the firm's ability to trace: no sentence here says that a product is good or genuine. Links that
stood in a code are shown so that no phone makes a link of them again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from models import Certificate, Product, ScanOutcome
from standard.calendar import shanghai_day
from standard.codes import Kind, Level, TraceCode
from standard.life import Certificate as Life
from standard.outcome import Outcome
from standard.profile import edition_on
from standard.validity import LIVE, State
from workflow.certifying.certificate_life import grade_name, holder_from_json, life_from_json
from workflow.intake.wording import NAME_LENGTH, TEXT_BYTES, harmless, link, tap
from workflow.links import Links
from workflow.scanning.resolution import Resolved
from workflow.scanning.scans import History, LookUp
from workflow.scanning.trace_links import ASKING, trace_path

GOOD, CARE, WARNING = "good", "care", "warning"
"""Tones: nothing stands against it; look closer; do not rely on it."""

DISCLAIMER = "等级反映企业的质量追溯能力，不代表产品质量或真伪认证。"
REPORT = "反映问题"
"""The word that reports the code that was looked up."""
IN_DOUBT = "有疑问先向卖家或生产企业核实；怀疑假冒或有质量问题，可拨打 12315 投诉举报。"
COMPARE = "请对照实物：产品名称、型号、生产企业应与查询结果一致。"
SHOWN = 80
"""Characters of a foreign text that an answer repeats."""
LONGEST_REASON = 150
"""Characters of one thing that is wrong with a code."""
LONGEST_LINK = 400
"""Bytes of an address that a text of the chat has room for."""
FACTS_KEPT, LINES_KEPT = 2, 2
"""What a text of the chat never leaves out: product and firm, and the first lines."""


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to a look-up. ``tone``: :data:`GOOD`, :data:`CARE` or :data:`WARNING`; ``lines`` are whole sentences,
    the most important first; ``advice`` says what to do, ``disclaimer`` what a grade does not mean."""

    tone: str
    headline: str
    lines: tuple[str, ...]
    advice: str
    disclaimer: str = DISCLAIMER


def told(look_up: LookUp, now: datetime) -> Told:
    """The words for this look-up at ``now``; whoever reads nothing else reads the headline."""
    resolved = look_up.resolved
    match resolved.outcome:
        case ScanOutcome.KNOWN:
            return _known(look_up, now)
        case ScanOutcome.UNKNOWN:
            return _unknown(resolved)
        case ScanOutcome.NOT_ALLOWED:
            return _foreign_link(resolved.code) if resolved.code.kind is Kind.LINK else _not_allowed(resolved)
        case ScanOutcome.LOOK_ALIKE:
            return _look_alike(resolved)
        case ScanOutcome.MALFORMED:
            return _foreign_link(resolved.code) if resolved.code.kind is Kind.LINK else _malformed(resolved.code)


def facts(resolved: Resolved) -> tuple[tuple[str, str], ...]:
    """What the code stands for, as label and value; of a code of nobody here only how it reads."""
    return tuple(_facts(resolved))


def chat_words(links: Links, look_up: LookUp, now: datetime) -> str:
    """The answer as one text of the chat: the link to its page first, then what there is room for, then what to do."""
    said, resolved = told(look_up, now), look_up.resolved
    url = links.page(trace_path(resolved.code))
    linked = not url.endswith(ASKING) and len(url.encode()) <= LONGEST_LINK
    known = [f"{label}：{_short(text)}" for label, text in facts(resolved)]
    lines = list(said.lines)
    # Where no grade is told, there is nothing of it to explain.
    explained = [said.disclaimer] if resolved.product is not None else []
    tail = [said.advice, *explained, f"码或产品有问题？回复{tap(REPORT)}。"]
    while True:
        text = "\n".join([link(url, said.headline) if linked else said.headline, *known, *lines, *tail])
        if len(text.encode()) <= TEXT_BYTES:
            return text
        if len(known) > FACTS_KEPT:
            known.pop()
        elif len(lines) > LINES_KEPT:
            lines.pop()
        else:
            lines = [line[: len(line) // 2] + "…" for line in lines]


def shown_code(code: TraceCode) -> str:
    """The code as people read it: a GS1 code by its identifiers, an Ecode bare, any other text shortened and without
    a link in it."""
    if code.valid and code.parts and all(name.isdigit() for name in code.parts):
        return harmless("".join(f"({name}){value}" for name, value in code.parts.items()))
    if code.valid and code.kind is Kind.ECODE:
        return harmless("".join(code.parts.values()))
    return unlinked(code.text)


def unlinked(text: str) -> str:
    """Foreign text, shortened, as nothing makes a link of it: no scheme, no markup, no dots of an address."""
    visible = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    bare = harmless(visible.partition("://")[2] or visible).replace(".", "．")
    return bare if len(bare) <= SHOWN else f"{bare[:SHOWN]}…"


def _short(text: str) -> str:
    return text if len(text) <= 2 * NAME_LENGTH else f"{text[: 2 * NAME_LENGTH]}…"


def _facts(resolved: Resolved) -> Iterator[tuple[str, str]]:
    product = resolved.product
    if product is not None:
        yield "产品", f"{harmless(product.name)} {harmless(product.model)}"
        yield "生产企业", harmless(product.enterprise.name)
    yield "追溯码" if product is not None else "扫到的内容", shown_code(resolved.code)
    if resolved.item is not None:
        if resolved.item.batch:
            yield "生产批次", harmless(resolved.item.batch)
        if resolved.item.made_on is not None:
            yield "生产日期", str(resolved.item.made_on)


# --- a product that is known here ------------------------------------------------------------------------------------


def _known(look_up: LookUp, now: datetime) -> Told:
    resolved, product = look_up.resolved, look_up.resolved.product
    assert product is not None
    tone, headline, *lines = _standing(resolved, product)
    lines += ["企业已不再登记这款产品，库存和已售产品仍可查询。"] if product.retired_at is not None else []
    lines += [history_line(look_up.history, now) if look_up.history else _shared(resolved.code)]
    advice = f"{COMPARE}{IN_DOUBT}" if tone != WARNING else f"购买、验收前请向企业核实。{IN_DOUBT}"
    return Told(tone, headline, tuple(line for line in lines if line), advice)


def _standing(resolved: Resolved, product: Product) -> Iterator[str]:
    """Tone, headline and sentences about the firm's certificate."""
    certificate = resolved.certificate
    if certificate is None:
        yield from (CARE, "生产企业没有追溯能力评价证书")
        yield "产品已由企业在平台登记，但企业目前没有评价证书。评价是自愿的，没有证书不说明企业或产品有问题。"
        return
    life, state = life_from_json(certificate.life), State(certificate.state)
    if state not in LIVE:
        yield from (WARNING, f"生产企业的证书已{_ENDED[state]}")
        yield f"证书 {certificate.number} 不再有效{_ENDED_BY[state]}，证书上的等级不能再作为依据。"
        return
    if not resolved.covered:
        yield from (CARE, "证书不包括这款产品的品类")
        categories = "、".join(map(harmless, holder_from_json(certificate.holder).categories))
        yield (
            f"企业的证书 {certificate.number} 只包括：{categories}；"
            f"这款产品属于“{harmless(product.category)}”，证书上的等级不能用于它（7.1、附录 B）。"
        )
        return
    yield from _alive(certificate, life, state)


def _alive(certificate: Certificate, life: Life, state: State) -> Iterator[str]:
    grade = f"{certificate.grade} 级（{grade_name(certificate.grade, edition_on(certificate.issued_on))}）"
    tone = {State.ACTIVE: GOOD, State.WARNED: CARE, State.SUSPENDED: WARNING}[state]
    yield tone
    yield f"生产企业的证书已暂停（原为 {grade}）" if tone == WARNING else f"企业追溯能力 {grade}，证书{state.words}"
    month = life.continued_through
    if tone != WARNING:
        yield (
            f"证书 {certificate.number} 已延续至 {month.year} 年 {month.number} 月，"
            f"有效期至 {certificate.last_day}（9.1、9.2(1)）。"
        )
    if state is State.WARNED:
        yield "最近一个月的追溯资料没有按时提报或核验不合格，企业正在限期补报（8.1(3)）。"
    if state is State.SUSPENDED:
        yield (
            f"证书 {certificate.number} 处于暂停状态，"
            "恢复之前，证书上的等级暂不能作为采购、入驻的依据（9.2(2)、10.3）。"
        )
    if settled := sum(record.settled for record in life.months):
        yield f"本期证书已有 {settled} 个月的追溯资料核验合格（8.1）。"
    elif not life.months:
        yield "新发证书，还没有到第一个月度提报月份（8.1）。"
    if life.conditions:
        yield f"合格证印刷正在整改：附录 D 第 {'、'.join(life.conditions)} 条尚未符合（6.1(4)）。"


_ENDED = {State.EXPIRED: "失效", State.REVOKED: "被撤销", State.CANCELLED: "注销", State.SUPERSEDED: "更换"}
_ENDED_BY = {
    State.EXPIRED: "：有效期已经届满（9.3）",
    State.REVOKED: "：已被平台撤销（9.5.1）",
    State.CANCELLED: "：已经注销（9.5.2）",
    State.SUPERSEDED: "：已换发新证书（9.3(2)）",
}


def history_line(history: History, now: datetime) -> str:
    """How often a single item's code was looked up before: facts with care, for dealers look codes up too. Of all that
    is :func:`told` of a known product it is the last line, and the only one that is not the same for everybody."""
    if history.first_at is None or history.times == 0 or history.only_by_you:
        return "这个码是第一次被查询（除您以外没有人查过）。"
    place = f"（{history.first_region}）" if history.first_region else ""
    first = f"此码首次查询于{_day(history.first_at, now)}{place}"
    again = f"，此后又被查询 {history.times - 1} 次" if history.times > 1 else ""
    return f"{first}{again}：如果您买的是全新未拆封的产品，请向卖家核实（经销商、仓库验货也会留下查询记录）。"


def _shared(code: TraceCode) -> str:
    """Of a code that names no single item: that many share it, so that its look-ups say nothing."""
    match code.unique_level:
        case Level.BATCH:
            return "这是批次码，同批产品共用，查询次数不说明真伪。"
        case Level.CLASS:
            return "这是品类码，同款产品共用，查询次数不说明真伪。"
        case Level.NONE:
            return "这个码的编号由发码平台分配，看不出是单件还是批次，查询次数不说明真伪。"
    return ""


def _day(moment: datetime, now: datetime) -> str:
    day = shanghai_day(moment)
    return "今天" if day == shanghai_day(now) else f" {day}"


# --- everything else -------------------------------------------------------------------------------------------------


def _unknown(resolved: Resolved) -> Told:
    lines = [harmless(one.reason) for one in resolved.findings if one.clause == "4.3.3"] or [
        f"这个码（{resolved.code.kind.label}）的写法没有问题，但不属于已公开评价结果的企业的产品（4.3.3）。",
        "没有参加评价的企业查不到；查不到不说明产品有问题，也不说明没有问题。",
    ]
    advice = f"请用产品上标明的追溯平台查询，或向卖家索要合格证。{IN_DOUBT}"
    return Told(CARE, "没有查到这个码", tuple(lines), advice)


def _not_allowed(resolved: Resolved) -> Told:
    code = resolved.code
    reasons = [one.reason for one in resolved.findings if one.outcome is Outcome.FAIL and "R32" in one.rows]
    headline = "这是店内码，不是追溯码" if code.closed else f"这是{code.kind.label}，不是认可的追溯码"
    advice = f"请找产品合格证或包装上的追溯码再扫。{IN_DOUBT}"
    return Told(CARE, headline, tuple(map(harmless, reasons[:1])), advice)


def _foreign_link(code: TraceCode) -> Told:
    host = code.parts.get("host", "")
    whose = f"网址属于 {unlinked(host)}，" if host else ""
    lines = (f"{whose}里面没有商品条码、Ecode 等编码（3.4、R32）。本平台没有打开这个网址。",)
    advice = f"不了解的网址请勿点击、勿填写个人信息。要查追溯信息，请扫合格证或包装上的追溯码。{IN_DOUBT}"
    return Told(CARE, "这是一个普通网址，不是追溯码", lines, advice)


def _look_alike(resolved: Resolved) -> Told:
    like = next((one for one in resolved.findings if one.need and one.have), None)
    shown = unlinked(like.have if like is not None and like.have else resolved.code.text)
    genuine = f" {unlinked(like.need)} " if like is not None and like.need else "官方追溯平台"
    lines = (
        f"扫到的网址是 {shown}，不是{genuine}的网址（3.4、R32）。本平台没有打开它。",
        "这样的网址可能用来骗取个人信息或钱款。",
    )
    advice = "请勿点击、勿填写个人信息、勿付款。可拨打 12315 投诉举报；已经付款或填写了信息，请立即拨打 110。"
    return Told(WARNING, f"请当心：这个网址像{genuine.rstrip()}，但不是", lines, advice)


def _malformed(code: TraceCode) -> Told:
    if code.kind is Kind.UNKNOWN:
        lines = ("它不是商品条码、Ecode 等追溯码（3.4、R32）。",)
        advice = f"请扫合格证或包装上的追溯码；手工输入的，请核对每一位。{IN_DOUBT}"
        return Told(CARE, "没认出这是什么码", lines, advice)
    wrong = tuple(f"{harmless(one.reason)[:LONGEST_REASON]}（{one.clause}）。" for one in code.reasons[:3])
    advice = f"请对准码重新扫一次；手工输入的，请核对每一位。仍然如此，码可能印错或被改动。{IN_DOUBT}"
    return Told(CARE, f"这个{code.kind.label}有错误", wrong, advice)
