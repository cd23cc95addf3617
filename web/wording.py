"""The Chinese words that several pages share: states, roles, grades, findings, each with the tone it is shown in.

A tone is one of ``pass``, ``unclear``, ``fail``, ``ended`` or empty: the colour, never the only sign of a meaning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from standard.grade_wording import sentence
from standard.matrix import MATRIX, Grade
from standard.months import Month

MARKS = {"pass": "合格", "fail": "不合格", "unclear": "未判定"}


@dataclass(frozen=True, slots=True)
class Said:
    """A state as it is shown: its tone, its name, one sentence about it."""

    tone: str
    name: str
    sentence: str = ""


FRESH = "证书有效，还没有到第一个提报月份。"
"""Of a certificate in order whose first month has not come (R1)."""

CERTIFICATE = {
    "active": Said("pass", "正常", "证书有效，每月的追溯资料按要求提报并核验合格。"),
    "warned": Said(
        "unclear", "预警", "证书有效。最近一个月的追溯资料没有按时提报或核验不合格，企业正在限期补报（8.1(3)）。"
    ),
    "suspended": Said("fail", "暂停", "证书暂停，暂不能作为入驻、采购的依据；补报并核验通过后恢复（9.2(2)）。"),
    "expired": Said("ended", "失效", "证书有效期已经届满，不再有效（9.3）。"),
    "revoked": Said("fail", "撤销", "证书已被撤销，不再有效（9.5.1）。"),
    "cancelled": Said("ended", "注销", "证书已经注销，不再有效（9.5.2）。"),
    "superseded": Said("ended", "已换新证", "企业续期后换发了新证书，请以新证书为准（9.3(2)）。"),
}
"""By ``standard.validity.State``."""

ITEM_FILING = {
    "received": Said("unclear", "核对中", "清单正在逐行核对。"),
    "filed": Said("pass", "已登记"),
    "refused": Said("fail", "没有登记", "清单里没有一件可以登记。"),
}
"""By ``models.ItemFilingState``."""

LIVE = ("active", "warned", "suspended")

GRADES = {
    "B": ("基础级", "合格证按规范赋码，追溯数据可以人工查询，并上传国家追溯平台。"),
    "A": ("良好级", "合格证与产品本体（或最小包装）都赋码且一致，公众可以扫码查询产品基础信息。"),
    "AA": ("优秀级", "合格证、本体、最小包装全环节赋码，关键生产数据自动采集，公众可以查询全环节关键信息。"),
    "AAA": ("卓越级", "一物一码，生产到供应链的数据实时采集、可反向追溯，扫码、官网、小程序都能查询。"),
}
"""Clause 6 in one sentence each."""

PUBLICATION = {
    "running": Said("unclear", "公示中", "公示期内接受社会监督；期满没有异议，平台自动确认结果。"),
    "stopped": Said("unclear", "复核中", "有异议正在复核，公示暂停计时。"),
    "confirmed": Said("pass", "已确认", "公示期满没有未决的异议，结果已经确认。"),
    "overturned": Said("ended", "已变更", "复核后结果有变化，以新的公示为准。"),
}

APPLICATION = {
    "draft": Said("", "准备资料"),
    "verifying": Said("", "核验中"),
    "supplement": Said("fail", "待补正"),
    "grading": Said("", "评级中"),
    "publicity": Said("", "公示中"),
    "objected": Said("unclear", "异议复核中"),
    "confirmed": Said("pass", "已确认"),
    "certified": Said("pass", "已发证"),
    "not_reached": Said("fail", "未达标"),
    "lapsed": Said("ended", "逾期终止"),
    "withdrawn": Said("ended", "已撤回"),
}

REVIEW = {
    "certified": Said("pass", "已升级"),
    "not_reached": Said("ended", "等级不变"),
}
"""How an upgrade review that is over is called, where it is not as another application (8.5(3))."""

ENDED = ("certified", "not_reached", "lapsed", "withdrawn")
"""States in which an application is over and the firm may apply again."""

ROAD = ("准备资料", "平台核验", "结果公示", "电子证书")
"""The four steps of clause 7 as a firm sees them."""

_STEP = {
    "draft": 0, "verifying": 1, "supplement": 1, "grading": 1, "publicity": 2, "objected": 2, "confirmed": 3,
    "certified": 4, "not_reached": 1, "lapsed": 1, "withdrawn": 0,
}  # fmt: skip
_STOPPED = ("supplement", "not_reached", "lapsed", "withdrawn")


def road(state: str) -> list[tuple[str, str]]:
    """Each step of :data:`ROAD` with ``past``, ``now``, ``stopped`` (the firm must act, or it ended here) or empty."""
    at = _STEP[state]
    here = "stopped" if state in _STOPPED else "now"
    return [(name, "past" if step < at else here if step == at else "") for step, name in enumerate(ROAD)]


SLOT = {
    "missing": Said("", "未交"),
    "handed_in": Said("", "核对中"),
    "passed": Said("pass", "合格"),
    "failed": Said("fail", "不合格"),
    "unclear": Said("unclear", "未判定"),
    "excused": Said("ended", "不需要"),
}

MATERIAL = {**SLOT, "replaced": Said("ended", "已替换"), "removed": Said("ended", "已取回")}

REGISTRATION = {
    "checking": Said("", "核对中", "平台正在核对营业执照与填写的内容，通常几分钟内完成。"),
    "verified": Said("pass", "已通过", "企业已经实名，您是企业管理员。"),
    "mend": Said("fail", "需要修改", "有内容对不上或看不清，请按下面的说明改好后再提交一次。"),
    "disputed": Said("unclear", "人工核实中", "这家企业已经有管理员，平台正在人工核实。"),
}

ROLES = {
    "owner": ("企业管理员", "可以办理一切事项，管理成员；一家企业只有一位"),
    "staff": ("办理人员", "可以登记产品、上传资料、提交申报"),
    "viewer": ("查看人员", "只能查看"),
}

ORGANISATIONS = (("maker", "生产企业"), ("seller", "销售单位"), ("distributor", "流通单位"), ("buyer", "采购单位"))
BUYING = "查供应商的等级，关注变化，出具确认书，登记采信（7.6、8.5）。"
"""What a purchaser does here."""

CLASSES = (
    ("licence", "实施生产许可证管理的产品"),
    ("ccc", "实施强制性认证（CCC）的产品"),
    ("class_3", "有强制性国家标准的其他安全相关产品"),
)

PATTERNS = {"gtin_prefix": "厂商识别代码", "ecode": "Ecode 前缀", "host": "追溯网址的域名"}

CONFIRMATION = {
    "intended": Said("unclear", "正在签署", "通常几秒内签好，请稍后刷新；签好后也会通知您。"),
    "signed": Said("pass", "已签署"),
}
"""By ``models.RenderingState``."""

VERIFIED = {
    "current": Said("pass", "是真的，而且是最新版"),
    "historic": Said("unclear", "是真的，但不是最新版"),
    "altered": Said("fail", "文件被改动过"),
    "unknown": Said("fail", "查不到这份文件的记录"),
    "not_ours": Said("fail", "不是本平台签发的证书"),
}

OBJECTION = {
    "open": Said("unclear", "处理中"),
    "upheld": Said("pass", "异议成立，结果已变更"),
    "rejected": Said("ended", "异议不成立，结果不变"),
    "answered": Said("pass", "已答复"),
}

MONTH_TONES = {
    "open": "", "warned": "unclear", "on_time": "pass", "on_time_failed": "fail", "made_up": "pass", "missed": "fail",
    "made_up_late": "unclear", "ahead": "ahead", "continued": "pass", "suspended": "fail", "closed": "ended",
    "unopened": "ended",
}  # fmt: skip
"""By ``PublicMonth.state`` of the public register, and by ``models.FilingState`` where a firm sees its own."""

MONTH_SIGNS = {
    "open": "…", "warned": "警", "on_time": "✓", "on_time_failed": "否", "made_up": "补", "missed": "缺",
    "made_up_late": "逾", "ahead": "", "continued": "✓", "suspended": "停", "closed": "止",
    "unopened": "免",
}  # fmt: skip
"""One letter a state: what tells them apart without colours, as in print."""

MONTH_SLOT = {
    "missing": Said("", "待提交"),
    "waiting": Said("", "检查中"),
    "failed": Said("fail", "不合格"),
    "unclear": Said("unclear", "未判定"),
    "passed": Said("pass", "合格"),
    "optional": Said("ended", "可不交"),
}
"""By ``workflow.monthly.month_slots.MonthSlot.state``."""

FILING_FILE = {
    "handed_in": Said("", "检查中"),
    "passed": Said("pass", "合格"),
    "failed": Said("fail", "不合格"),
    "unclear": Said("unclear", "未判定"),
    "replaced": Said("ended", "已更换"),
    "removed": Said("ended", "已撤下"),
}
"""By ``models.FilingFileState``."""

ADOPTION = {
    "checking": Said("", "核验中", "平台正在核对文件与填写的内容，通常几分钟内完成。"),
    "waiting": Said("unclear", "待补充或核实", "现在计 0 分；按下面的说明补充，或等平台人工核实（8.2(2)）。"),
    "valid": Said("pass", "有效", "真实有效，已记入资信档案（8.2(2)）。"),
    "refused": Said("fail", "不成立", "不计分；可以更正后重新登记。"),
    "false": Said("fail", "虚假", "经查实为虚假记录，已扣分并公示（8.5(4)）。"),
}
"""By ``models.AdoptionState``."""

ADOPTION_FILE = {
    "handed_in": Said("", "核对中"),
    "passed": Said("pass", "可读"),
    "failed": Said("fail", "打不开"),
    "unclear": Said("unclear", "看不清"),
}
"""By ``models.AdoptionFileState``: whether it can be read; what it says is judged with the record."""

FEEDBACK = {
    "checking": Said("", "核对中"),
    "held": Said("unclear", "人工核对中"),
    "published": Said("pass", "已记入"),
    "refused": Said("fail", "没有纳入"),
}
"""By ``models.FeedbackState``."""

MOODS = {"positive": Said("pass", "满意"), "neutral": Said("ended", "一般"), "negative": Said("unclear", "不满意")}
"""By ``models.Mood``."""

FILERS = {"customer": "采购单位登记", "supplier": "本企业登记", "partner": "采购系统登记"}
"""By ``models.Filer``."""

MONTH_HINTS = {
    "certificate_photo": "正对合格证拍，四角入镜，二维码和文字清晰",
    "body_photo": "拍产品本体或最小包装，追溯码和产品信息同时入镜",
    "query_screenshot": "查询结果的整屏截图，能看到查询时间、产品和企业",
    "update_ledger": "Excel 或 CSV，含生产、检验、销售、国家追溯平台上传记录",
    "optional": "招标采购证明、客户反馈信息表或采信线索",
}
"""By ``models.FilingFileKind``: what makes a file pass."""


def month(month: str) -> str:
    """``2026-12`` as people read it."""
    return Month.parse(month).words


def month_legend(months: Sequence[Any]) -> list[tuple[str, str, int]]:
    """Each state among these months as (state, its words, how many), in the order of their first; ahead comes last."""
    counted: dict[str, tuple[str, int]] = {}
    for month in months:
        words, count = counted.get(month.state, (month.words, 0))
        counted[month.state] = (words, count + 1)
    ordered = sorted(counted.items(), key=lambda one: one[0] == "ahead")
    return [(state, words, count) for state, (words, count) in ordered]


EXCUSED = {
    "not_applicable": "这项资料与本企业的产品或销售方式无关，不需要提供。",
    "not_due": "首次评价还没有月度记录，不需要提供。",
    "on_file": "平台已有本证书的月度提报记录和自动核验结果，不需要提供。",
}
"""By ``standard.materials.Due``."""


def reason(plain: Mapping[str, Any]) -> str:
    """One requirement of a graded result as plain data (``standard.grades.Reason.to_json``), in a sentence."""
    return sentence(Grade(plain["level"]), plain["fact"], plain["have"], plain["need"], plain["clause"])


def element_title(name: str) -> str:
    """An element of clause 6 as people read it."""
    return next(element.title for element in MATRIX if element.name == name)


SUFFIXES = {
    "application/ofd": ".ofd",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "text/csv": ".csv",
}
"""Kinds of files that many phones know by their name only."""


def accept(media_types: Sequence[str]) -> str:
    """What a file field offers, for these media types."""
    return ",".join([*media_types, *(SUFFIXES[one] for one in media_types if one in SUFFIXES)])


def file_of(material: Any) -> str:
    """The name and size of a material's file."""
    size = material.evidence.size
    shown = f"{size / 2**20:.1f} MB" if size >= 2**20 else f"{max(1, round(size / 1024))} KB"
    return f"{material.evidence.file_name or '聊天发来的照片'}（{shown}）"


def finding(plain: Mapping[str, Any]) -> Said:
    """A stored finding, whichever room wrote it: a rule's (``outcome``, ``reason``) or an inspection's."""
    tone = str(plain.get("outcome") or plain.get("verdict") or "unclear")
    return Said(tone, MARKS[tone], str(plain.get("reason") or plain.get("advice") or ""))


def worst_first(findings: Sequence[Mapping[str, Any]]) -> list[Said]:
    """Findings as they are shown: what must be mended first."""
    order = ("fail", "unclear", "pass")
    return sorted(map(finding, findings), key=lambda said: order.index(said.tone))
