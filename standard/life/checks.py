"""What an event needs first, as tests: None where all is well, else the reason in Chinese (``needs`` says where)."""

from standard.credit import upgrade_grades
from standard.life.certificate import Certificate, Renewal, month_record, rank
from standard.life.events import (
    Actor,
    Cancel,
    ChangeReported,
    ContinueMonth,
    DismissCase,
    Event,
    FailMonth,
    Issue,
    Lower,
    MakeUpMissed,
    MakeUpPassed,
    MendPassed,
    MissMonth,
    OpenCase,
    PrintMended,
    Raise,
    RenewalPassed,
    RenewalStarted,
    Revoke,
    TermEnded,
)
from standard.months import MonthState, filing_window, months_due
from standard.outcome import Finding, Outcome
from standard.profile import Edition, ProfileError
from standard.validity import Withdrawal, cancellation, revocation_words


def not_barred(_: Certificate, event: Issue, __: Edition) -> str | None:
    if event.barred_through is not None and event.on <= event.barred_through:
        return f"证书被撤销后 {event.barred_through} 及以前不得再次申请评价"
    return None


def grade_known(_: Certificate, event: Issue | RenewalPassed | MendPassed | Raise, edition: Edition) -> str | None:
    grade = event.to if isinstance(event, Raise) else event.grade
    return None if grade in edition.words("life.grades") else f"「{grade}」不是可以发证的等级，未达标不发证"


def print_caps(
    certificate: Certificate, event: Issue | RenewalPassed | MendPassed | Raise, edition: Edition
) -> str | None:
    grade = event.to if isinstance(event, Raise) else event.grade
    conditions = certificate.conditions if isinstance(event, Raise) else event.conditions
    cap = edition.word("grades.print_cap")
    if conditions and rank(grade, edition) > rank(cap, edition):
        return f"附录 D 第 {'、'.join(conditions)} 条未整改，等级不得高于 {cap} 级"
    return None


def month_due(certificate: Certificate, event: ContinueMonth | MissMonth | FailMonth, edition: Edition) -> str | None:
    if event.month in months_due(certificate.issued, certificate.last_day, edition):
        return None
    return f"{event.month.words}不是这张证书的应报月份（{certificate.issued} 发证，有效期至 {certificate.last_day}）"


def month_undecided(certificate: Certificate, event: ContinueMonth | MissMonth | FailMonth, _: Edition) -> str | None:
    known = next((record for record in certificate.months if record.month == event.month), None)
    return f"{event.month.words}已有结果，一个月只计一次" if known else None


def filed_in_window(_: Certificate, event: ContinueMonth, edition: Edition) -> str | None:
    window = filing_window(event.month, edition)
    if window.opens <= event.filed_on <= window.closes and event.filed_on <= event.on:
        return None
    return f"{event.filed_on} 不在 {event.month.words}的提报期（{window.opens} 至 {window.closes}）内"


def window_closed(_: Certificate, event: MissMonth, edition: Edition) -> str | None:
    closes = filing_window(event.month, edition).closes
    return None if event.on > closes else f"{event.month.words}的提报期到 {closes} 24 时才截止"


def window_opened(_: Certificate, event: FailMonth, edition: Edition) -> str | None:
    opens = filing_window(event.month, edition).opens
    return None if event.on >= opens else f"{event.month.words}的提报期 {opens} 才开始"


def make_up_lies_ahead(_: Certificate, event: MissMonth | FailMonth, __: Edition) -> str | None:
    return None if event.make_up_until > event.on else f"补报期限 {event.make_up_until} 须晚于预警之日 {event.on}"


def owes_month(certificate: Certificate, event: MakeUpPassed | MakeUpMissed, _: Edition) -> str | None:
    if any(record.month == event.month for record in certificate.owed):
        return None
    return f"{event.month.words}没有待补报的资料"


def make_up_over(certificate: Certificate, event: MakeUpMissed, _: Edition) -> str | None:
    record = month_record(certificate, event.month)
    if record.state is not MonthState.WARNED:
        return f"{event.month.words}已按逾期未补报处理"
    if record.make_up_until is not None and event.on <= record.make_up_until:
        return f"{event.month.words}的补报期到 {record.make_up_until} 24 时才截止"
    return None


def filed_by_now(_: Certificate, event: MakeUpPassed, __: Edition) -> str | None:
    return None if event.filed_on <= event.on else f"补报日 {event.filed_on} 晚于核验通过之日 {event.on}"


def clauses_named(_: Certificate, event: Lower, __: Edition) -> str | None:
    return None if event.failed else "须写明不符合附录 D 的哪些条款"


def conditions_open(certificate: Certificate, _: PrintMended, __: Edition) -> str | None:
    return None if certificate.conditions else "没有待整改的印刷条件"


def rises(certificate: Certificate, event: Raise, edition: Edition) -> str | None:
    steps = rank(event.to, edition) - rank(certificate.grade, edition)
    allowed = upgrade_grades(event.points_in_year, edition)
    if steps < 1:
        return f"{event.to} 级不高于现有等级 {certificate.grade} 级"
    if steps > allowed:
        change = f"由 {certificate.grade} 级升为 {event.to} 级"
        return f"年度资信 {event.points_in_year} 分，一次至多升 {allowed} 级，不能{change}"
    return None


def no_case(certificate: Certificate, event: Event, _: Edition) -> str | None:
    return f"撤销立案（{'、'.join(certificate.cases)}）尚未决定，不能{event.words}" if certificate.cases else None


def all_made_up(certificate: Certificate, _: Event, __: Edition) -> str | None:
    owed = "、".join(str(record.month) for record in certificate.owed)
    return f"{owed} 月资料尚未补报通过，补报后方可续期" if owed else None


def renewal_time(certificate: Certificate, event: RenewalStarted, _: Edition) -> str | None:
    if certificate.renewal is not Renewal.NONE:
        return "续期评价已经启动"
    return None if event.on >= event.opens else f"续期评价 {event.opens} 才启动（有效期至 {certificate.last_day}）"


def renewal_runs(certificate: Certificate, _: Event, __: Edition) -> str | None:
    return None if certificate.renewal is Renewal.RUNNING else "没有正在进行的续期评价"


def renewal_undecided(certificate: Certificate, _: Event, __: Edition) -> str | None:
    return "续期评价尚未启动" if certificate.renewal is Renewal.NONE else None


def new_number(certificate: Certificate, event: RenewalPassed | MendPassed, _: Edition) -> str | None:
    return "续期须用新的证书编号" if event.number == certificate.number else None


def no_successor(certificate: Certificate, _: Event, __: Edition) -> str | None:
    return f"已换发新证书 {certificate.successor}" if certificate.successor else None


def mends_in_time(certificate: Certificate, event: MendPassed, _: Edition) -> str | None:
    if certificate.renewal is not Renewal.MENDING or certificate.mend_until is None:
        return "续期评价没有要求整改"
    if event.applied_on > certificate.mend_until:
        return f"整改后应于 {certificate.mend_until} 及以前重新申请续期，逾期须重新申报评价"
    return None


def term_over(certificate: Certificate, event: TermEnded, _: Edition) -> str | None:
    return None if event.on > certificate.last_day else f"有效期至 {certificate.last_day} 24 时，尚未届满"


def change_in_time(_: Certificate, event: ChangeReported, edition: Edition) -> str | None:
    if event.on > event.report_until and not edition.value("windows.late_change_accepted"):
        return f"变更应于 {event.report_until} 前申报，已逾期，不再受理"
    return None


def matter_known(_: Certificate, event: ChangeReported, edition: Edition) -> str | None:
    matters = edition.words("life.change_matters")
    return None if event.matter in matters else f"「{event.matter}」不是证书变更事项（{'、'.join(matters)}）"


def ground_known(_: Certificate, event: OpenCase | Revoke | DismissCase, edition: Edition) -> str | None:
    if revocation_words(event.ground, edition) is not None:
        return None
    return f"「{event.ground}」不是撤销情形，撤销只限 9.5.1(1) 至 (9)"


def _grounds(name: str, edition: Edition) -> tuple[str, ...]:
    """Some of the nine grounds, as the edition lists them."""
    grounds = edition.words(name)
    if not set(grounds) <= set(edition.words("life.revocation_grounds")):
        raise ProfileError(f"{edition.id}: {name} holds what is no ground of life.revocation_grounds")
    return grounds


def case_by(_: Certificate, event: OpenCase, edition: Edition) -> str | None:
    if event.by is Actor.OPERATOR:
        return None
    automatic = _grounds("life.automatic_grounds", edition)
    if event.by is Actor.PLATFORM and event.ground in automatic:
        return None
    return f"{event.ground} 须由运营方立案，平台只能自动按 {'、'.join(automatic)} 立案"


def case_new(certificate: Certificate, event: OpenCase, _: Edition) -> str | None:
    return f"已按 {event.ground} 立案，尚未决定" if event.ground in certificate.cases else None


def mending_over(_: Certificate, event: OpenCase, edition: Edition) -> str | None:
    if event.ground not in _grounds("life.grounds_after_mending", edition):
        return None
    if event.mend_until is None:
        return f"{event.ground} 须先通知企业限期整改"
    return None if event.on > event.mend_until else f"整改期到 {event.mend_until} 24 时才届满"


def often_enough(_: Certificate, event: OpenCase, edition: Edition) -> str | None:
    times = edition.whole("life.repeated_times")
    if event.ground in _grounds("life.repeated_grounds", edition) and event.times < times:
        return f"本期印刷不合规 {event.times} 次，满 {times} 次才构成多次不合规"
    return None


def case_open(certificate: Certificate, event: Revoke | DismissCase, _: Edition) -> str | None:
    return None if event.ground in certificate.cases else f"没有按 {event.ground} 立案，不能决定"


def person_and_reason(_: Certificate, event: Revoke | DismissCase, __: Edition) -> str | None:
    if not event.decided_by.strip():
        return "撤销与否由人决定，须写明决定人"
    return None if event.reason.strip() else "须写明理由，理由将公示"


def may_cancel(certificate: Certificate, event: Cancel, edition: Edition) -> Finding | None:
    asked = Withdrawal(event.ground, event.on, certificate.last_day, event.asked_by_firm, event.products_in_scope)
    finding = cancellation(asked, edition)
    return None if finding.outcome is Outcome.PASS else finding
