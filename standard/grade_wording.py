"""Clause 6 in plain Chinese: the facts and their values, and what a firm has beside what a level asks (6.1)."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from standard.facts import LABELS, RATES, WORDS, Excused
from standard.matrix import BODY_OR_PACKAGE, Grade
from standard.outcome import Outcome

CHANNELS = "query_channels"
"""The one fact that is a list of words."""

_CONDITIONS: Mapping[str, tuple[str, str, str]] = MappingProxyType({
    "code_selection": ("追溯码选用符合规定", "追溯码选用不符合规定", "符合规定"),
    "certificate_print": ("合格证印刷符合附录 D", "合格证印刷不符合附录 D", "符合"),
    BODY_OR_PACKAGE: ("产品本体或最小销售包装赋码合格", "产品本体、最小销售包装赋码都不合格", "至少一处合格"),
    "codes_consistent": ("合格证与本体信息一致", "合格证与本体信息不一致", "一致"),
    "one_item_one_code": ("做到一物一码", "没有做到一物一码", "做到"),
    "reverse_trace": ("能反向追溯到原材料", "不能反向追溯到原材料", "能够追溯到"),
    "supplier_realtime": ("供应链信息实时共享", "供应链信息没有实时共享", "实时共享"),
    "upstream_trace": ("有上游原材料追溯信息", "没有上游原材料追溯信息", "能够获取"),
    "trace_info_sound": ("追溯信息无明显错漏", "追溯信息有明显错漏", "无明显错漏"),
    "marketplace_automatic": ("网售平台核验自动通过", "网售平台核验没有自动通过", "自动通过"),
})  # fmt: skip
"""What has to be shown: as it holds, as it does not, and as a level asks for it; others are 合格 or 不合格."""

_SCALES: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType({
    "collection": {
        "none": ("没有采集数据", "采集数据"),
        "manual": ("数据人工采集", "人工采集"),
        "semi_automatic": ("数据半自动采集", "半自动采集"),
        "mes": ("数据由 MES 集成采集", " MES 集成采集"),
        "realtime": ("设备数据实时在线采集", "设备数据实时在线采集"),
    },
    "upload_link": {
        "none": ("没有与国家平台对接", "与国家平台对接"),
        "batch": ("数据批量上传国家平台", "批量上传"),
        "realtime": ("与国家平台实时对接", "实时对接"),
    },
    "info_update": {
        "none": ("追溯信息没有更新", "更新"),
        "batch": ("追溯信息按批更新", "按批更新"),
        "realtime": ("追溯信息实时更新", "实时更新"),
    },
    "public_query": {
        "none": ("公众查不到追溯信息", "可查询"),
        "basic": ("公众可查询基础信息", "可查询基础信息"),
        "full": ("公众可查询全环节信息", "可查询全环节信息"),
    },
})  # fmt: skip
"""Each step of a scale: what a firm has, and what a level asks."""

_COUNTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"query_seconds": ("查询响应", "秒"), "adoption_12m": ("近 12 个月采信记录", "条")}
)
"""Numbers that are no rates: of what, and their unit."""

_SIGNS: Mapping[str, str] = MappingProxyType({"≥": "至少", "=": "达到", "≤": "不超过", "": ""})


def label(fact: str) -> str:
    """A fact in Chinese."""
    return "或".join(LABELS[part] for part in fact.split("|"))


def sentence(level: Grade, fact: str, have: str | None, need: str, source: str) -> str:
    """What the firm has beside what the level asks: ``用码覆盖率 93%，AA 级要求至少 95%（6 AA-2）``.

    ``have`` and ``need`` as in an answer; ``have`` is None where nothing shows the fact. ``source`` is the clause.
    """
    held = f"{label(fact)}：没有资料证明" if have is None else had(fact, have)
    return f"{held}，{level.named}要求{_asked(fact, need)}（{source}）"


def had(fact: str, have: str) -> str:
    """A ``have`` of an answer as a clause: ``用码覆盖率 93%``, ``合格证与本体信息不一致``."""
    if have in set(Excused):
        return f"{label(fact)}{WORDS[have]}"
    if fact in _SCALES:
        return _SCALES[fact][have][0]
    if fact == CHANNELS:
        return f"公众可通过{_channels(have)}查询" if have else "没有查询渠道"
    if fact in RATES or fact in _COUNTS:
        return f"{_COUNTS.get(fact, (label(fact),))[0]} {_amount(fact, have)}"
    holds, fails, _ = _CONDITIONS.get(fact, (f"{label(fact)}合格", f"{label(fact)}不合格", ""))
    return {Outcome.PASS: holds, Outcome.FAIL: fails, Outcome.UNCLEAR: f"{label(fact)}：还不能判定"}[Outcome(have)]


def _asked(fact: str, need: str) -> str:
    if need == "given":
        return "提供"
    if fact == CHANNELS:
        return f"可通过{_channels(need)}查询"
    sign, _, limit = need.rpartition(" ")
    if fact in _SCALES:
        return _SIGNS[sign] + _SCALES[fact][limit][1]
    if sign:
        return f"{_SIGNS[sign]} {_amount(fact, limit)}"
    return _CONDITIONS[fact][2] if fact in _CONDITIONS else "合格"


def _amount(fact: str, number: str) -> str:
    """A number with its unit; a rate in percent, exactly."""
    return f"{number} {_COUNTS[fact][1]}" if fact in _COUNTS else f"{(Decimal(number) * 100).normalize():f}%"


def _channels(words: str) -> str:
    return "、".join(WORDS[word] for word in words.split(", "))
