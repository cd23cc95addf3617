"""What the chat says of a month: at most some ten lines, the link near the top, every answer ending with how to go on.

Replies that can be typed can be tapped where the phone knows how (:func:`workflow.intake.wording.tap`).
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from models import FilingState, MonthlyFiling, Product
from standard.calendar import shanghai_day
from standard.facts import Excused
from standard.months import Month
from standard.validity import State
from workflow.certifying.certificate_register import PublicCertificate
from workflow.intake.wording import MOST_LISTED, NAME_LENGTH, TEXT_BYTES, harmless, link, tap
from workflow.monthly.month_filing import Checklist, Choice
from workflow.monthly.months import WORDS, Year
from workflow.monthly.reminder_wording import NEXT_MONTH
from workflow.problems import Refused
from workflow.telling.reminder_calendar import day_in_words

MOST_WHYS = 2
SHAPES = (4, 2, 1)
"""Products and findings that are listed at most: as many as fit into one text, the page has all."""
LONGEST_LINE = 80
"""Characters of what is said in one line of it."""

STRANGER = (
    "月度提报由持证企业的人员办理，您还没有绑定企业。\n"
    "· 同事已注册：请企业管理员发邀请码，回复“加入 邀请码”\n"
    "· 企业还没有注册：回复“登录”，在网页上办理"
)
VIEWER = "您是查看人员，提报由企业管理员或办理人员办理（7.1(1)）。"
NO_CERTIFICATE = (
    f"还没有证书：月度提报从发证的次月开始（8.1(2)，R1）。\n办理证书请先申报评价，回复{tap('企业')}看申报进度。"
)
NOT_IN_IT = f"现在没有在提报。回复{tap('月度提报')}开始或继续。"
NOTHING_TO_PUT_IN = "没有可放入的照片：请直接发照片，认出产品就自动放好。"
NOT_YET = {
    "filing_incomplete": "还不能提交，资料没有齐：",
    "filing_failing": "还不能提交，有资料要更换或重拍：",
    "filing_waiting": f"还有资料正在核对，核对完再回复{tap('完成')}。",
}
"""By the code of the refusal."""
HOW = f"发完回复{tap('完成')}；随时可回复{tap('进度')}、{tap('退出')}，过几天接着发也行。"
REPLACE = "带 ✗、？的重拍发来就换掉，不要的在清单里撤下。"
GO_ON = f"回复{tap('月度提报')}接着发照片。"


def joined(*parts: str) -> str:
    """Parts of one answer, each on lines of its own."""
    return "\n".join(part for part in parts if part)


def checklist(
    held: Checklist,
    page: str,
    others: Sequence[MonthlyFiling],
    choices: Sequence[Choice],
    *,
    files: bool,
    in_dialog: bool,
) -> str:
    """The month and until when, what is there, what is wrong, what is missing, and how to go on.

    ``page`` is a link to it, ``others`` what else is owed, ``choices`` the products where nothing is there yet;
    ``files``: the reader hands in what the firm owes, ``in_dialog``: their photos are filed already.
    """
    rest = [one for one in others if late(one)]
    text = ""
    for most in SHAPES:
        text = joined(
            heading(held.filing),
            *whys(held.filing),
            page,
            *_there(held, most),
            *_wrong(held, most),
            _missing(held, most),
            f"{held.waiting} 份正在核对，几秒后看{tap('进度')}。" if held.waiting else "",
            _first_words(choices) if in_dialog else "",
            _how(held, in_dialog=in_dialog) if files else VIEWER,
            f"{_month(rest[0])}也待补报，回复{tap(f'补报{Month.parse(rest[0].month).number}月')}。" if rest else "",
        )
        if len(text.encode()) <= TEXT_BYTES:
            break
    return text


def heading(filing: MonthlyFiling) -> str:
    """Which month, until when, and what happens otherwise."""
    match FilingState(filing.state):
        case FilingState.OPEN:
            return f"{_month(filing)}提报，{day_in_words(filing.closes_on)} 24:00 截止（8.1(2)）"
        case FilingState.WARNED if filing.make_up_until is not None:
            until = day_in_words(filing.make_up_until)
            return f"{_month(filing)}补报，{until} 24:00 截止，逾期证书暂停（8.1(3)、6.1(5)）"
    return f"{_month(filing)}补报：证书已暂停，补报合规后恢复（6.1(5)）"


def whys(filing: MonthlyFiling) -> list[str]:
    """Why it has to be made up: what was missing or failed when its window closed."""
    if not late(filing):
        return []
    verdict: dict[str, Any] = filing.verdict or {}
    reasons = [*verdict.get("missing", ())] or [
        finding["reason"]
        for finding in verdict.get("findings", ())
        if finding["outcome"] != "pass" and finding["clause"] != "8.1(2)"
    ]
    if not reasons:
        return [f"原因：{day_in_words(filing.closes_on)}前没有提报（8.1(3)）"]
    return [f"原因：{harmless(_short('；'.join(reasons[:MOST_WHYS])))}"]


def late(filing: MonthlyFiling) -> bool:
    """Whether it can only be made up."""
    return filing.state != FilingState.OPEN


def _there(held: Checklist, most: int) -> list[str]:
    lines = [
        f"· {harmless(_named(one.product))}：{'，'.join(slot.words for slot in one.slots)}"
        for one in held.products[:most]
    ]
    if len(held.products) > most:
        lines.append(f"…共 {len(held.products)} 款，见清单")
    if whole := "，".join(slot.words for slot in (held.screenshots, held.ledger) if slot.have):
        lines.append(f"· {whole}")
    return lines


def _wrong(held: Checklist, most: int) -> list[str]:
    reasons = list(dict.fromkeys(finding["reason"] for finding in held.findings))
    lines = [f"✗ {harmless(_short(reason))}" for reason in reasons[:most]]
    if len(reasons) > most:
        lines.append(f"…另有 {len(reasons) - most} 处，见清单")
    return lines


def _missing(held: Checklist, most: int) -> str:
    """What is not there and does not show in the lines of the products."""
    shown = tuple(slot.name for product in held.products[:most] for slot in product.slots)
    missing = [words for words in held.missing if not words.startswith(shown)]
    return _short(harmless("；".join(missing)))


def _first_words(choices: Sequence[Choice]) -> str:
    """Before anything is there: how it is done, and what R9 says of last month's products."""
    if not choices:
        return ""
    refused = "、".join(harmless(_named(one.product)) for one in choices if one.refused)
    hint = f"\n上月报过 {_short(refused)}，本月请报其他款（C(5)，R9）" if refused else ""
    return f"直接发照片，几张一起发、先后不限：认出产品自动放好。{hint}"


def _how(held: Checklist, *, in_dialog: bool) -> str:
    if held.passing:
        return f"资料已齐且合格，回复{tap('完成')}提交。"
    if held.findings:
        return f"{REPLACE}\n{HOW if in_dialog else GO_ON}"
    return HOW if in_dialog else GO_ON


def not_yet(refusal: Refused) -> str:
    """Why "done" does not hold yet; what lacks follows in the checklist."""
    return NOT_YET.get(refusal.code, refusal.advice)


def decided(filing: MonthlyFiling, certificate: PublicCertificate, url: str, others: Sequence[MonthlyFiling]) -> str:
    """The month is settled: how, what that makes of the certificate, and whether next month is to be reminded of."""
    how = {
        FilingState.CONTINUED: f"{_month(filing)}按时提报，核验合格（8.1(2)、9.2(1)）",
        FilingState.MADE_UP: f"{_month(filing)}补报合格（8.1(3)）",
        FilingState.MADE_UP_LATE: f"{_month(filing)}补报合格（6.1(5)）",
    }[FilingState(filing.state)]
    standing = "" if certificate.state == State.ACTIVE else f"证书状态：{certificate.state_words}。"
    if not others:
        return joined(
            f"证书已延续至 {_through(certificate)}",
            link(url, f"查看证书 {certificate.number}"),
            f"{how}。{standing}",
            f"回复{tap(NEXT_MONTH)}，到时提醒您；交齐就不再打扰。",
        )
    rest = "、".join(_month(one) for one in others)
    return joined(
        how,
        link(url, f"查看证书 {certificate.number}"),
        f"证书延续至 {_through(certificate)}。{standing}",
        f"{rest}还没有报，回复{tap('月度提报')}继续。",
    )


def _through(certificate: PublicCertificate) -> str:
    return Month.parse(certificate.continued_through).words


def nothing_owed(certificate: PublicCertificate, url: str, opens_at: datetime | None) -> str:
    """Why nothing is to be filed now, and from when on there is."""
    if not certificate.alive:
        return joined(f"证书{certificate.state_words}，不用月度提报。", link(url, certificate.number))
    following = "证书有效期内不再有到期的月份。"
    if opens_at is not None:
        opens = shanghai_day(opens_at)
        following = f"下次：{Month.of(opens).words}，{day_in_words(opens)}开放（8.1(2)，R1）。"
    return joined(
        f"现在没有要提报的月份，证书延续至 {_through(certificate)}。",
        link(url, f"查看证书 {certificate.number}"),
        f"{following}回复{tap(NEXT_MONTH)}，到时提醒您。",
    )


def not_owed(number: int, settled: MonthlyFiling | None, owed: Sequence[MonthlyFiling]) -> str:
    """The month that was named is not to be filed: why, what is, and how to say so."""
    why = f"现在不用提报：{WORDS[FilingState(settled.state)]}" if settled is not None else "不是现在要提报的月份"
    return joined(
        f"{number} 月{why}（8.1(2)）。",
        "要提报的是：",
        *(f"· {heading(one)}，回复{tap(_begin(one))}" for one in owed),
        "要报哪个月，请回复上面的话；还没有开始提报。",
    )


def _begin(filing: MonthlyFiling) -> str:
    """The words that begin with this very month."""
    return f"{Month.parse(filing.month).number}月{'补报' if late(filing) else '提报'}"


def left(filing: MonthlyFiling) -> str:
    """Out of the dialog; what was handed in stands."""
    return f"已退出 {_month(filing)}提报，放入的资料都在；之后发的照片只做检查。回复{tap('月度提报')}继续。"


def in_between(filing: MonthlyFiling) -> str:
    """Words in the middle of filing that nobody understands."""
    return f"没看懂这句话。正在提报 {_month(filing)}：发照片即可，回复{tap('完成')}、{tap('进度')}或{tap('退出')}。"


def page(url: str, minutes: int) -> str:
    """The way to the month's page, for what the chat does not carry."""
    return f"{link(url, '上传台账、看清单')}（{minutes} 分钟内有效，用一次）"


def ledger(filing: MonthlyFiling, url: str, minutes: int) -> str:
    """Where a ledger goes: the chat does not carry files."""
    return joined(
        link(url, f"上传 {_month(filing)}台账"),
        f"聊天里收不到文件。链接 {minutes} 分钟内有效，用一次即失效，过期再回复{tap('台账')}。",
        "台账为 xlsx 或 csv，写明生产、检验、销售、国家追溯平台上传记录（C(3)）。",
    )


def products(numbered: Sequence[tuple[int, Choice]]) -> str:
    """The products by number, those that R9 keeps out said to be so."""
    lines = [
        f"{number}) {harmless(_named(one.product))}{'（上月已报，本月请报其他款）' if one.refused else ''}"
        for number, one in numbered
        if number <= MOST_LISTED
    ]
    more = [f"其他产品请回复型号（共 {len(numbered)} 款）"] if len(numbered) > len(lines) else []
    return joined("认不出产品的照片算哪款？请回复数字：", *lines, *more)


def chosen(product: Product) -> str:
    """From now on photos that show no product count as this one's."""
    return f"好的：接下来认不出产品的照片归入{harmless(_named(product))}。换一款回复{tap('选产品')}。"


def not_fileable(choice: Choice | None) -> str:
    """A product that the month does not take."""
    why = harmless(choice.refused) if choice is not None else "这款产品不在本月可提报的范围内"
    return f"{why}。回复{tap('选产品')}另选。"


# --- the year --------------------------------------------------------------------------------------------------------

SIGNS = {
    FilingState.OPEN: "…",
    FilingState.CONTINUED: "✓",
    FilingState.WARNED: "！",
    FilingState.SUSPENDED: "✗",
    FilingState.MADE_UP: "补",
    FilingState.MADE_UP_LATE: "迟",
    FilingState.CLOSED: "—",
}
A_ROW = 4
"""Months side by side on a phone."""


def year(held: Year, url: str) -> str:
    """The term's months in three rows, each with its sign; the numbers, the rates, and what counts towards three."""
    cells = [f"{one.month.number:02d} {SIGNS[one.state] if one.state is not None else '·'}" for one in held.months]
    rows = ["　".join(cells[start : start + A_ROW]) for start in range(0, len(cells), A_ROW)]
    return joined(
        f"全年提报：{_span(held)}" if held.months else "证书有效期内没有到期的月份",
        link(url, "看图表和每月详情"),
        *rows,
        f"✓ 按时 {held.on_time}　补报 {held.late}　✗ 未达 {held.missed}",
        _rates(held),
        f"不合规累计 {held.towards_three}/{held.three} 次，满 {held.three} 次降一级（9.2(2)，R8）",
    )


def _span(held: Year) -> str:
    """``2026 年 12 月至 2027 年 10 月``, the year once where it is the same."""
    first, last = held.months[0].month, held.months[-1].month
    return f"{first.words}至 {last.words if last.year != first.year else f'{last.number} 月'}"


def _rates(held: Year) -> str:
    if isinstance(held.rates, Excused):
        return "按时率、合规率：还没有到期的月份（R1）"
    return f"按时率 {_percent(held.rates.timely)}，合规率 {_percent(held.rates.compliant)}（R2、R38）"


def _percent(rate: Decimal | None) -> str:
    return "—" if rate is None else f"{rate:.0%}"


# --- months and products ---------------------------------------------------------------------------------------------


def _month(filing: MonthlyFiling) -> str:
    return f"{Month.parse(filing.month).number} 月"


def _named(product: Product) -> str:
    return f"{product.name[:NAME_LENGTH]} {product.model[:NAME_LENGTH]}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}…"
