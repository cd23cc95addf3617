"""Ecode (GB/T 31866): version V, numbering scheme NSI and master data MD; bare, marked, or at the end of an address.

Only the registry knows whether an Ecode was given. Offline, the version is sure; lengths and characters follow the
edition's table, which is that of 2015, and by default only warn.
"""

import re
from urllib.parse import unquote

from standard.citation import cites
from standard.codes.checks import is_digits
from standard.codes.elements import BRACKETED, read_element_string
from standard.codes.rules import Rules
from standard.codes.tracecode import Draft, Kind
from standard.codes.weblink import WebLink

_IN_ADDRESS = re.compile(r"(?:^|[/?&])E=([^&#]*)")
_ALPHANUMERIC = re.compile(r"[0-9A-Za-z]+", re.ASCII)
_GS1_VERSION = "0"
_SHOWN = re.compile(r"[\x21-\x7e]+")


@cites("3.4", rows=("R32", "R33"))
def read_ecode(code: str, rules: Rules) -> Draft:
    """An Ecode without mark or address."""
    draft = Draft(Kind.ECODE)
    if BRACKETED.match(code):
        return _gs1_form(draft, code, rules)
    if not _SHOWN.fullmatch(code):
        draft.problems.append("没有 Ecode 编码" if not code else "Ecode 里有不允许的字符")
        return draft
    version = code[0]
    draft.form = f"V{version}"
    draft.parts["V"] = version
    if version not in rules.ecode_versions:
        draft.problems.append(f"Ecode 版本 V={version} 未启用，应为 {'、'.join(rules.ecode_versions)}")
        return draft
    layout = rules.ecode_layouts.get(version)
    if layout is None:
        draft.parts["MD"] = code[1:]
    else:
        draft.parts["NSI"], draft.parts["MD"] = code[1 : 1 + layout.nsi], code[1 + layout.nsi :]
    if not draft.parts["MD"]:
        draft.problems.append("Ecode 没有主码（MD）")
        return draft
    _layout(draft, rules)
    draft.warnings.append("Ecode 是否已登记、是否一物一码，以 Ecode 平台的查询结果为准")
    draft.level = rules.ecode_level
    draft.canonical = f"ecode:{code}"
    draft.resolves_to = f"{rules.ecode_resolver}{code}"
    return draft


@cites("3.4", rows=("R32",))
def read_ecode_link(link: WebLink, rules: Rules) -> Draft:
    """An address of an Ecode platform: ``…/E=<code>`` in the last segment, or ``E=`` in the query."""
    code = ecode_in(link)
    if code is None:
        return Draft(Kind.ECODE, problems=["Ecode 平台的网址里没有“E=”和编码"])
    draft = read_ecode(code, rules)
    if draft.resolves_to is not None:
        draft.resolves_to = link.text
    return draft


def ecode_in(link: WebLink) -> str | None:
    """What follows ``E=`` in an address, decoded once; None where nothing says ``E=``."""
    for part in (link.path.rpartition("/")[2], link.query):
        if found := _IN_ADDRESS.search(part):
            return unquote(found[1])
        # Some printers escape the sign itself: then the whole has been escaped once.
        if found := _IN_ADDRESS.search(unquote(part)):
            return found[1]
    return None


def marked(text: str, rules: Rules) -> str | None:
    """What follows the mark of a bare Ecode; None where there is no mark."""
    return next((text[len(mark) :] for mark in rules.ecode_marks if text.startswith(mark)), None)


def is_full_length(text: str, rules: Rules) -> bool:
    """Whether an unmarked text has version, length and characters of a full Ecode: a shorter one could be anything."""
    layout = rules.ecode_layouts.get(text[:1])
    if layout is None or len(text) != 1 + layout.nsi + layout.longest:
        return False
    return is_digits(text) if layout.digits else _ALPHANUMERIC.fullmatch(text) is not None


def _gs1_form(draft: Draft, code: str, rules: Rules) -> Draft:
    """Version 0 is kept for GS1 and written like it."""
    inner = read_element_string(code, rules)
    draft.form = "V0（与 GS1 兼容）"
    draft.parts = {"V": _GS1_VERSION, **inner.parts}
    draft.problems, draft.warnings = inner.problems, inner.warnings
    if _GS1_VERSION not in rules.ecode_versions:
        draft.problems.append(f"Ecode 版本 V={_GS1_VERSION} 未启用，应为 {'、'.join(rules.ecode_versions)}")
    draft.level, draft.closed, draft.company_prefix = inner.level, inner.closed, inner.company_prefix
    draft.canonical, draft.resolves_to = inner.canonical, inner.resolves_to
    return draft


def _layout(draft: Draft, rules: Rules) -> None:
    layout = rules.ecode_layouts.get(draft.parts["V"])
    if layout is None or rules.ecode_layout_rule == "off":
        return
    found = []
    nsi, master = draft.parts["NSI"], draft.parts["MD"]
    if len(master) > layout.longest:
        found.append(f"主码（MD）最长 {layout.longest} 位，实为 {len(master)} 位")
    if layout.digits and not is_digits(nsi + master):
        found.append(f"V{draft.parts['V']} 只能由数字组成")
    elif not _ALPHANUMERIC.fullmatch(nsi + master):
        found.append(f"V{draft.parts['V']} 只能由数字和字母组成")
    if rules.ecode_layout_rule == "enforce":
        draft.problems.extend(found)
    else:
        draft.warnings.extend(f"{problem}（按 2015 版结构表）" for problem in found)
