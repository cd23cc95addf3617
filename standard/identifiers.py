"""Numbers of firms, production licences and CCC certificates: what can be checked without asking a registry (R34).

Form and check characters show that a number was copied right, never that it was given; status is for a registry.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from standard.citation import cites
from standard.codes.rules import rows
from standard.outcome import Finding, Outcome
from standard.profile import Edition

CLAUSE = "7.2(1)"
ROWS = ("R34",)

_USCC_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_USCC_LENGTH = 18
_LICENCE = re.compile(r"(?:\(([^()]*)\))?XK(\d{2})-(\d{3})-(\d{5})", re.ASCII)
_RETIRED_LICENCE = re.compile(r"(?:\([^()]*\))?QS\d", re.ASCII)
_CCC = re.compile(r"(\d{4})(\d{2})(\d{4})(\d{6})", re.ASCII)
_OLD_CCC = re.compile(r"\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as read: ``normal`` is its one spelling; ``findings`` hold what fails, or one pass."""

    text: str
    normal: str
    parts: Mapping[str, str] = field(hash=False)
    findings: tuple[Finding, ...]
    warnings: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether nothing fails."""
        return all(finding.outcome is Outcome.PASS for finding in self.findings)


@cites("7.2(1)", rows=ROWS)
def credit_code(text: str, *, edition: Edition, regions: frozenset[str] | None = None) -> Number:
    """统一社会信用代码 (GB 32100): 18 characters, the last checks the whole, the one before it the organisation code.

    ``regions``: six-digit codes of GB/T 2260, former ones included, where a table is at hand; a region outside it only
    warns, as firms keep their code when districts are merged.
    """
    normal = _plain(text)
    if len(normal) != _USCC_LENGTH:
        return _failed(text, normal, f"统一社会信用代码应为 18 位，实为 {len(normal)} 位")
    if strange := [c for c in normal if c not in _USCC_CHARACTERS]:
        return _failed(
            text, normal, f"统一社会信用代码里不会出现“{'”“'.join(dict.fromkeys(strange))}”（不用 I、O、S、V、Z）"
        )
    region, organisation = normal[2:8], normal[8:17]
    parts = {"authority": normal[0], "category": normal[1], "region": region, "organisation": organisation}
    problems = []
    if (right := _uscc_check(normal[:17])) != normal[17]:
        problems.append(f"统一社会信用代码的校验码应为 {right}，实为 {normal[17]}，请核对是否抄错")
    elif (right := _organisation_check(organisation[:8])) != organisation[8]:
        problems.append(
            f"统一社会信用代码第 17 位（组织机构代码校验码）应为 {right}，实为 {organisation[8]}，请核对是否抄错"
        )
    if problems:
        return _failed(text, normal, *problems, parts=parts)
    warnings = []
    authority = dict(rows(edition, "codes.uscc_authorities", (str, str))).get(normal[0])
    if authority is None:
        warnings.append(f"登记管理部门代码 {normal[0]} 不在已知清单内")
    else:
        parts["authority_name"] = authority
    if not region.isdigit():
        warnings.append(f"第 3～8 位 {region} 不是数字的行政区划代码")
    elif regions is not None and region not in regions:
        warnings.append(f"行政区划代码 {region} 不在现行和历史区划表内")
    return _passed(text, normal, parts, "统一社会信用代码的两位校验码都正确", warnings)


@cites("7.2(1)", rows=ROWS)
def production_licence(text: str, *, edition: Edition) -> Number:
    """工业产品生产许可证编号: ``XK`` trade-product-firm; a province's own in front in brackets, half or full width."""
    normal = _plain(text)
    if _RETIRED_LICENCE.match(normal):
        return _failed(text, normal, "QS 开头是已停用的食品生产许可证编号，工业产品应为 XK 开头")
    found = _LICENCE.fullmatch(normal)
    if found is None:
        return _failed(text, normal, "生产许可证编号应写成 XK06-001-00001，省级发证的前面加（苏）这样的简称")
    province, trade, product, firm = found.groups()
    if province is not None and province not in edition.words("codes.licence_provinces"):
        return _failed(text, normal, f"括号里的“{province}”不是省、自治区、直辖市的简称")
    parts = {"trade": trade, "product": product, "firm": firm}
    if province is not None:
        parts["province"] = province
    if (name := dict(rows(edition, "codes.licence_trades", (str, str))).get(f"{trade}-{product}")) is not None:
        parts["product_name"] = name
    return _passed(text, normal, parts, "生产许可证编号的写法正确（没有校验码，是否有效以发证机关查询为准）")


@cites("7.2(1)", rows=ROWS)
def ccc_certificate(text: str, *, edition: Edition, today: date | None = None) -> Number:
    """CCC certificate number: year 4, certifier 2, product class 4, serial 6, no check digit; not after ``today``."""
    normal = _plain(text)
    if _OLD_CCC.fullmatch(normal):
        return _failed(
            text, normal, "12 位是早期的证书编号，现行 CCC 证书编号为 16 位，请核对证书", outcome=Outcome.UNCLEAR
        )
    found = _CCC.fullmatch(normal)
    if found is None:
        return _failed(text, normal, f"CCC 证书编号应为 16 位数字，实为“{normal[:40]}”（{len(normal)} 位）")
    year, certifier, product, serial = found.groups()
    parts = {"year": year, "certifier": certifier, "class": product, "serial": serial}
    first = edition.whole("codes.ccc_first_year")
    if int(year) < first:
        return _failed(text, normal, f"CCC 证书编号前 4 位是首次发证年份，不会早于 {first} 年", parts=parts)
    if today is not None and int(year) > today.year:
        return _failed(text, normal, f"CCC 证书编号前 4 位是首次发证年份，{year} 年还没有到", parts=parts)
    if (name := dict(rows(edition, "codes.ccc_certifiers", (str, str))).get(certifier)) is not None:
        parts["certifier_name"] = name
    return _passed(text, normal, parts, "CCC 证书编号的写法正确（没有校验码，是否有效以发证机构查询为准）")


def _plain(text: str) -> str:
    """Half width, capital, without blanks: as it is printed, typed or recognised, a number is one number."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return re.sub(r"[\s\u200b\ufeff]", "", re.sub(r"[‐‑‒–—―−]", "-", folded))


def _uscc_check(body: str) -> str:
    total = sum(
        _USCC_CHARACTERS.index(character) * weight for character, weight in zip(body, _USCC_WEIGHTS, strict=True)
    )
    return _USCC_CHARACTERS[-total % 31]


def _organisation_check(body: str) -> str:
    total = sum(int(character, 36) * weight for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True))
    return "0123456789X"[-total % 11]


def _passed(text: str, normal: str, parts: Mapping[str, str], reason: str, warnings: list[str] | None = None) -> Number:
    return Number(
        text, normal, parts, (Finding(CLAUSE, Outcome.PASS, f"{reason}（7.2、R34）", ROWS),), tuple(warnings or ())
    )


def _failed(
    text: str,
    normal: str,
    *reasons: str,
    parts: Mapping[str, str] | None = None,
    outcome: Outcome = Outcome.FAIL,
) -> Number:
    findings = tuple(Finding(CLAUSE, outcome, f"{reason}（7.2、R34）", ROWS, have=normal[:40]) for reason in reasons)
    return Number(text, normal, parts or {}, findings)
