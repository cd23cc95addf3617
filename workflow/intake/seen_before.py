"""Whether a photo was handed in before by somebody else (4.1.1, 7.2(2) 图片真实性): a reason to look, never a verdict.

Sending one's own photo once more is usual and gets no remark. Of another firm nothing is told but that there is one.
"""

from typing import Any

from inspection.report import Flag, Inspected
from models import Evidence, Inspection
from workflow.context import Ports
from workflow.ports import Seen


async def handed_in_by_others(ports: Ports, evidence: Evidence, inspected: Inspected) -> Flag | None:
    """Outside any transaction: the flag where a firm's photo is the same shot of the same sheet as another firm's.

    Who belongs to no firm files nothing, and may well have a firm's photo from a colleague's chat.
    """
    if evidence.enterprise_id is None:
        return None
    seen = await ports.pictures.look_up(evidence.sha256, inspected.fingerprint, besides=evidence.id)
    codes = {code.text for code in inspected.report.codes}
    for one in seen:
        theirs = await Evidence.get_or_none(id=one.evidence_id, dropped_at=None, enterprise_id__not_isnull=True)
        if theirs is None or theirs.enterprise_id == evidence.enterprise_id or theirs.id > evidence.id:
            continue  # their own, or handed in after: the first is not told of its copies
        if one.exact or not await _another_sheet(theirs, codes):
            return _flag(one)
    return None


async def same_file_of_others(ports: Ports, evidence: Evidence) -> Flag | None:
    """Outside any transaction: the flag where another firm filed these very bytes before."""
    for one in await ports.pictures.look_up(evidence.sha256, None, besides=evidence.id):
        theirs = await Evidence.get_or_none(id=one.evidence_id, dropped_at=None, enterprise_id__not_isnull=True)
        if theirs is not None and theirs.enterprise_id != evidence.enterprise_id and theirs.id < evidence.id:
            return Flag("seen_before", "这份文件与其他企业此前提交的一份相同：请提交本企业自己的资料", {"exact": True})
    return None


async def _another_sheet(theirs: Evidence, codes: set[str]) -> bool:
    """Sheets photographed in a fixed stand look the same but for a few digits: their codes tell them apart."""
    inspection = await Inspection.filter(evidence_id=theirs.id).order_by("-id").first()
    report: dict[str, Any] = inspection.report if inspection is not None else {}
    read = {code["text"] for code in report.get("codes", [])}
    return bool(codes and read and not codes & read)


def _flag(seen: Seen) -> Flag:
    how = "相同" if seen.exact else "几乎相同"
    return Flag(
        "seen_before",
        f"这张照片与其他企业此前提交的一张{how}：请拍摄本企业本批次的实物合格证后重新发送",
        {"exact": seen.exact, "distance": seen.distance},
    )
