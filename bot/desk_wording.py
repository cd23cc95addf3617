"""What the chat says to operators of what waits for them; deciding needs the evidence, which is on the pages."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from workflow import decisions
from workflow.applying.application_wording import until
from workflow.intake.wording import harmless, link

MOST_LISTED = 5
LONGEST_TITLE = 40
NOTHING = "没有待办事项。"


def waiting(items: Sequence[Any], page: str, now: datetime) -> str:
    """What waits, in the order given; ``page`` is the desk with its evidence and choices."""
    lines = [f"{number}) {_item(item, now)}" for number, item in enumerate(items[:MOST_LISTED], 1)]
    more = [f"…另有 {len(items) - MOST_LISTED} 件，见网页。"] if len(items) > MOST_LISTED else []
    how = "证据和可选的决定在网页上；决定要写理由，理由会告诉当事人。"
    return "\n".join([link(page, f"待办 {len(items)} 件，点这里办理"), *lines, *more, how])


def _item(item: Any, now: datetime) -> str:
    firm = item.enterprise.name if item.enterprise else ""
    whose = "" if firm in item.title else f"\n{harmless(firm)[:LONGEST_TITLE]}"
    due = f"无期限：{decisions.undated(item)}"
    if item.due_at is not None:
        due = f"{'已超期，截止时间是' if item.due_at < now else '截止'} {until(item.due_at)}"
    return f"{harmless(item.title)[:LONGEST_TITLE]}（{item.clause}）{whose}\n{due}"
