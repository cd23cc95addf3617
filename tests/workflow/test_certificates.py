"""Certificates: issued once, changed by events, drawn and signed anew, shown and checked (7.5(1), 9, B, R14, R45)."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import CertificateSettings
from gateways.certificate.signing import sample_key
from gateways.certifier import TypstCertifier
from models import (
    Application,
    ApplicationState,
    Certificate,
    Counter,
    DeskItem,
    Enterprise,
    Event,
    InboxEntry,
    Job,
    MonthlyFiling,
    Rendering,
    RenderingState,
)
from models.transactions import transaction
from standard import life
from standard.life import Actor
from standard.months import Month
from standard.outcome import Finding, Outcome
from tests.conftest import Database
from tests.workflow.graded import confirmed, facts_of_a
from tests.workflow.world import World
from workflow.access import Asker
from workflow.certifying import certificate_effects, certificate_register, certificates
from workflow.certifying.certificate_life import life_from_json
from workflow.intake import evidence
from workflow.ports import CertifierFailed, ObjectMissing
from workflow.problems import Refused

NUMBER = "T/CMIF-2026-000001"
FONTS = CertificateSettings.model_fields["font_dirs"].default[0]


async def issued(world: World, facts: Any = None, **firm: Any) -> Certificate:
    """A certificate, issued and signed."""
    application = await confirmed(world, facts, **firm)
    await world.work()
    return await Certificate.get(application_id=application.id).prefetch_related("enterprise")


async def issued_unsigned(world: World) -> Certificate:
    """A certificate whose rendering job is still due."""
    application = await confirmed(world)
    (job,) = await world.ports.queue.claim(1, 60, key=f"certificate.issue:{application.id}")
    await certificates.issue(world.ports, job)
    return await Certificate.get(application_id=application.id)


async def refused(work: Any, code: str) -> Refused:
    with pytest.raises(Refused) as caught:
        await work
    assert caught.value.code == code
    return caught.value


# --- issuing ---------------------------------------------------------------------------------------------------------


ISSUED = "证书已发放（7.5(1)）"


async def test_a_confirmed_result_becomes_a_signed_certificate_and_the_firm_is_told_when_it_is_there(
    world: World,
) -> None:
    row = await issued(world)
    assert (row.number, row.serial, row.grade, row.state) == (NUMBER, 1, "A", "active")
    assert (row.issued_on, row.last_day) == (date(2026, 11, 28), date(2027, 11, 27))  # R44
    assert row.due_at == datetime(2027, 11, 27, 16, tzinfo=UTC)
    assert (await Application.get(id=row.application_id)).state == ApplicationState.CERTIFIED
    (rendering,) = await Rendering.all()
    assert (rendering.state, rendering.revision, rendering.as_of) == (RenderingState.SIGNED, 1, date(2026, 11, 28))
    pdf, _ = await certificate_register.pdf_of(world.ports, NUMBER)
    assert (await certificate_register.verify_pdf(world.ports, pdf)).outcome == "current"
    told = await InboxEntry.filter(title=ISSUED).order_by("id")
    assert [entry.body for entry in told] == [f"证书 {NUMBER} 已发放，可在线下载"]
    assert told[0].path == "/c/T-CMIF-2026-000001"


async def test_every_word_is_on_record_before_anything_is_signed(world: World) -> None:
    row = await issued_unsigned(world)
    (rendering,) = await Rendering.all()
    assert (rendering.state, world.certifier.signed) == (RenderingState.INTENDED, 0)
    fields = dict(rendering.face["fields"])
    assert fields["企业名称"] == "样例电缆有限公司"
    assert fields["申报产品品类"] == "低压电器、电线电缆"
    assert fields["评价等级"] == "A 级（良好级）"
    assert fields["证书当前状态"] == "正常（延续至 2026 年 11 月）"
    assert fields["核验查询"] == "https://sample.test/c/T-CMIF-2026-000001（或扫描二维码）"
    assert rendering.face["remarks"] == [certificate_register.NOT_ONLINE]
    assert rendering.face["as_of_words"] == "截至 2026 年 11 月 28 日（第 1 版）"
    assert (await Application.get(id=row.application_id)).state == ApplicationState.CERTIFIED


async def test_issuing_twice_issues_once(world: World) -> None:
    application = await confirmed(world)
    for key in ("again-1", "again-2"):
        async with transaction():
            await world.ports.queue.enqueue(
                "certificate.issue", key, {"application": application.id}, due=world.clock.now()
            )
    await world.work()
    assert await Certificate.all().count() == 1
    assert (await Counter.get(name=certificates.SERIAL)).value == 1


async def test_the_first_certificates_of_all_may_be_issued_at_the_same_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    next_serial = certificates._next_serial

    async def lingering() -> int:
        serial = await next_serial()
        await asyncio.sleep(0.2)  # the others come before this transaction ends
        return serial

    monkeypatch.setattr(certificates, "_next_serial", lingering)
    jobs = []
    for uscc in ("91330100MA00000012", "91330100MA00000020", "91330100MA00000039"):
        application = await confirmed(world, uscc=uscc, name=f"样例{uscc[-2:]}有限公司")
        jobs += await world.ports.queue.claim(1, 60, key=f"certificate.issue:{application.id}")
    await asyncio.gather(*(certificates.issue(world.ports, job) for job in jobs))
    numbers = await Certificate.all().order_by("serial").values_list("number", flat=True)
    assert numbers == [f"T/CMIF-2026-{serial:06d}" for serial in (1, 2, 3)]
    assert (await Counter.get(name=certificates.SERIAL)).value == 3


async def test_serials_go_up_by_one_and_a_new_year_goes_on_with_them(world: World) -> None:
    await issued(world)
    world.clock.advance(days=60)
    second = await issued(world, uscc="91330100MA00000020", name="样例开关有限公司")
    assert second.number == "T/CMIF-2027-000002"


async def test_a_firm_that_is_barred_gets_no_certificate_and_no_number_is_spent(world: World) -> None:
    application = await confirmed(world, barred_through=date(2027, 1, 1))
    await world.work()
    assert await Certificate.all().count() == 0
    assert await Counter.all().count() == 0
    item = await DeskItem.get(kind=certificates.REFUSED_ISSUE, subject_id=application.id)
    assert "不得再次申请评价" in item.detail["reason"]
    await Enterprise.filter(id=application.enterprise_id).update(barred_through=None)
    await certificates.issue_again(world.ports, item, "retry", "禁止期登记有误", Asker(1))
    await world.work()
    assert (await Certificate.get(application_id=application.id)).number == NUMBER


async def test_open_print_conditions_stand_on_the_certificate_in_place_of_note_three(world: World) -> None:
    await issued(world, facts_of_a(certificate_print=Outcome.FAIL))
    (rendering,) = await Rendering.all()
    assert rendering.face["notes"][2].startswith("产品合格证赋码印刷尚未符合附录 D 第 D.1 至 D.5 条")


async def test_a_character_without_a_glyph_waits_for_the_operator_and_is_never_drawn_as_a_box(world: World) -> None:
    world.certifier.lacking = "𱍐"
    await issued(world, name="样例𱍐业有限公司")
    item = await DeskItem.get(kind=certificates.MISSING_GLYPHS)
    assert item.detail["characters"] == ["𱍐（U+31350）"]
    assert world.certifier.signed == 0
    assert not await InboxEntry.exists(title=ISSUED)
    await refused(certificate_register.pdf_of(world.ports, NUMBER), "certificate_not_ready")
    world.certifier.lacking = ""
    await certificates.render_again(world.ports, item, "retry", "已装字体", Asker(1))
    await world.work()
    assert (await Rendering.get()).state == RenderingState.SIGNED
    assert await InboxEntry.filter(title=ISSUED).count() == 1


async def test_a_certificate_that_cannot_be_signed_comes_to_the_desk_with_the_last_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(pdf: bytes, number: str, revision: int) -> bytes:
        raise CertifierFailed("时间戳服务没有应答")

    monkeypatch.setattr(world.certifier, "sign", broken)
    row = await issued_unsigned(world)
    await Job.filter(kind=certificates.RENDER).update(max_attempts=2)
    for last in (False, True):
        (job,) = await world.ports.queue.claim(1, 60, key=f"certificate.render:{row.id}:1")
        if last:
            await certificates.render(world.ports, job)
        else:
            with pytest.raises(CertifierFailed):
                await certificates.render(world.ports, job)
            await world.ports.queue.retry(job, world.clock.now(), "failed")
    item = await DeskItem.get(kind=certificates.FAILED_RENDERING)
    assert item.detail["problem"] == "时间戳服务没有应答"
    monkeypatch.undo()
    await certificates.render_again(world.ports, item, "retry", "已恢复", Asker(1))
    await world.work()
    assert (await Rendering.get()).state == RenderingState.SIGNED
    assert await InboxEntry.filter(title=ISSUED).count() == 1


# --- crashes ---------------------------------------------------------------------------------------------------------


async def test_a_crash_after_signing_ends_in_one_recorded_file_and_the_other_is_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = await issued_unsigned(world)
    (job,) = await world.ports.queue.claim(1, 60, key=f"certificate.render:{row.id}:1")
    put = world.ports.storage.put
    written: list[str] = []

    async def put_and_die(key: str, data: bytes) -> None:
        await put(key, data)
        written.append(key)
        raise ConnectionError

    monkeypatch.setattr(type(world.ports.storage), "put", lambda _, key, data: put_and_die(key, data))
    with pytest.raises(ConnectionError):
        await certificates.render(world.ports, job)
    monkeypatch.undo()
    await world.ports.queue.retry(job, world.clock.now(), "crash")
    await world.work()
    (rendering,) = await Rendering.all()
    assert rendering.state == RenderingState.SIGNED
    assert world.certifier.signed == 2
    assert rendering.pdf_key not in written
    world.clock.advance(evidence.OWNED_WITHIN + timedelta(minutes=1))
    await world.work()
    assert await _stored(world, rendering.pdf_key)
    assert await _stored(world, rendering.png_key)
    assert not await _stored(world, written[0])


async def _stored(world: World, key: str | None) -> bool:
    assert key is not None
    try:
        await world.ports.storage.get(key)
    except ObjectMissing:
        return False
    return True


async def test_rendering_twice_signs_once(world: World) -> None:
    row = await issued(world)
    async with transaction():
        await world.ports.queue.enqueue(
            certificates.RENDER,
            "again",
            {"certificate": row.id, "revision": 1, "tell": ["证书已发放"]},
            due=world.clock.now(),
        )
    await world.work()
    assert world.certifier.signed == 1
    assert await InboxEntry.filter(title=ISSUED).count() == 1


# --- what happens to it ----------------------------------------------------------------------------------------------


async def test_an_event_changes_the_certificate_tells_publishes_and_draws_it_anew(world: World) -> None:
    row = await issued(world)
    first, _ = await certificate_register.pdf_of(world.ports, NUMBER)
    missed = life.MissMonth(on=date(2026, 12, 26), month=Month(2026, 12), make_up_until=date(2026, 12, 30))
    world.clock.advance(days=28)
    assert isinstance(await certificates.apply_event(world.ports, row, missed, actor="system"), life.Step)
    late = life.MakeUpMissed(on=date(2026, 12, 31), month=Month(2026, 12))
    world.clock.advance(days=5)
    await certificates.apply_event(world.ports, row, late, actor="system")
    await world.work()
    assert (row.state, row.revision) == ("suspended", 3)
    told = await InboxEntry.filter(key__startswith="certificate:").order_by("id").values_list("title", "body", "path")
    assert told == [
        (ISSUED, f"证书 {NUMBER} 已发放，可在线下载", "/c/T-CMIF-2026-000001"),
        (
            "12 月逾期未提报（8.1(3)）",
            "2026 年 12 月逾期未提报，请于 2026-12-30 24 时前补报",
            "/c/T-CMIF-2026-000001",
        ),
        (
            "12 月逾期未补报，证书已暂停（9.2(2)）",
            "2026 年 12 月逾期未补报，证书暂停；补报核验通过后恢复",
            "/c/T-CMIF-2026-000001",
        ),
    ]
    shown = await certificate_register.public_certificate(NUMBER)
    assert (shown.state, shown.state_words, shown.alive) == ("suspended", "暂停", True)
    assert [(month.month, month.words) for month in shown.months] == [("2026-12", "未提报")]
    assert [words for _, words in shown.history] == [
        "2026 年 12 月逾期未补报，证书暂停；补报核验通过后恢复",
        f"{NUMBER} 发证，A 级，有效期至 2027-11-27",
    ]
    old = await certificate_register.verify_pdf(world.ports, first)
    assert (old.outcome, old.revision) == ("historic", 1)
    assert "证书当前状态：暂停" in old.sentence
    newest, rendering = await certificate_register.pdf_of(world.ports, NUMBER)
    assert (rendering.revision, (await certificate_register.verify_pdf(world.ports, newest)).outcome) == (3, "current")
    assert (await certificate_register.pdf_of(world.ports, NUMBER, 1))[0] == first


async def test_the_public_year_has_every_month_that_is_due_and_what_came_of_it(world: World) -> None:
    row = await issued(world)
    missed = life.MissMonth(on=date(2026, 12, 26), month=Month(2026, 12), make_up_until=date(2026, 12, 30))
    for event in (
        missed,
        life.MakeUpMissed(on=date(2026, 12, 31), month=Month(2026, 12)),
        life.MakeUpPassed(on=date(2027, 1, 4), month=Month(2026, 12), filed_on=date(2027, 1, 4)),
        life.ContinueMonth(on=date(2027, 1, 5), month=Month(2027, 1), filed_on=date(2027, 1, 5)),
    ):
        assert isinstance(await certificates.apply_event(world.ports, row, event, actor="system"), life.Step)
    await MonthlyFiling.create(
        ref="sample", certificate_id=row.id, enterprise_id=row.enterprise_id, month="2027-02",
        closes_on=date(2027, 2, 25), state="open", opened_at=world.clock.now(),
    )  # fmt: skip
    year = (await certificate_register.public_certificate(NUMBER)).year
    # Issued on the 28th, after the window's last day: the twelfth month closes within the term.
    assert [month.month for month in year] == ["2026-12", *(f"2027-{number:02d}" for number in range(1, 12))]
    assert [month.words for month in year] == ["逾期补报", "按时合规", "提报中", *["未到"] * 9]
    await MonthlyFiling.all().delete()
    ended = life.Cancel(on=date(2027, 2, 2), ground="9.5.2(1)", asked_by_firm=True)
    assert isinstance(await certificates.apply_event(world.ports, row, ended, actor="system"), life.Step)
    year = (await certificate_register.public_certificate(NUMBER)).year
    assert [month.words for month in year] == ["逾期补报", "按时合规"]


async def test_an_event_out_of_place_changes_nothing_and_says_why(world: World) -> None:
    row = await issued(world)
    answer = await certificates.apply_event(world.ports, row, life.PrintMended(on=date(2026, 11, 28)), actor="system")
    assert isinstance(answer, Finding)
    assert "没有待整改的印刷条件" in answer.reason
    await row.refresh_from_db()
    assert (row.version, row.revision, await Rendering.all().count()) == (0, 1, 1)


async def test_a_revocation_case_comes_to_the_desk_and_its_decision_bars_the_firm(world: World) -> None:
    row = await issued(world)
    opened = life.OpenCase(on=date(2026, 11, 28), ground="9.5.1(1)", by=Actor.OPERATOR)
    await certificates.apply_event(world.ports, row, opened, actor="person:1")
    item = await DeskItem.get(kind=certificate_effects.REVOCATION)
    assert (item.clause, item.detail["ground"]) == ("9.5.1(1)", "9.5.1(1)")
    revoke = life.Revoke(on=date(2026, 11, 28), ground="9.5.1(1)", reason="资料系伪造", decided_by="样例运营员")
    await certificates.apply_event(world.ports, row, revoke, actor="person:1")
    assert (row.state, row.due_at) == ("revoked", None)
    assert (await Enterprise.get(id=row.enterprise_id)).barred_through == date(2027, 11, 27)
    shown = await certificate_register.public_certificate(NUMBER)
    assert shown.state_words == "失效（撤销）"
    assert "理由：资料系伪造" in shown.history[0][1]


async def test_points_stand_on_the_certificate_anew(world: World) -> None:
    row = await issued(world)
    for points in (2, 2):
        async with transaction():
            await certificate_effects.show_points(world.ports, row, points, actor="system")
    await world.work()
    newest = await Rendering.filter(certificate_id=row.id).order_by("-revision").first()
    assert (newest.revision, dict(newest.face["fields"])["累计资信加分值"]) == (2, "2 分")


async def test_a_certificate_ends_after_its_last_day_and_not_before(world: World) -> None:
    row = await issued(world)
    world.clock.advance(row.due_at - world.clock.now() - timedelta(seconds=1))
    await certificates.end_term(world.ports, row)
    assert row.state == "active"
    world.clock.advance(seconds=1)
    await certificates.end_term(world.ports, row)
    await certificates.end_term(world.ports, row)
    assert (row.state, row.due_at) == ("expired", None)
    assert "登记为注销" in (await certificate_register.public_certificate(NUMBER)).history[0][1]


async def test_the_life_that_is_stored_is_the_life_that_was_lived(world: World, database: Database) -> None:
    row = await issued(world)
    event = life.ContinueMonth(on=date(2026, 12, 3), month=Month(2026, 12), filed_on=date(2026, 12, 2))
    world.clock.advance(days=5)
    step = await certificates.apply_event(world.ports, row, event, actor="system")
    assert life_from_json((await Certificate.get(id=row.id)).life) == step.certificate
    assert (await certificate_register.public_certificate(NUMBER)).continued_through == "2026-12"
    assert await Event.filter(action="certificate:continue_month").count() == 1


# --- looking and checking --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["T-CMIF-2026-000001", NUMBER, "t/cmif-2026-000001", "Ｔ／ＣＭＩＦ－2026－000001"])
async def test_a_number_is_found_however_it_is_written(world: World, written: str) -> None:
    await issued(world)
    assert (await certificate_register.public_certificate(written)).number == NUMBER


@pytest.mark.parametrize("written", ["T-CMIF-2026-000002", "", "x" * 1000, "T-CMIF-2026-00000１' OR 1", "%00"])
async def test_what_is_no_number_of_ours_is_not_found(world: World, written: str) -> None:
    await issued(world)
    refusal = await refused(certificate_register.public_certificate(written), "certificate_unknown")
    assert refusal.clause == "7.6"


async def test_a_changed_file_is_altered_and_a_strangers_is_not_ours(world: World) -> None:
    await issued(world)
    pdf, _ = await certificate_register.pdf_of(world.ports, NUMBER)
    changed = pdf.replace(b"\nsigned ", b" \nsigned ")
    altered = await certificate_register.verify_pdf(world.ports, changed)
    assert (altered.outcome, altered.certificate.number) == ("altered", NUMBER)
    assert f"平台对证书 {NUMBER} 的签名" in altered.sentence
    again = await world.ports.certifier.sign(pdf.partition(b"\nsigned ")[0], NUMBER, 1)
    assert (await certificate_register.verify_pdf(world.ports, again)).outcome == "unknown"
    assert (await certificate_register.verify_pdf(world.ports, b"%PDF-1.7 a bill")).outcome == "not_ours"
    assert (await certificate_register.verify_pdf(world.ports, b"\x89PNG")).outcome == "not_ours"


@pytest.mark.skipif(not FONTS.is_dir(), reason="fonts-noto-cjk is not installed")
async def test_the_real_file_of_a_real_certificate_is_current_and_altered_with_one_byte(
    world: World, tmp_path: Path
) -> None:
    certifier = TypstCertifier(CertificateSettings.model_validate({}), sample_key(tmp_path))
    world.ports = replace(world.ports, certifier=certifier)
    try:
        await issued(world, facts_of_a(certificate_print=Outcome.FAIL), name="样例𠮷㐂龘电缆有限公司")
        pdf, rendering = await certificate_register.pdf_of(world.ports, NUMBER)
        assert (await certificate_register.verify_pdf(world.ports, pdf)).outcome == "current"
        changed = bytearray(pdf)
        changed[len(pdf) // 2] ^= 1
        altered = await certificate_register.verify_pdf(world.ports, bytes(changed))
    finally:
        await certifier.aclose()
    assert altered.outcome == "altered"
    assert (altered.certificate.number, altered.revision) == (NUMBER, 1)
    assert altered.sentence.startswith(f"文件已被改动：它带有平台对证书 {NUMBER} 的签名")
    assert rendering.face["seal_note"] == certificate_effects.SAMPLE_SEAL_NOTE
    assert (await certificate_register.png_of(world.ports, NUMBER)).startswith(b"\x89PNG")
