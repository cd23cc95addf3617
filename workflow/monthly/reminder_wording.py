"""The Chinese sentences by which people are reminded of a month: what is still missing, by when, by which clause."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from models import MonthlyFiling
from standard.monthly import asked_of
from standard.months import Month
from standard.profile import Edition
from workflow.monthly.month_judging import Judgement, Standing
from workflow.telling.reminder_calendar import Occasion, Reminding, day_in_words, days_left

KIND = "monthly"
"""Kind of the message's fields."""
MOST_LISTED = 4
NEXT_MONTH = "下月提醒我"
"""What is said for it: offered after a month was filed, for then a person knows what they agree to."""


@dataclass(frozen=True, slots=True)
class Words:
    """One reminder: for the inbox and the chat, and as the fields of a subscribe or template message."""

    title: str
    body: str
    clause: str
    notice: dict[str, Any]


def reminder(
    filing: MonthlyFiling,
    reminding: Reminding,
    today: date,
    judgement: Judgement,
    grade: str,
    edition: Edition,
    idle: Sequence[str] = (),
) -> Words:
    """The words for a month that is owed on ``today``; ``filing`` with its enterprise, ``grade`` of its certificate.

    ``idle`` are the members who have handed nothing in: named to the owner when a day is left.
    """
    month, firm = Month.parse(filing.month).number, filing.enterprise.name
    missing, short = _missing(judgement, grade, edition)
    if reminding.occasion is Occasion.MAKE_UP:
        assert filing.make_up_until is not None
        last, left = filing.make_up_until, days_left(today, filing.make_up_until)
        title, clause = f"{month} 月补报：{left}", "8.1(3)"
        deadline = f"{month} 月未按要求提报，补报 {day_in_words(last)} 24:00 截止（8.1(3)）。"
        then = "届时仍未通过，证书暂停，补报核验通过后恢复（6.1(5)）。"
    else:
        last, left, clause = filing.closes_on, days_left(today, filing.closes_on), "8.1(2)"
        opens = reminding.occasion is Occasion.OPENS
        title = f"{month} 月提报{'已开放' if opens else f'：{left}'}"
        deadline = f"{month} 月提报 {day_in_words(last)} 24:00 截止（8.1(2)，R10）。"
        days = edition.whole("windows.make_up")
        then = f"逾期或不合格将被警告，{days} 个工作日内不补报则证书暂停（8.1(3)）。"
    who = f"还没有交过资料的办理人员：{'、'.join(idle)}。" if idle else ""
    notice = {
        "kind": KIND,
        "title": f"{month} 月{'补报' if reminding.occasion is Occasion.MAKE_UP else '提报'}",
        "firm": firm,
        "deadline": last.isoformat(),
        "state": short,
        "advice": f"{left}，{short}",
    }
    return Words(title, f"{firm}：{deadline}{missing}{who}{then}", clause, notice)


def _missing(judgement: Judgement, grade: str, edition: Edition) -> tuple[str, str]:
    """What the firm still has to do, in a sentence and in a few characters."""
    if judgement.outcome is Standing.MISSING and judgement.filed_at is None:
        return _nothing_yet(grade, edition), "未交资料"
    if missing := judgement.verdict["missing"]:
        return f"{_listed('尚未交齐', missing)}。", f"还缺 {len(missing)} 项"
    match judgement.outcome:
        case Standing.WAITING:
            return "资料已交齐，正在核验；核验通过后请提交。", "核验中"
        case Standing.FAILING:
            reasons = [finding["reason"] for finding in judgement.findings]
            return f"资料已交齐，{_listed('其中须更换或重拍', reasons)}。", f"{len(reasons)} 项须更换"
    return "资料已交齐并核验通过，还没有提交：请打开页面点“提交”，或在服务号里回复“完成”。", "待提交"


def _nothing_yet(grade: str, edition: Edition) -> str:
    """Everything that a month of a certificate of this grade asks for (C(1)–C(3), C(5), R9, R39)."""

    def number(name: str) -> int:
        return edition.whole(f"monthly.{name}")

    kinds = "合格证照片、本体或包装照片各" if asked_of(grade, "monthly.body_from", edition) else "合格证照片"
    return (
        f"还没有交任何资料，须交：不少于 {number('products')} 款产品"
        f"（只有一款的交 {number('batches_of_the_only_product')} 个批次）的{kinds}"
        f" {number('photos_least')}–{number('photos_most')} 张，"
        f"追溯查询截图 {number('screenshots_least')}–{number('screenshots_most')} 张，追溯数据更新台账（附录 C）。"
    )


def _listed(what: str, items: Sequence[str]) -> str:
    more = f" 等 {len(items)} 项" if len(items) > MOST_LISTED else ""
    return f"{what}：{'；'.join(items[:MOST_LISTED])}{more}"
