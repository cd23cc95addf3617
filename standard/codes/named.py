"""Codes of other systems: recognised by name and taken apart, so that whoever scans one learns what it is."""

import re

from standard.citation import cites
from standard.codes.checks import CHECKS
from standard.codes.rules import Rules
from standard.codes.tracecode import Draft, Kind, Level

_MA = re.compile(r"MA\.\d{3}\.[0-9A-Z]{2,6}\.[0-9A-Za-z]+(?:[./][0-9A-Za-z]+)*", re.ASCII)
_MA_UNIT = re.compile(r"([SMLDVEC])(.+)")
_MA_DEVICES = "M0"
_MA_DATED = {"M": "生产日期", "D": "灭菌日期", "V": "有效期", "E": "失效日期"}
_HANDLE = re.compile(r"(\d+(?:\.\d+){2,})/(.+)", re.ASCII)
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*)){2,}", re.ASCII)
_CCC = re.compile(r"20\d{14}", re.ASCII)
_FEW_ARCS = 39  # under the first arcs 0 and 1, X.660 leaves room for forty


@cites("3.4", rows=("R32",))
def read_named(text: str, rules: Rules) -> Draft | None:
    """MA, Handle, OID or CCC certificate number; None where it is none of them."""
    if text.startswith("MA."):
        return _ma(text) if _MA.fullmatch(text) else Draft(Kind.MA_IDCODE, problems=["不是 MA 标识的写法"])
    if (handle := _HANDLE.fullmatch(text)) and handle[1].split(".")[0] == rules.handle_prefix:
        parts = {"prefix": handle[1], "suffix": handle[2]}
        return Draft(Kind.HANDLE, parts=parts, canonical=text)
    if _OID.fullmatch(text):
        return _oid(text, rules)
    if _CCC.fullmatch(text):
        return Draft(Kind.CCC, form="证书编号", parts={"certificate": text}, canonical=f"ccc:{text}")
    return None


def find_ma(text: str) -> Draft | None:
    """The first MA code anywhere in an address; None where there is none."""
    found = _MA.search(text)
    return _ma(found[0]) if found else None


def _ma(text: str) -> Draft:
    """Four nodes name the owner; of a medical device, the fifth the product, and lettered units follow."""
    draft = Draft(Kind.MA_IDCODE, level=Level.CLASS)
    nodes = re.split(r"[./]", text)
    draft.parts["owner"] = ".".join(nodes[:4])
    units = nodes[4:]
    if nodes[2] == _MA_DEVICES:
        draft.form = "医疗器械唯一标识"
        if units:
            draft.parts["product"] = ".".join(nodes[:5])
        for unit in units[1:]:
            _ma_unit(draft, unit)
    elif units:
        draft.parts["object"] = ".".join(units[:3])
        if units[3:]:
            draft.parts["rest"] = ".".join(units[3:])
    if not draft.problems:
        draft.canonical = text
    return draft


def _ma_unit(draft: Draft, unit: str) -> None:
    found = _MA_UNIT.fullmatch(unit)
    if found is None:
        draft.problems.append(f"不认识的段“{unit}”")
        return
    letter, value = found.groups()
    draft.parts[letter] = value
    if letter in _MA_DATED:
        short = value[2:] if len(value) == 8 else value
        if not re.fullmatch(r"\d{6}", short, re.ASCII) or CHECKS["date"](short) is not None:
            draft.problems.append(f"{_MA_DATED[letter]}“{value}”不是日期")
    elif letter == "S":
        draft.level = Level.ITEM
    elif letter == "L" and draft.level is not Level.ITEM:
        draft.level = Level.BATCH


def _oid(text: str, rules: Rules) -> Draft:
    draft = Draft(Kind.OID, parts={"oid": text}, canonical=f"urn:oid:{text}")
    first, second = text.split(".")[:2]
    if first != "2" and (len(second) > 2 or int(second) > _FEW_ARCS):
        draft.problems.append(f"第二段 {second[:10]} 超出范围（最大 {_FEW_ARCS}）")
    elif text != rules.oid_china and not text.startswith(rules.oid_china + "."):
        draft.warnings.append(f"不在中国的 {rules.oid_china} 之下")
    return draft
