"""The facts from which a grade is found: what a firm can show about one product category, and how a document states it.

A fact that is not stated is ``None``: unclear, never a pass (R6). Rates are exact decimals from 0 to 1.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from standard.citation import cites
from standard.outcome import Outcome
from standard.profile import Edition


class Collection(StrEnum):
    """How trace data is collected, the least first."""

    NONE = "none"
    MANUAL = "manual"
    SEMI_AUTOMATIC = "semi_automatic"
    MES = "mes"
    REALTIME = "realtime"


class Link(StrEnum):
    """How data goes to the national platform, and how trace information is kept current; the least first."""

    NONE = "none"
    BATCH = "batch"
    REALTIME = "realtime"


class PublicQuery(StrEnum):
    """What the public sees by scanning or typing a code, the least first."""

    NONE = "none"
    BASIC = "basic"
    FULL = "full"


class Channel(StrEnum):
    """Where the public can ask."""

    SCAN = "scan"
    WEB = "web"
    MINIAPP = "miniapp"


class Excused(StrEnum):
    """Why a fact does not bound the grade: nothing is sold online (R37), no month is due yet (R1)."""

    NOT_APPLICABLE = "not_applicable"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Monthly:
    """Monthly filing (R2, R38); leads and bids may be added and are only shown (R40)."""

    timely: Decimal | None = None
    compliant: Decimal | None = None
    leads: int | None = None
    bids: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """One firm, one product category; the fields are the keys of a facts file."""

    code_selection: Outcome | None = None
    certificate_coded: Outcome | None = None
    certificate_print: Outcome | None = None
    body_coded: Outcome | None = None
    package_coded: Outcome | None = None
    codes_consistent: Outcome | None = None
    one_item_one_code: Outcome | None = None
    coverage: Decimal | None = None
    collection: Collection | None = None
    reverse_trace: Outcome | None = None
    upload_accuracy: Decimal | None = None
    upload_link: Link | None = None
    public_query: PublicQuery | None = None
    query_channels: frozenset[Channel] | None = None
    query_seconds: Decimal | None = None
    supplier_share: Decimal | None = None
    supplier_realtime: Outcome | None = None
    upstream_trace: Outcome | None = None
    trace_info_sound: Outcome | None = None
    info_update: Link | None = None
    marketplace_rate: Decimal | Excused | None = None
    marketplace_automatic: Outcome | Excused | None = None
    monthly: Monthly | Excused | None = None
    adoption_12m: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a document; ``line`` counts from 1, None where the document is not a text."""

    key: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"第 {self.line} 行 " if self.line is not None else ""
        return f"{place}{self.key}：{self.message}" if self.key else f"{place}{self.message}"


class FactsRefused(ValueError):
    """The document cannot be graded; ``problems`` says where, why, and what was probably meant, in Chinese."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


WORDS: Mapping[str, str] = MappingProxyType({
    "pass": "合格", "fail": "不合格", "unclear": "未判定", "none": "没有", "manual": "人工", "semi_automatic": "半自动",
    "mes": "MES 集成", "realtime": "实时", "batch": "批量", "basic": "基础信息", "full": "全环节信息", "scan": "扫码",
    "web": "官网", "miniapp": "小程序", "not_applicable": "不适用", "not_due": "未到期", "given": "已说明",
})  # fmt: skip
"""The words of a facts file, in Chinese."""

_MEANT = {
    **{chinese: word for word, chinese in WORDS.items()},
    "yes": "pass", "true": "pass", "on": "pass", "ok": "pass", "是": "pass", "有": "pass", "通过": "pass",
    "no": "fail", "false": "fail", "off": "fail", "否": "fail", "无": "none", "未通过": "fail", "unknown": "unclear",
    "n/a": "not_applicable", "na": "not_applicable", "自动": "realtime",
}  # fmt: skip
"""What people write for the words of a facts file."""

_MANY = 50
"""Problems shown of one document; the rest would not be read."""
_LONG = 40
"""Characters quoted of a value."""
_MOST_COUNT = 1_000_000
_MOST_SECONDS = 3600
_MOST_DIGITS = 9


class _Odd(Exception):
    """A value is not what its fact takes; says what to write instead."""


Reader = Callable[[Any], Any]


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return "一组键值"
    if isinstance(value, list | tuple):
        return "一个列表"
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    return f"“{text[:_LONG]}{'…' if len(text) > _LONG else ''}”"


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _word(*kinds: type[StrEnum], also: Sequence[StrEnum] = ()) -> Reader:
    """A reader of one word out of ``kinds``, or of ``also``."""
    words = {str(word): word for kind in kinds for word in kind} | {str(word): word for word in also}

    def read(value: Any) -> StrEnum:
        if isinstance(value, str) and value in words:
            return words[value]
        choices = " / ".join(words)
        text = str(value).strip().lower()
        near = difflib.get_close_matches(text[:_LONG], words, 1, 0.6)
        meant = _MEANT.get(text) if _MEANT.get(text) in words else (near[0] if near else None)
        hint = f"；您是不是要写 {meant}？" if meant else "。"
        raise _Odd(f"应写 {choices} 之一，现在是{_said(value)}{hint}")

    return read


def _number(value: Any, form: str) -> Decimal:
    """An exact number; a float is taken as the shortest decimal that stands for it."""
    if isinstance(value, str):
        text = value.strip().replace("％", "%").replace("≥", "").strip()
        try:
            number = Decimal(text.removesuffix("%").strip())
        except ArithmeticError:
            raise _Odd(f"应是{form}，现在是{_said(value)}。") from None
        if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
            raise _Odd(f"应是{form}，现在是{_said(value)}。")
        if text.endswith("%"):
            raise _Odd(f"不能写百分号，{_said(value)}请写成 {_plain(number / 100)}。")
        raise _Odd(f"应是{form}，现在是文字{_said(value)}；请去掉引号写成 {_plain(number)}。")
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise _Odd(f"应是{form}，现在是{_said(value)}。")
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise _Odd(f"应是{form}，现在是{_said(value)}。")
    return number


def _rate(value: Any) -> Decimal:
    form = " 0 到 1 之间的小数（例如 0.95）"
    number = _number(value, form)
    if not 0 <= number <= 1:
        hint = f"；若是 {_plain(number)}%，请写成 {_plain(number / 100)}。" if 1 < number <= 100 else "。"
        raise _Odd(f"应是{form}，现在是{_said(value)}{hint}")
    return number


def _count(value: Any) -> int:
    number = _number(value, "整数")
    if not 0 <= number <= _MOST_COUNT or number != number.to_integral_value():
        raise _Odd(f"应是 0 到 {_MOST_COUNT} 的整数，现在是{_said(value)}。")
    return int(number)


def _seconds(value: Any) -> Decimal:
    number = _number(value, "秒数（例如 2.4）")
    if not 0 <= number <= _MOST_SECONDS:
        raise _Odd(f"应是 0 到 {_MOST_SECONDS} 的秒数，现在是{_said(value)}。")
    return number


def _or(reader: Reader, excused: Excused) -> Reader:
    """What ``reader`` takes, or the word for why there is none."""

    def read(value: Any) -> Any:
        if value == excused.value:
            return excused
        if isinstance(value, str) and _MEANT.get(value.strip().lower()) == excused:
            raise _Odd(f"现在是{_said(value)}；您是不是要写 {excused}？")
        try:
            return reader(value)
        except _Odd as odd:
            raise _Odd(f"{odd}（{WORDS[excused]}请写 {excused}）") from None

    return read


def _channels(value: Any) -> frozenset[Channel]:
    if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset):
        raise _Odd(f"应是列表，例如 [scan, web]，现在是{_said(value)}。")
    read = _word(Channel)
    return frozenset(read(item) for item in value)


_outcome = _word(Outcome)

_MONTHLY: Mapping[str, tuple[str, Reader]] = MappingProxyType({
    "timely": ("提报及时率", _rate),
    "compliant": ("提报合规率", _rate),
    "leads": ("客户采信线索", _count),
    "bids": ("招标采购证明", _count),
})  # fmt: skip

_FIELDS: Mapping[str, tuple[str, Reader | None]] = MappingProxyType({
    "code_selection": ("追溯码选用", _outcome),
    "certificate_coded": ("合格证赋码", _outcome),
    "certificate_print": ("合格证印刷（附录 D）", _outcome),
    "body_coded": ("产品本体赋码", _outcome),
    "package_coded": ("最小销售包装赋码", _outcome),
    "codes_consistent": ("合格证与本体信息一致", _outcome),
    "one_item_one_code": ("一物一码", _outcome),
    "coverage": ("用码覆盖率", _rate),
    "collection": ("数据采集方式", _word(Collection)),
    "reverse_trace": ("原材料反向追溯", _outcome),
    "upload_accuracy": ("国家平台上传准确率", _rate),
    "upload_link": ("国家平台对接", _word(Link)),
    "public_query": ("公众查询内容", _word(PublicQuery)),
    "query_channels": ("查询渠道", _channels),
    "query_seconds": ("查询响应秒数", _seconds),
    "supplier_share": ("追溯协同的主要供应商占比", _rate),
    "supplier_realtime": ("供应链信息实时共享", _outcome),
    "upstream_trace": ("上游原材料追溯信息", _outcome),
    "trace_info_sound": ("追溯信息无明显错漏", _outcome),
    "info_update": ("追溯信息更新", _word(Link)),
    "marketplace_rate": ("网售平台核验通过率", _or(_rate, Excused.NOT_APPLICABLE)),
    "marketplace_automatic": ("网售平台自动通过", _word(Outcome, also=(Excused.NOT_APPLICABLE,))),
    "monthly": ("月度提报", None),
    "adoption_12m": ("近 12 个月采信记录", _count),
})  # fmt: skip

LABELS: Mapping[str, str] = MappingProxyType(
    {name: label for name, (label, _) in _FIELDS.items()}
    | {f"monthly.{name}": label for name, (label, _) in _MONTHLY.items()}
)
"""The facts in Chinese, ``monthly.timely`` among them."""

RATES = frozenset(
    {"coverage", "upload_accuracy", "supplier_share", "marketplace_rate", "monthly.timely", "monthly.compliant"}
)
"""The facts that are stated as shares of 1, and read by people, as in clause 6, in percent."""

Lines = Mapping[tuple[str, ...], int]
"""Where a key stands in the text that a document was read from."""


def facts_from(document: Any, lines: Lines = MappingProxyType({})) -> Facts:
    """The facts that a document (plain data, as YAML or JSON give it) states; :class:`FactsRefused` names all problems.

    An empty value counts as not stated. ``lines`` lets problems point into the text.
    """
    if not isinstance(document, Mapping):
        raise FactsRefused([Problem("", "应是“事实: 值”的清单，例如 coverage: 0.93。", lines.get((), None))])
    problems: list[Problem] = []
    found = _read(document, {name: reader for name, (_, reader) in _FIELDS.items()}, (), lines, problems)
    if "monthly" in found:
        found["monthly"] = _monthly(found["monthly"], lines, problems)
    if problems:
        raise FactsRefused(problems)
    return Facts(**found)


def _monthly(value: Any, lines: Lines, problems: list[Problem]) -> Monthly | Excused | None:
    if value == Excused.NOT_DUE.value:
        return Excused.NOT_DUE
    if not isinstance(value, Mapping):
        meant = "；您是不是要写 not_due？" if value in {"未到期", "not due", "notdue", "not_applicable"} else "。"
        message = f"应写 not_due，或 {{timely: 0.95, compliant: 0.95}}，现在是{_said(value)}{meant}"
        problems.append(Problem(_titled("monthly"), message, lines.get(("monthly",))))
        return None
    readers = {name: reader for name, (_, reader) in _MONTHLY.items()}
    return Monthly(**_read(value, readers, ("monthly",), lines, problems))


def _read(
    document: Mapping[Any, Any],
    readers: Mapping[str, Reader | None],
    above: tuple[str, ...],
    lines: Lines,
    problems: list[Problem],
) -> dict[str, Any]:
    """The stated values of one level of a document; what is odd is added to ``problems``."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        if len(problems) >= _MANY:
            break
        name = str(key)
        path = (*above, name)
        if name not in readers:
            problems.append(Problem(".".join((*above, name[:_LONG])), _unknown(name, above, readers), lines.get(path)))
        elif value is not None:
            reader = readers[name]
            try:
                found[name] = value if reader is None else reader(value)
            except _Odd as odd:
                problems.append(Problem(_titled(".".join(path)), str(odd), lines.get(path)))
    return found


def _titled(name: str) -> str:
    return f"{name}（{LABELS[name]}）"


def _unknown(name: str, above: tuple[str, ...], readers: Mapping[str, Reader | None]) -> str:
    """That there is no such fact, and which one was probably meant: by its name or by its Chinese words."""
    labels = {LABELS[".".join((*above, known))]: known for known in readers}
    short = name[:_LONG]
    near = difflib.get_close_matches(short.strip().lower().replace("-", "_").replace(" ", "_"), readers, 1, 0.6)
    near = near or [labels[label] for label in difflib.get_close_matches(short, labels, 1, 0.6)]
    if not near:
        return "没有这一项事实。"
    return f"没有这一项事实；您是不是要写 {_titled('.'.join((*above, near[0])))}？"


def rate(part: Decimal | int, whole: Decimal | int, edition: Edition) -> Decimal:
    """``part ÷ whole``, rounded down to ``grades.rate_digits``: rounding never lifts a rate over a limit.

    The limits of clause 6 have fewer digits, so comparing the rounded rate is as exact as comparing the fraction.
    """
    digits = edition.whole("grades.rate_digits")
    return (Decimal(part).scaleb(digits) // Decimal(whole)).scaleb(-digits)


class MonthResult(StrEnum):
    """How one due month ended (R38)."""

    ON_TIME = "on_time"
    """Filed in time and in order."""
    ON_TIME_FAILED = "on_time_failed"
    """Filed in time, not in order, never made up."""
    MADE_UP = "made_up"
    """Late or not in order, made up within the time that 8.1(3) gives."""
    MISSED = "missed"
    """Not filed, or too late."""


@cites("6.1(5)", rows=("R1", "R2", "R38"))
def monthly_rates(months: Sequence[MonthResult], edition: Edition) -> Monthly | Excused:
    """The monthly fact from the due months since issue, the earliest first; none due yet does not bound the grade."""
    last = months[-edition.whole("grades.monthly_window") :]
    if not last:
        return Excused.NOT_DUE
    timely, compliant = (
        {MonthResult(word) for word in edition.words(f"grades.{kind}_results")} for kind in ("timely", "compliant")
    )
    return Monthly(
        rate(sum(month in timely for month in last), len(last), edition),
        rate(sum(month in compliant for month in last), len(last), edition),
    )
