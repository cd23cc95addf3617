"""Addresses that are no Digital Link: those of known platforms, a maker's own with a GTIN in it, and the rest."""

import re
from collections.abc import Callable

from standard.citation import cites
from standard.codes.digital_link import read_digital_link
from standard.codes.ecode import ecode_in, read_ecode_link
from standard.codes.gs1 import GTIN, add, finish
from standard.codes.gtin import LENGTHS
from standard.codes.named import find_ma
from standard.codes.rules import Rules
from standard.codes.tracecode import Draft, Kind
from standard.codes.weblink import WebLink

_CCC_NUMBER = re.compile(r"(?<!\d)20\d{14}(?!\d)", re.ASCII)


@cites("3.4", rows=("R32",))
def read_link(link: WebLink, rules: Rules) -> Draft:
    """Any address: the table of hosts first, then what its own form says."""
    platform = rules.host_kind(link.host)
    if platform is Kind.ECODE:
        return read_ecode_link(link, rules)
    if (draft := read_digital_link(link, rules)) is not None:
        return draft
    if platform is not None:
        return _READERS[platform](link, rules) if platform in _READERS else _named(platform, link)
    return _maker(link, rules) or _plain(link)


def _no_digital_link(link: WebLink, _rules: Rules) -> Draft:
    return Draft(Kind.GS1_DIGITAL_LINK, problems=[f"{link.host} 的网址里没有成对的应用标识符和内容"])


def _national(link: WebLink, rules: Rules) -> Draft:
    """GB/T 33993, address of the national platform followed by a number it gave."""
    if (draft := _maker(link, rules)) is not None:
        return draft
    draft = Draft(Kind.GB33993_LINK, form="国家统一网址")
    code = link.path.strip("/") or link.query
    if not code:
        draft.problems.append("国家统一网址后面没有编码")
        return draft
    return _assigned(draft, link, code, rules)


def _centre(link: WebLink, rules: Rules) -> Draft:
    """The numbering centre's trace platform: it serves product barcodes and Ecode alike."""
    if (draft := _maker(link, rules)) is not None:
        return draft
    if ecode_in(link) is not None:
        return read_ecode_link(link, rules)
    draft = Draft(Kind.GS1_PLATFORM_LINK, form="平台分配")
    code = "?".join(part for part in (link.path.strip("/"), link.query) if part)
    if not code:
        draft.problems.append("平台网址后面没有编码")
        return draft
    return _assigned(draft, link, code, rules)


def _assigned(draft: Draft, link: WebLink, code: str, rules: Rules) -> Draft:
    draft.parts["code"] = code
    draft.warnings.append("编号由平台分配，批次或系列号要打开网址才看得到")
    draft.level = rules.assigned_link_level
    draft.canonical = f"https://{link.host}/{code}"
    draft.resolves_to = link.text
    return draft


def _maker(link: WebLink, rules: Rules) -> Draft | None:
    """GB/T 33993, a maker's own address with the GTIN named in it; batch and serial may follow."""
    draft = Draft(Kind.GB33993_LINK, form="厂商自定义网址")
    for name, value in link.named_values():
        ai = rules.link_names.get(name)
        if ai is None or ai in draft.parts or not value:
            continue
        short = ai == GTIN and len(value) in LENGTHS
        add(draft, ai, value.zfill(14) if short else value)
    if GTIN not in draft.parts:
        return None
    finish(draft, rules)
    if draft.resolves_to is not None:
        draft.warnings.append("厂商网址须向编码中心备案，是否备案离线看不出")
    return draft


def _ma(link: WebLink, _rules: Rules) -> Draft:
    draft = find_ma(link.path + "?" + link.query)
    if draft is None:
        return Draft(Kind.MA_IDCODE, form="平台网址", problems=["IDcode 平台的网址里看不到 MA 编码"])
    draft.form = "平台网址"
    draft.resolves_to = link.text
    return draft


def _ccc(link: WebLink, _rules: Rules) -> Draft:
    draft = _named(Kind.CCC, link)
    if (found := _CCC_NUMBER.search(link.path + "?" + link.query)) is not None:
        draft.parts["certificate"] = found[0]
    return draft


def _named(kind: Kind, link: WebLink) -> Draft:
    """A platform known by its host alone."""
    return Draft(kind, form="平台网址", parts={"host": link.host}, canonical=link.text, resolves_to=link.text)


def _plain(link: WebLink) -> Draft:
    parts = {"host": link.host} if link.host else {}
    return Draft(Kind.LINK, parts=parts, problems=["网址里没有商品条码、Ecode 等编码，不能当作追溯码"])


_READERS: dict[Kind, Callable[[WebLink, Rules], Draft]] = {
    Kind.GS1_DIGITAL_LINK: _no_digital_link,
    Kind.GB33993_LINK: _national,
    Kind.GS1_PLATFORM_LINK: _centre,
    Kind.MA_IDCODE: _ma,
    Kind.CCC: _ccc,
}
