"""The Chinese sentences in which an application's state, problems and result reach people; all doors show these."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from config.clock import SHANGHAI
from config.message_templates import NoticeKind
from models import Application, ApplicationState
from standard.calendar import shanghai_day
from standard.grades import Grade, GradeResult

MOST_LISTED = 12

UPGRADE = "upgrade"
"""``check`` of the finding by which an upgrade review ended, whatever grade it found."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """What happens now, who acts and by when, in one plain sentence; ``path`` is where one goes on."""

    words: str
    clause: str
    path: str
    due_at: datetime | None


def named(application: Application) -> str:
    """What it is: ``申报``, ``升级复核``."""
    return "申报" if application.upgrades_id is None else "升级复核"


def page(application: Application) -> str:
    """The application's page."""
    return f"/my/applications/{application.ref}"


def until(moment: datetime) -> str:
    """A deadline as people read it: the end of a day is 24:00 of that day, not 0:00 of the next (R11)."""
    local = moment.astimezone(SHANGHAI)
    if (local.hour, local.minute) == (0, 0):
        day = local - timedelta(days=1)
        return f"{day.year} 年 {day.month} 月 {day.day} 日 24:00"
    return f"{local.year} 年 {local.month} 月 {local.day} 日 {local.hour}:{local.minute:02d}"


def print_only(findings: Iterable[dict[str, Any]]) -> bool:
    """Whether nothing but the print of certificates stands against it: then the case may go on, capped (R5)."""
    clauses = [finding["clause"] for finding in findings if finding["outcome"] != "pass"]
    return bool(clauses) and all(clause == "D" or clause.startswith("D.") for clause in clauses)


def next_step(application: Application) -> NextStep:
    """One plain sentence: what happens now, who acts, by when. Bot, API and web show the same."""
    words, clause = (_of_review(application) or _step(application)) if application.upgrades_id else _step(application)
    return NextStep(words, clause, page(application), application.due_at)


def _step(application: Application) -> tuple[str, str]:
    level = Grade(application.level).named
    due = until(application.due_at) if application.due_at else ""
    match ApplicationState(application.state):
        case ApplicationState.DRAFT:
            return f"请按清单交齐 {level}申报资料并提交；提交前可以更换或撤下。", "7.1(2)"
        case ApplicationState.VERIFYING:
            return f"平台正在自动核验资料，最迟 {due} 告知结果，您不用操作。", "7.2(4)"
        case ApplicationState.SUPPLEMENT:
            words = (
                f"有 {len(application.findings)} 处需要补正：请在 {due} 前更换相应资料并重新提交，"
                f"逾期本次{named(application)}终止。"
            )
            if print_only(application.findings):
                words = (
                    f"合格证印刷有 {len(application.findings)} 处未符合附录 D：请在 {due} 前整改后重新上传并提交；"
                    "不整改也可以直接重新提交，到期未提交的照此继续，等级不高于 B 级（6.1(4)）。"
                )
            return words, "7.2(3)"
        case ApplicationState.GRADING:
            return f"资料核验通过，平台正在判定等级，最迟 {due} 出结果，您不用操作。", "7.3"
        case ApplicationState.PUBLICITY:
            return f"评价结果（{_grade(application)}）公示中，至 {due} 结束；对结果有异议请在此之前提出。", "7.4"
        case ApplicationState.OBJECTED:
            return f"平台正在复核对结果的异议，最迟 {due} 告知最终结果，您不用操作。", "7.5(2)"
        case ApplicationState.CONFIRMED:
            return f"评价结果（{_grade(application)}）已确认，平台正在制发电子证书，您不用操作。", "7.5(1)"
        case ApplicationState.CERTIFIED:
            return f"电子证书（{_grade(application)}）已发放，可以查看和下载。", "7.5(1)"
        case ApplicationState.NOT_REACHED:
            return "本次评价结果为未达标：请对照未满足的要求整改，随时可以重新申报。", "6.1(3)"
        case ApplicationState.LAPSED:
            return "没有在期限内补正，本次申报已终止；随时可以重新申报。", "7.2(3)"
        case ApplicationState.WITHDRAWN:
            return "本次申报已撤回；随时可以重新申报。", "7.1(2)"


def _of_review(application: Application) -> tuple[str, str] | None:
    """What an upgrade review says of itself where another application would say something else (8.5(3))."""
    before = f"{application.grade_before} 级"
    rise = f"由 {before}升为 {application.grade} 级"
    due = until(application.due_at) if application.due_at else ""
    match ApplicationState(application.state):
        case ApplicationState.DRAFT:
            words = f"请按清单交齐 {application.level} 级资料并提交；提交前可以更换或撤下。"
            return f"{words}证书现为 {before}，复核期间不变。", "8.5(3)"
        case ApplicationState.PUBLICITY:
            return f"升级复核结果（{rise}）公示中，至 {due} 结束；对结果有异议请在此之前提出。", "7.4"
        case ApplicationState.CONFIRMED:
            return f"升级复核结果（{rise}）已确认，平台正在更新证书，您不用操作。", "7.5(1)"
        case ApplicationState.CERTIFIED:
            return f"证书已{rise}，编号和有效期不变，可以查看和下载。", "8.5(3)"
        case ApplicationState.NOT_REACHED:
            if (why := why_ended(application)) is not None:
                return f"升级复核已终止，证书等级不变：{why}。", "8.5(3)"
            return f"证书等级不变，仍为 {before}：请对照还差的要求整改，随时可以再次申请升级复核。", "8.5(3)"
        case ApplicationState.LAPSED:
            return "没有在期限内补正，本次升级复核已终止，证书不变；随时可以再次申请。", "7.2(3)"
        case ApplicationState.WITHDRAWN:
            return "本次升级复核已撤回，证书不变；随时可以再次申请。", "7.1(2)"
    return None


def why_ended(application: Application) -> str | None:
    """Why a review ended though nothing was wrong with what was handed in: its certificate could not be raised."""
    return next((one["reason"] for one in reversed(application.findings) if one.get("check") == UPGRADE), None)


def _grade(application: Application) -> str:
    return Grade(application.grade).named if application.grade else "等级待定"


_STATES = {
    ApplicationState.DRAFT: "待提交",
    ApplicationState.VERIFYING: "核验中",
    ApplicationState.SUPPLEMENT: "待补正",
    ApplicationState.GRADING: "评定中",
    ApplicationState.PUBLICITY: "公示中",
    ApplicationState.OBJECTED: "复核中",
    ApplicationState.CONFIRMED: "已确认",
    ApplicationState.CERTIFIED: "已发证",
    ApplicationState.NOT_REACHED: "未达标",
    ApplicationState.LAPSED: "已终止",
    ApplicationState.WITHDRAWN: "已撤回",
}
"""In no more characters than a message's field of that type holds."""


_DO_BY = {
    ApplicationState.SUPPLEMENT: "{day} 24:00 前补正",
    ApplicationState.PUBLICITY: "公示至 {day} 24:00",
}
"""What the firm may do by the application's day, in the twenty characters of a field; in other states the day is ours,
and nothing of the firm's."""


def worth_until(application: Application) -> datetime | None:
    """Until when the firm can do something about what it is told of its application; None: there is no such moment."""
    return application.due_at if application.state in _DO_BY else None


async def notice_of(application: Application, title: str) -> dict[str, Any]:
    """Where an application stands, as the fields of a subscribe or template message take it."""
    await application.fetch_related("enterprise")
    until, last = worth_until(application), None
    if until is not None:
        last = shanghai_day(until - timedelta(microseconds=1))
    state = ApplicationState(application.state)
    return {
        "kind": NoticeKind.APPLICATION,
        "title": title,
        "number": application.ref,
        "firm": application.enterprise.name,
        "deadline": last.isoformat() if last else "",
        "state": _STATES[state],
        "advice": _DO_BY[state].format(day=f"{last.month} 月 {last.day} 日") if last else "请打开页面查看下一步",
    }


def problems_told(findings: Sequence[dict[str, Any]], due_at: datetime) -> str:
    """The problems of a verification, each with what to do, and by when (7.2(3))."""
    lines = [f"{number}. {finding['reason']}" for number, finding in enumerate(findings[:MOST_LISTED], 1)]
    if len(findings) > MOST_LISTED:
        lines.append(f"…另有 {len(findings) - MOST_LISTED} 处，见申报页面。")
    return "\n".join([f"请在 {until(due_at)} 前补正并重新提交，只需更换下列资料（7.2(3)）：", *lines])


def result_told(result: GradeResult) -> str:
    """Why the grade is no higher, and what the next level asks (7.3, 6.1); empty at the top."""
    lines = []
    if result.capped_by:
        lines.append("合格证赋码印刷未符合附录 D，整改核验通过前不高于 B 级（6.1(4)，R5）。")
    if (step := result.next) is not None and step.missing:
        lines.append(f"达到 {step.level.named}还差（6.1）：")
        lines += [f"· {reason}" for reason in step.missing[:MOST_LISTED]]
        if len(step.missing) > MOST_LISTED:
            lines.append(f"…另有 {len(step.missing) - MOST_LISTED} 项，见申报页面。")
    return "\n".join(lines)


def lapsed_told(application: Application) -> str:
    """That the time to supplement is over (7.2(3))."""
    what = named(application)
    again = "随时可以重新申报" if application.upgrades_id is None else "证书不变，随时可以再次申请"
    return f"没有在期限内补正并重新提交，本次{what}已终止（7.2(3)）。资料仍保存在您的企业名下，{again}。"
