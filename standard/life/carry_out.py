"""Carrying an event out: the changed certificate (its state is set by the table) and the effects."""

from dataclasses import replace
from datetime import date

from standard.life.certificate import Certificate, MonthRecord, Renewal, month_record, rank, with_month
from standard.life.effects import (
    CaseOpened,
    ClearPoints,
    Effects,
    ForbidThrough,
    NewCertificate,
    Notify,
    Publish,
    RegisterNote,
    Render,
)
from standard.life.events import (
    Actor,
    Cancel,
    ChangeReported,
    ContinueMonth,
    DismissCase,
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
    RenewalFailed,
    RenewalPassed,
    RenewalStarted,
    Revoke,
    TermEnded,
)
from standard.life.obstacles import obstacles, without_obstacle
from standard.months import MonthState
from standard.profile import Edition
from standard.validity import State, banned_through, last_day_of_validity, revocation_words


def issue(_: Certificate, event: Issue, edition: Edition) -> tuple[Certificate, Effects]:
    new = _begin(event.number, event.grade, event.on, event.conditions, "", edition)
    return new, (
        Publish(f"{event.number} 发证，{event.grade} 级，有效期至 {new.last_day}"),
        Notify(Actor.ENTERPRISE, f"证书 {event.number} 已发放，可在线下载"),
        Render(event.number),
    )


def continue_month(certificate: Certificate, event: ContinueMonth, _: Edition) -> tuple[Certificate, Effects]:
    new = with_month(certificate, MonthRecord(event.month, MonthState.ON_TIME, settled=True))
    if new.owed or new.held_for:
        text = f"{event.month.words}提报合规，已记录；延续仍停，须先了结：{obstacles(new)}"
    else:
        text = f"{event.month.words}提报合规，证书延续至 {event.month.words}"
    return new, (Notify(Actor.ENTERPRISE, text), Render(certificate.number))


def warn(certificate: Certificate, event: MissMonth | FailMonth, _: Edition) -> tuple[Certificate, Effects]:
    text = f"{event.month.words}{event.words}，请于 {event.make_up_until} 24 时前补报"
    return _warned(certificate, event), (Notify(Actor.ENTERPRISE, text), Render(certificate.number))


def third_lowers(
    certificate: Certificate, event: MissMonth | FailMonth, edition: Edition
) -> tuple[Certificate, Effects]:
    ladder = edition.words("life.grades")
    grade = ladder[ladder.index(certificate.grade) - 1]
    warned, effects = warn(certificate, event, edition)
    cased, opened = _case_of_three(warned, edition)
    why = f"月度提报累计 {edition.whole('life.three_months_count')} 次不合规，等级由 {certificate.grade} 降为 {grade}"
    return replace(cased, grade=grade), (*effects, Notify(Actor.ENTERPRISE, why), Publish(why), *opened)


def third_at_b(certificate: Certificate, event: MissMonth | FailMonth, edition: Edition) -> tuple[Certificate, Effects]:
    warned, effects = warn(certificate, event, edition)
    held = replace(warned, held_for=edition.word("life.three_months_ground"))
    cased, opened = _case_of_three(held, edition)
    count = edition.whole("life.three_months_count")
    why = f"月度提报累计 {count} 次不合规且等级已为 {certificate.grade}，证书暂停，待撤销立案决定"
    return cased, (*effects, Notify(Actor.ENTERPRISE, why), Publish(why), *opened)


def third_revokes(
    certificate: Certificate, event: MissMonth | FailMonth, edition: Edition
) -> tuple[Certificate, Effects]:
    count, ground = edition.whole("life.three_months_count"), edition.word("life.three_months_ground")
    return _revoked(_warned(certificate, event), ground, f"月度提报累计 {count} 次不合规", event.on, edition)


def made_up(certificate: Certificate, event: MakeUpPassed, _: Edition) -> tuple[Certificate, Effects]:
    new = without_obstacle(certificate, event)
    rest = f"；尚须了结：{obstacles(new)}" if new.standing is not State.ACTIVE else "，证书状态恢复正常"
    return new, (Notify(Actor.ENTERPRISE, f"{event.month.words}补报核验通过{rest}"), Render(certificate.number))


def make_up_missed(certificate: Certificate, event: MakeUpMissed, _: Edition) -> tuple[Certificate, Effects]:
    record = month_record(certificate, event.month)
    ended = MonthState.ON_TIME_FAILED if record.filed_in_time else MonthState.MISSED
    new = with_month(certificate, replace(record, state=ended))
    text = f"{event.month.words}逾期未补报，证书暂停；补报核验通过后恢复"
    return new, (Notify(Actor.ENTERPRISE, text), Publish(text), Render(certificate.number))


def cap_grade(certificate: Certificate, event: Lower, edition: Edition) -> tuple[Certificate, Effects]:
    cap = edition.word("grades.print_cap")
    grade = min(certificate.grade, cap, key=lambda name: rank(name, edition))
    failed = "、".join(event.failed)
    text = f"合格证赋码印刷不符合附录 D 第 {failed} 条，整改并核验通过前等级不高于 {cap} 级，现为 {grade} 级"
    new = replace(certificate, grade=grade, conditions=event.failed)
    return new, (Notify(Actor.ENTERPRISE, text), Publish(text), Render(certificate.number))


def print_mended(certificate: Certificate, _: PrintMended, __: Edition) -> tuple[Certificate, Effects]:
    text = f"印刷条件已消除，等级仍为 {certificate.grade} 级；提高等级请申请升级复核"
    return replace(certificate, conditions=()), (Notify(Actor.ENTERPRISE, text), Render(certificate.number))


def raise_grade(certificate: Certificate, event: Raise, _: Edition) -> tuple[Certificate, Effects]:
    text = f"升级复核通过，等级由 {certificate.grade} 升为 {event.to}"
    return replace(certificate, grade=event.to), (
        Notify(Actor.ENTERPRISE, text),
        Publish(text),
        Render(certificate.number),
    )


def start_renewal(certificate: Certificate, _: RenewalStarted, __: Edition) -> tuple[Certificate, Effects]:
    text = f"续期评价已自动启动（有效期至 {certificate.last_day}），无需另行申报"
    return replace(certificate, renewal=Renewal.RUNNING), (Notify(Actor.ENTERPRISE, text),)


def renew(certificate: Certificate, event: RenewalPassed | MendPassed, edition: Edition) -> tuple[Certificate, Effects]:
    new = _begin(event.number, event.grade, event.on, event.conditions, certificate.number, edition)
    text = f"续期达标，换发新证书 {new.number}（原 {certificate.number}），{new.grade} 级，有效期至 {new.last_day}"
    old = replace(certificate, successor=new.number, renewal=Renewal.NONE, mend_until=None)
    return old, (NewCertificate(new), Notify(Actor.ENTERPRISE, text), Publish(text), Render(new.number))


def fail_renewal(certificate: Certificate, event: RenewalFailed, _: Edition) -> tuple[Certificate, Effects]:
    until = certificate.mend_until or event.mend_until
    text = f"续期未达标：{event.missing}；请整改并于 {until} 24 时前重新申请续期，逾期证书到期失效"
    return replace(certificate, renewal=Renewal.MENDING, mend_until=until), (Notify(Actor.ENTERPRISE, text),)


def expire(certificate: Certificate, _: TermEnded, edition: Edition) -> tuple[Certificate, Effects]:
    ground = edition.words("life.cancellation_grounds")[1]
    text = f"证书 {certificate.number} 有效期已于 {certificate.last_day} 届满，失效"
    return replace(certificate, ended_by=ground), (
        Publish(text),
        Notify(Actor.ENTERPRISE, text),
        RegisterNote(ground, f"有效期届满未续期，登记为注销（{ground}）"),
        Render(certificate.number),
    )


def change(certificate: Certificate, event: ChangeReported, _: Edition) -> tuple[Certificate, Effects]:
    late = event.on > event.report_until
    word = f"{event.matter}变更已核验更新，证书编号不变"
    notice = f"{word}；此次逾期申报（应于 {event.report_until} 前），已记录，请今后按时申报" if late else word
    new = replace(certificate, changes=(*certificate.changes, f"{event.on} {event.matter}{'（逾期）' if late else ''}"))
    return new, (Notify(Actor.ENTERPRISE, notice), Publish(word), Render(certificate.number))


def open_case(certificate: Certificate, event: OpenCase, edition: Edition) -> tuple[Certificate, Effects]:
    text = f"按 {event.ground} 立案：{revocation_words(event.ground, edition)}"
    new = replace(certificate, cases=(*certificate.cases, event.ground))
    return new, (CaseOpened(event.ground, text), Notify(Actor.ENTERPRISE, f"{text}；可提交说明与证明材料"))


def revoke(certificate: Certificate, event: Revoke, edition: Edition) -> tuple[Certificate, Effects]:
    return _revoked(certificate, event.ground, event.reason, event.on, edition)


def dismiss(certificate: Certificate, event: DismissCase, _: Edition) -> tuple[Certificate, Effects]:
    new = without_obstacle(certificate, event)
    text = f"按 {event.ground} 的立案决定不予撤销：{event.reason}"
    return new, (Notify(Actor.ENTERPRISE, text), Render(certificate.number))


def cancel(certificate: Certificate, event: Cancel, edition: Edition) -> tuple[Certificate, Effects]:
    words = dict(
        zip(edition.words("life.cancellation_grounds"), edition.words("life.cancellation_words"), strict=True)
    )[event.ground]
    text = f"证书 {certificate.number} 注销：{words}（{event.ground}）"
    return replace(certificate, ended_by=event.ground), (
        Publish(text),
        Notify(Actor.ENTERPRISE, text),
        RegisterNote(event.ground, text),
        Render(certificate.number),
    )


def _begin(
    number: str, grade: str, on: date, conditions: tuple[str, ...], previous: str, edition: Edition
) -> Certificate:
    last_day = last_day_of_validity(on, edition)
    return Certificate(number, grade, State.ACTIVE, on, last_day, on, conditions=conditions, previous=previous)


def _warned(certificate: Certificate, event: MissMonth | FailMonth) -> Certificate:
    in_time = isinstance(event, FailMonth)
    record = MonthRecord(event.month, MonthState.WARNED, False, in_time, event.make_up_until)
    return with_month(certificate, record)


def _case_of_three(certificate: Certificate, edition: Edition) -> tuple[Certificate, Effects]:
    ground = edition.word("life.three_months_ground")
    if ground in certificate.cases:
        return certificate, ()
    text = f"按 {ground} 立案：{revocation_words(ground, edition)}"
    return replace(certificate, cases=(*certificate.cases, ground)), (CaseOpened(ground, text),)


def _revoked(
    certificate: Certificate, ground: str, reason: str, on: date, edition: Edition
) -> tuple[Certificate, Effects]:
    through = banned_through(on, edition)
    text = f"证书 {certificate.number} 撤销：{revocation_words(ground, edition)}（{ground}）；理由：{reason}"
    return replace(certificate, ended_by=ground, cases=(), held_for="", renewal=Renewal.NONE, mend_until=None), (
        Publish(text),
        Notify(Actor.ENTERPRISE, f"{text}；{through} 及以前不得再次申请评价，资信分值清零"),
        ClearPoints(text),
        ForbidThrough(through),
        Render(certificate.number),
    )
