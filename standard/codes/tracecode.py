"""What a trace code turns out to be once it has been read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from standard.citation import cites
from standard.codes.ai import identifiers
from standard.outcome import Finding


@cites("3.4", rows=("R32",))
class Kind(StrEnum):
    """Kinds of code that are recognised; which of them may serve as a trace code is the edition's list (R32)."""

    GTIN = "gtin"
    GS1_ELEMENT_STRING = "gs1_element_string"
    GS1_DIGITAL_LINK = "gs1_digital_link"
    GB33993_LINK = "gb33993_link"
    GS1_PLATFORM_LINK = "gs1_platform_link"
    ECODE = "ecode"
    MA_IDCODE = "ma_idcode"
    HANDLE = "handle"
    OID = "oid"
    CCC = "ccc"
    # Named in the draft of the notice; no format was published, so only a host of the edition's table can be one.
    DIGITAL_IDENTITY = "digital_identity"
    NIOT_LINK = "niot_link"
    LINK = "link"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        """Its name in Chinese."""
        return _TITLES[self]


_TITLES = {
    Kind.GTIN: "商品条码（GTIN）",
    Kind.GS1_ELEMENT_STRING: "GS1 单元数据串",
    Kind.GS1_DIGITAL_LINK: "GS1 数字链接",
    Kind.GB33993_LINK: "商品二维码网址（GB/T 33993）",
    Kind.GS1_PLATFORM_LINK: "编码中心追溯平台网址",
    Kind.ECODE: "物联网标识编码（Ecode）",
    Kind.MA_IDCODE: "MA 标识（IDcode）",
    Kind.HANDLE: "工业互联网标识（Handle）",
    Kind.OID: "对象标识符（OID）",
    Kind.CCC: "强制性产品认证（CCC）编码或网址",
    Kind.DIGITAL_IDENTITY: "数字身份码",
    Kind.NIOT_LINK: "国家物联网标识平台网址（cniotroot）",
    Kind.LINK: "普通网址",
    Kind.UNKNOWN: "未能识别的内容",
}


@cites("3.4", rows=("R33",))
class Level(StrEnum):
    """How narrowly a code names a product; NONE: not a product, or not to be seen from the code."""

    NONE = "none"
    CLASS = "class"
    BATCH = "batch"
    ITEM = "item"

    @property
    def rank(self) -> int:
        """0 for NONE up to 3 for ITEM."""
        return _RANKS[self]

    @property
    def label(self) -> str:
        """Its name in Chinese."""
        return _LEVEL_TITLES[self]


_RANKS = {level: rank for rank, level in enumerate(Level)}
_LEVEL_TITLES = {Level.NONE: "看不出层级", Level.CLASS: "品类级", Level.BATCH: "批次级", Level.ITEM: "单件级"}


_COMMON_PART_NAMES = {"host": "域名", "code": "平台编号", "certificate": "证书编号", "oid": "标识符"}
_PART_NAMES = {
    Kind.ECODE: {"V": "版本", "NSI": "编码体系标识", "MD": "主码"},
    Kind.HANDLE: {"prefix": "前缀", "suffix": "后缀"},
    Kind.MA_IDCODE: {
        "owner": "用户根节点",
        "product": "产品标识",
        "object": "对象类别",
        "rest": "自定义部分",
        "S": "系列号",
        "M": "生产日期",
        "L": "批号",
        "D": "灭菌日期",
        "V": "有效期",
        "E": "失效日期",
        "C": "校验",
    },
}


@dataclass(frozen=True, slots=True)
class TraceCode:
    """A code as read.

    ``parts``: what it states, in its own order: application identifiers (``01``, ``10`` …) for everything of GS1,
    ``V``, ``NSI``, ``MD`` for Ecode, plain names else. ``valid``: it keeps the rules of its own kind; ``reasons`` say
    where it does not. ``closed``: a number of restricted circulation. ``canonical``: one spelling for one thing, to
    look it up by; ``resolves_to``: where its data would be asked for. Both are None where the code is not valid.
    """

    kind: Kind
    text: str
    parts: Mapping[str, str] = field(hash=False)
    valid: bool
    reasons: tuple[Finding, ...]
    warnings: tuple[str, ...]
    on_allowed_list: bool
    unique_level: Level
    canonical: str | None
    resolves_to: str | None
    form: str
    closed: bool
    company_prefix: str | None
    symbology: str | None
    raw: bytes | None
    edition: str

    def part_name(self, part: str) -> str:
        """What a part is called in Chinese; its own key where it has no other name."""
        if (names := _PART_NAMES.get(self.kind)) is not None and part in names:
            return names[part]
        known = identifiers().get(part)
        return known.name if known is not None else _COMMON_PART_NAMES.get(part, part)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as ``zhuisu code --json`` prints it."""
        return {
            "text": self.text,
            "kind": self.kind.value,
            "kind_name": self.kind.label,
            "form": self.form,
            "parts": dict(self.parts),
            "valid": self.valid,
            "reasons": [finding_json(finding) for finding in self.reasons],
            "warnings": list(self.warnings),
            "on_allowed_list": self.on_allowed_list,
            "unique_level": self.unique_level.value,
            "canonical": self.canonical,
            "resolves_to": self.resolves_to,
            "company_prefix": self.company_prefix,
            "symbology": self.symbology,
            "raw": self.raw.hex() if self.raw is not None else None,
            "edition": self.edition,
        }


def finding_json(finding: Finding) -> dict[str, Any]:
    """A finding as plain data."""
    return {
        "clause": finding.clause,
        "outcome": finding.outcome.value,
        "reason": finding.reason,
        "rows": list(finding.rows),
        "have": finding.have,
        "need": finding.need,
    }


@dataclass(slots=True)
class Draft:
    """A code while it is being read: the readers of the single kinds fill it in. ``problems`` make it not valid."""

    kind: Kind
    form: str = ""
    parts: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    level: Level = Level.NONE
    canonical: str | None = None
    resolves_to: str | None = None
    closed: bool = False
    company_prefix: str | None = None
