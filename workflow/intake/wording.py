"""The Chinese sentences in which a photo's verdict reaches a person in chat. All are views of the same findings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

TEXT_BYTES = 2048
"""A passive text holds this much UTF-8 (research: Passive_user_reply_message)."""

CLAUSE_NAMES = {
    "code": "追溯码",
    "D.1.1.corner": "印刷位置",
    "D.1.1.edge": "距边距离",
    "D.1.1.clear": "避开关键信息",
    "D.1.2": "平整无折痕",
    "D.1.3": "同品类位置一致",
    "D.2.1.contrast": "黑白对比度",
    "D.2.1.sharpness": "印刷清晰度",
    "D.2.2": "扫描识别",
    "D.2.3": "模块均匀",
    "D.3.1": "二维码尺寸",
    "D.3.2": "留白静区",
    "D.4": "耐磨防水",
    "D.5.1": "信息一致",
    "D.5.2": "关联信息",
}


MATERIAL_NAMES = {
    "body.code": "本体追溯码", "body.match": "与合格证一致", "body.text": "本体标识",
    "shot.code": "查询的码", "shot.time": "查询时间", "shot.page": "公开查询页",
    "ledger.columns": "所需的列", "ledger.rows": "数据行", "ledger.cells": "数字与日期", "ledger.codes": "追溯码唯一",
    "ledger.coverage": "用码覆盖率", "ledger.elements": "追溯环节", "ledger.upload": "上传记录",
}  # fmt: skip
"""Checks of body photos, look-up screenshots and ledgers."""

SOURCES = {"photo": "照片", "scan": "扫描件", "artwork": "印刷原稿"}
"""What a report's millimetres rest on."""

GRADE_NAMES = {
    "DECODE": "译码", "SC": "符号反差", "MOD": "调制比", "RM": "反射率余量", "FPD": "固有图形污损",
    "ANU": "轴向不一致性", "GNU": "网格不一致性", "UEC": "未使用纠错", "GROWTH": "印刷增量",
}  # fmt: skip
"""Parameters of ISO/IEC 15415 by the names of GB/T 23704."""

TAKEN_NAMES = {"time": "拍摄时间", "place": "拍摄地点", "device": "设备", "software": "软件"}


def grade_letter(parameter: dict[str, Any]) -> str:
    """One parameter as people read it: its letter, or the plain value where the standard gives no grade."""
    grade = parameter["grade"]
    return f"{parameter['value']:+.2f}" if grade is None else "FDCBA"[int(grade)]


def clause_number(clause: str) -> str:
    """The clause as the standard numbers it: ``D.2.1.contrast`` is part of D.2.1; ``code`` answers to 3.4 and 5."""
    return (
        "3.4、5" if clause == "code" else ".".join(part for part in clause.split(".") if part == "D" or part.isdigit())
    )


BEYOND_ONE_PHOTO = ("D.1.3", "D.4", "D.5.2")
"""R50: what a single photo cannot show; declared or checked elsewhere, it does not decide the verdict."""

MILLIMETRES = ("D.1.1.corner", "D.1.1.edge", "D.3.1", "D.3.2")
"""Clauses that only a known size can decide."""

EMPTY_PHOTO = "请把整张合格证正对着拍清楚：四边都在画面里，对焦在二维码上，避开反光。"
NOTICE = "照片使用说明：照片仅用于印刷合规检查。您还没有同意保存，照片会在 24 小时内删除；回复“同意”可保留检查记录。"
ASK_ORIGINAL = "聊天会压缩照片。回复“原图”领取上传链接，可判清带 ？ 的项。"
DROPPED = "内容已按约定删除"
"""Stands for what a dropped photo said (R54)."""
NAME_LENGTH = 24
"""Characters of a product's name that an answer shows."""
MOST_LISTED = 6
MENU_ID = "1"
"""Goes with every tapped reply; what was meant stands in its words, typed or tapped."""
SIZE_QUESTION = (
    "合格证多大？回复数字即可得到毫米级结论：\n1) 100×70\n2) 90×50\n3) 其他，请回复 长x宽（毫米），如 120x80"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one photo: a report with its link, or why there is none."""

    report: dict[str, Any] | None = None
    report_link: str = ""
    refusal: str = ""
    upload_link: str = ""
    wants_original: bool = False
    product_name: str = ""
    filed: str = ""
    """Where in an application, or in a month, it was filed."""
    alone: bool = False
    """``filed`` says everything: it is not of a certificate, and its report as one means nothing."""


def link(url: str, text: str) -> str:
    """A link as WeChat's text messages take it."""
    return f'<a href="{escape(url)}">{escape(text)}</a>'


def tap(words: str) -> str:
    """Words to reply with, in quotation marks. A tap says them: WeChat sends them back as the reader's own message.
    A phone that does not know how shows the words alone, so the sentence around them asks for a reply.
    """
    return f'“<a href="weixin://bizmsgmenu?msgmenucontent={words}&msgmenuid={MENU_ID}">{words}</a>”'


def headline(report: dict[str, Any]) -> str:
    """The verdict in one line: what a person needs if they read nothing else."""
    failed, unclear, passed = (len(list(_findings(report, verdict))) for verdict in ("fail", "unclear", "pass"))
    match report["verdict"]:
        case "fail":
            return f"不合格：{failed} 项不符合附录 D"
        case "pass":
            return f"合格：照片可判的 {passed} 项全部符合附录 D"
        case _ if nothing_found(report):
            return "照片里没有找到合格证和追溯码"
        case _ if report["sheet_mm"] is None and report["codes"]:
            return f"已判 {passed} 项合格，另 {unclear} 项要知道合格证多大才能判"
        case _:
            return f"暂不能判定：{passed} 项合格，{unclear} 项看不清"


def answer(
    outcomes: Sequence[Outcome], *, which: str = "", notice: str = "", question: str = "", offer: str = ""
) -> str:
    """One text for all photos sent together, within :data:`TEXT_BYTES`; failures first, links before everything.

    What does not fit goes in this order: lines that the report has too, products' names, at last the single links.
    """
    original = ASK_ORIGINAL if len(outcomes) > 1 and any(one.wants_original for one in outcomes) else ""
    tail = [part for part in (which, original, question, offer, notice) if part]
    head = [] if len(outcomes) == 1 else [f"收到 {len(outcomes)} 张："]
    frame = sum(len(f"{part}\n\n".encode()) for part in (*head, *tail))
    share = (TEXT_BYTES - frame) // len(outcomes) - 2
    numbered = list(enumerate(outcomes, 1)) if len(outcomes) > 1 else [(0, outcomes[0])]
    for shape in (_whole, _unnamed):
        text = "\n\n".join([*head, *(_fit(*shape(number, one), share) for number, one in numbered), *tail])
        if len(text.encode()) <= TEXT_BYTES:
            return text
    short = [f"{number}. {_shortest(one)}" for number, one in numbered]
    return "\n".join([*head, *short, "回复“最近”查看各张的报告。", *([notice] if notice else [])])


def _shortest(outcome: Outcome) -> str:
    if outcome.alone:
        return outcome.filed.partition("\n")[0]
    return headline(outcome.report) if outcome.report else "没能检查"


def _whole(number: int, outcome: Outcome) -> tuple[list[str], str]:
    """The lines of one photo's part, the first of which must stay, and its last."""
    prefix = f"{number}. " if number else ""
    if outcome.report is None:
        return [f"{prefix}没能检查：{outcome.refusal}"], ""
    if outcome.alone:
        return [f"{prefix}{outcome.filed}"], ""
    name = f"（{outcome.product_name[:NAME_LENGTH]}）" if outcome.product_name else ""
    upload = (
        f"聊天会压缩照片。{link(outcome.upload_link, '上传原图')}可判清上面带 ？ 的项（链接用一次有效）"
        if outcome.upload_link
        else ""
    )
    first = f"{prefix}{headline(outcome.report)}{name}\n{link(outcome.report_link, '查看完整报告')}"
    if outcome.filed:
        first = f"{first}\n{outcome.filed}"
    if nothing_found(outcome.report):
        return [first, EMPTY_PHOTO], ""
    return [first, *_lines(outcome.report)], upload


def _unnamed(number: int, outcome: Outcome) -> tuple[list[str], str]:
    return _whole(number, replace(outcome, product_name="", upload_link=""))


def _lines(report: dict[str, Any]) -> Iterable[str]:
    """Failures, then what is unclear, then what passes: each with clause, measure, requirement and what to do."""
    for finding in _findings(report, "fail"):
        yield f"✗ {harmless(finding['advice'])}"
    # That the size is missing is said by the headline and asked at the end.
    unsized = MILLIMETRES if report["sheet_mm"] is None else ()
    unclear = [finding for finding in _findings(report, "unclear") if finding["clause"] not in unsized]
    # One cause makes many clauses unclear (no size, a blurred photo): each distinct advice is said once.
    told: dict[str, list[str]] = {}
    for finding in unclear:
        told.setdefault(harmless(finding["advice"]), []).append(finding["clause"])
    for advice, clauses in told.items():
        yield f"？ {'、'.join(CLAUSE_NAMES[c] for c in clauses)}：{advice}"
    if report["retake"] and not any(advice.endswith(report["retake"]) for advice in told):
        yield f"重拍建议：{report['retake']}"
    if passed := [CLAUSE_NAMES[finding["clause"]] for finding in _findings(report, "pass")]:
        yield f"✓ {'、'.join(passed)}"


def nothing_found(report: dict[str, Any]) -> bool:
    """No code, not even half of one, and no text: there is nothing to ask about, and nothing to mark."""
    if report["codes"] or report["text"] or report["verdict"] == "fail":
        return False
    code = next((finding for finding in report["findings"] if finding["clause"] == "code"), None)
    return code is None or not ("symbology" in code.get("measured", {}) or code.get("advice") == DROPPED)


def _findings(report: dict[str, Any], verdict: str) -> Iterable[dict[str, Any]]:
    return (
        finding
        for finding in report["findings"]
        if finding["verdict"] == verdict and not (verdict == "unclear" and finding["clause"] in BEYOND_ONE_PHOTO)
    )


def _fit(lines: Sequence[str], last: str, budget: int) -> str:
    """As many lines as fit; the first always, what is cut is named, ``last`` keeps its place."""
    more = "…其余见报告"
    room = budget - (len(f"\n{last}".encode()) if last else 0)
    text = lines[0]
    for index, line in enumerate(lines[1:], 1):
        reserve = len(f"\n{more}".encode()) if index < len(lines) - 1 else 0
        if len(f"{text}\n{line}".encode()) + reserve > room:
            if len(f"{text}\n{more}".encode()) <= room:
                text = f"{text}\n{more}"
            break
        text = f"{text}\n{line}"
    return f"{text}\n{last}" if last else text


def wrong_size(width_um: int, height_um: int) -> str:
    """The sheet was not found under the size that was told: the size is the first thing to doubt."""
    told = f"{width_um / 1000:g}×{height_um / 1000:g}"
    return f"没有按 {told} 毫米找到合格证的四边。尺寸不对请直接回复正确的，例如 100x70。"


def which_picture(number: int) -> str:
    """One picture comes for all photos of an answer; this says whose it is."""
    return f"随后的标注图是第 {number} 张，其余标注图见各自的报告。"


def harmless(text: str) -> str:
    """Words that came from outside, as they may stand in a message of ours: no link can be made of them."""
    return text.replace("<", "＜").replace(">", "＞")


def too_large(most_bytes: int) -> str:
    """A picture that was not taken for its size."""
    return f"照片超过 {most_bytes // 2**20} MB，请在手机相机里调低分辨率后重发"


def sheet_size(product: Any) -> str:
    """The certificate's size of a registered product, in millimetres: ``100×70``."""
    return f"{product.sheet_width_um / 1000:g}×{product.sheet_height_um / 1000:g}"


def product_question(products: Sequence[Any]) -> str:
    """Which of the firm's products is it? Only asked where neither code nor text told."""
    lines = [
        f"{number}) {product.name[:NAME_LENGTH]} {product.model}（{sheet_size(product)}）"
        for number, product in enumerate(products[:MOST_LISTED], 1)
    ]
    more = [f"其他产品请回复型号（共 {len(products)} 款）"] if len(products) > len(lines) else []
    return "\n".join(["没认出是哪款产品，请回复数字：", *lines, *more])
