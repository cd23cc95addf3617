"""A customer's adoption from its filing to its point: judged by its papers and by who stands behind it (8.2, 8.5)."""

import asyncio
from datetime import date, datetime, timedelta

import pytest

from config.clock import SHANGHAI
from jobs.handlers import HANDLERS
from models import (
    Adoption,
    AdoptionFile,
    AdoptionState,
    AdoptionWay,
    Certificate,
    CreditEntry,
    DeskItem,
    Event,
    Filer,
    InboxEntry,
    Job,
    PlatformRole,
    RegistrationState,
    Staff,
    StaffRole,
)
from tests import rows
from tests.workflow import filed
from tests.workflow.adopting import CUSTOMER, CUSTOMER_USCC, NUMBER, Adopting, adopting, award, reasons, tender
from tests.workflow.graded import member
from tests.workflow.living import living
from tests.workflow.test_publicity import refused
from tests.workflow.world import World
from workflow import decisions, due
from workflow.access import Asker
from workflow.certifying.credit_ledger import ledger_of, points_of
from workflow.credit import adoption_judging, adoptions
from workflow.firms import members
from workflow.problems import Refused


@pytest.fixture
async def case(world: World) -> Adopting:
    return await adopting(world)


async def points(case: Adopting) -> int:
    return sum(entry.points for entry in await ledger_of(case.supplier.firm.id))


async def operator(world: World) -> Asker:
    person = await rows.person()
    await members.grant(world.ports, person.id, PlatformRole.OPERATOR, by="system")
    return Asker(person.id)


# --- judged ----------------------------------------------------------------------------------------------------------


async def test_a_verified_customers_record_with_its_papers_scores_one_point(case: Adopting) -> None:
    made = await case.file()
    assert (made.state, made.customer_id) == (AdoptionState.VALID, case.customer.id), made.findings
    (entry,) = await CreditEntry.filter(enterprise_id=case.supplier.firm.id)
    assert (entry.points, entry.adoption_id) == (1, made.id)
    assert (await Certificate.get(id=case.supplier.certificate.id)).points == 1
    told = {entry.title for entry in await InboxEntry.filter(person_id=case.buyer.person_id)}
    assert f"招标采信记录 {NUMBER}：已核实" in told


async def test_who_files_at_night_hears_at_once_what_came_of_it(case: Adopting) -> None:
    await rows.identity(person_id=case.buyer.person_id, subscribed=True)
    night = datetime(2026, 11, 24, 23, 0, tzinfo=SHANGHAI)
    case.world.clock.advance(night - case.world.clock.now())
    await case.file()
    await case.world.settle()
    assert any(f"招标采信记录 {NUMBER}：已核实" in text for _, _, text in case.world.wechat.sent)


async def test_it_is_stored_before_it_is_judged_and_scores_nothing_until_then(case: Adopting) -> None:
    new = adoptions.NewAdoption(case.supplier.firm.uscc, NUMBER, "buyer", CUSTOMER, CUSTOMER_USCC, AdoptionWay.UPLOADED)
    made = await adoptions.file_adoption(case.world.ports, Filer.CUSTOMER, new, "key", asker=case.buyer)
    again = await adoptions.file_adoption(case.world.ports, Filer.CUSTOMER, new, "key", asker=case.buyer)
    assert (made.id, made.state) == (again.id, AdoptionState.CHECKING)
    await case.world.work()
    await made.refresh_from_db()
    assert (made.state, await points(case)) == (AdoptionState.CHECKING, 0)  # its files may be on their way
    case.world.clock.advance(adoptions.GRACE)
    await case.world.work()
    await made.refresh_from_db()
    assert made.state == AdoptionState.WAITING
    assert "请上传招标采购文件" in reasons(made, "unclear")
    for kind, data in (("tender_document", tender()), ("award_notice", award(case.supplier.firm.name))):
        file = await adoptions.add_file(case.world.ports, made, kind, "a.pdf", data)
        assert (await adoptions.add_file(case.world.ports, made, kind, "a.pdf", data)).id == file.id
    await case.world.work()
    await made.refresh_from_db()
    assert (made.state, await points(case)) == (AdoptionState.VALID, 1)


async def test_the_form_of_one_supplier_sent_again_for_another_of_the_same_tender_is_no_repetition(
    case: Adopting,
) -> None:
    other = await living(name="样例电气有限公司")

    def of(supplier: str) -> adoptions.NewAdoption:
        return adoptions.NewAdoption(supplier, NUMBER, "buyer", CUSTOMER, CUSTOMER_USCC, AdoptionWay.UPLOADED)

    one, two = of(case.supplier.firm.uscc), of(other.firm.uscc)
    await adoptions.file_adoption(case.world.ports, Filer.CUSTOMER, one, "key", asker=case.buyer)
    await refused(adoptions.file_adoption(case.world.ports, Filer.CUSTOMER, two, "key", asker=case.buyer), "key_reused")
    made = await adoptions.file_adoption(case.world.ports, Filer.CUSTOMER, two, "another", asker=case.buyer)
    assert made.supplier_id == other.firm.id


async def test_number_and_customer_are_one_line_each(case: Adopting) -> None:
    new = adoptions.NewAdoption(
        case.supplier.firm.uscc, "ZB-2026\n-001", "buyer", "某单位\n已核实", "", AdoptionWay.UPLOADED
    )
    made = await adoptions.file_adoption(case.world.ports, Filer.SUPPLIER, new, "key", asker=case.supplier.asker)
    assert (made.tender_number, made.customer_name) == ("ZB-2026 -001", "某单位 已核实")


async def test_the_job_that_runs_again_books_nothing_more(case: Adopting) -> None:
    made = await case.file()
    await Job.filter(kind=adoptions.JUDGE).update(done_at=None, lease=None, lease_until=None)
    case.world.clock.advance(adoptions.GRACE)
    for job in await case.world.ports.queue.claim(10, 60):
        await HANDLERS[job.kind](case.world.ports, job)
    await made.refresh_from_db()
    assert (made.state, await points(case), await Event.filter(action="adoption:decide").count()) == ("valid", 1, 1)


@pytest.mark.parametrize(
    ("files", "state", "reason"),
    [
        ({"tender_document": tender("ZB-2026-002")}, "refused", "招标编号是 ZB-2026-002"),
        ({"award_notice": award("样例电器有限公司")}, "refused", "中标企业是“样例电器有限公司”"),
        ({"tender_document": tender(asks="投标人须有营业执照")}, "waiting", "没有读到采信追溯能力评价结果的要求"),
        ({"tender_document": tender(customer="某单位")}, "waiting", "没有读到采购单位"),
        ({"award_notice": filed.document(f"函 招标编号：{NUMBER} {CUSTOMER} 样例电缆有限公司")}, "waiting", "不像中标"),
        ({"award_notice": award("样例电缆有限公司", legible=False, retake="请重新扫描")}, "waiting", "请重新扫描"),
    ],
)
async def test_papers_that_say_otherwise_score_nothing(
    case: Adopting, files: dict[str, bytes], state: str, reason: str
) -> None:
    good = {"tender_document": tender(), "award_notice": award(case.supplier.firm.name)}
    made = await case.file(files={**good, **files})
    assert (made.state, await points(case)) == (state, 0)
    assert reason in reasons(made, "fail" if state == "refused" else "unclear")


async def test_pages_that_came_as_photos_are_read_together(case: Adopting) -> None:
    made = await case.file(files={"award_notice": award(case.supplier.firm.name), "tender_document": tender(asks="")})
    assert made.state == AdoptionState.WAITING
    page = filed.document("供应商须提供追溯等级证明")
    await adoptions.add_file(case.world.ports, made, "tender_document", "p2.pdf", page)
    await case.world.work()
    await made.refresh_from_db()
    assert made.state == AdoptionState.VALID


async def test_an_unverified_customer_waits_and_goes_on_once_it_is_verified(case: Adopting) -> None:
    case.customer.verified_at = None
    await case.customer.save()
    made = await case.file()
    assert (made.state, await points(case)) == (AdoptionState.WAITING, 0)
    assert "须先在平台实名一次" in reasons(made, "unclear")
    assert await DeskItem.all().count() == 0
    case.customer.verified_at = case.world.clock.now()
    await case.customer.save()
    async with adoptions.transaction():
        await adoptions.customer_known(case.world.ports, case.customer)
    await case.world.work()
    await made.refresh_from_db()
    assert (made.state, await points(case)) == (AdoptionState.VALID, 1)


async def lapse(world: World) -> int:
    (line,) = [line for line in due.DUE if line.handler is adoption_judging.lapse]
    return await due.carry_out(world.ports, line)


async def test_what_its_filer_does_not_complete_is_closed_and_may_be_filed_anew(case: Adopting) -> None:
    case.customer.verified_at = None
    await case.customer.save()
    made = await case.file()
    assert adoptions.complete_through(made) == date(2027, 2, 24)
    told = await InboxEntry.get(person_id=case.buyer.person_id)
    assert "请在 2027-02-24 及以前补齐，逾期按不成立结案" in told.body
    case.world.clock.advance(datetime(2027, 2, 24, 23, 59, tzinfo=SHANGHAI) - case.world.clock.now())
    assert await lapse(case.world) == 0
    case.world.clock.advance(minutes=1)
    assert [await lapse(case.world) for _ in range(2)] == [1, 0]
    await made.refresh_from_db()
    assert (made.state, made.due_at, adoptions.complete_through(made)) == (AdoptionState.REFUSED, None, None)
    assert "2027-02-24 及以前没有补齐" in reasons(made, "fail")
    event = await Event.get(action="adoption:decide")
    assert (event.actor, event.before, event.after) == ("system", {"state": "waiting"}, {"state": "refused"})
    assert await InboxEntry.filter(person_id=case.buyer.person_id).count() == 2
    assert (await case.file()).state == AdoptionState.WAITING


async def test_a_paper_that_comes_gives_new_time_and_what_waits_for_an_operator_does_not_lapse(case: Adopting) -> None:
    made = await case.file(files={"award_notice": award("样例电缆有限公司"), "tender_document": tender(legible=False)})
    assert adoptions.complete_through(made) == date(2027, 2, 24)
    case.world.clock.advance(days=30)
    await adoptions.add_file(case.world.ports, made, "tender_document", "2.pdf", tender(legible=False, retake="再拍"))
    await case.world.work()
    await made.refresh_from_db()
    assert adoptions.complete_through(made) == date(2027, 3, 24)
    await adoptions.add_file(case.world.ports, made, "tender_document", "3.pdf", tender(asks=""))
    await case.world.work()
    await made.refresh_from_db()
    assert (made.state, made.due_at) == (AdoptionState.WAITING, None)
    assert await DeskItem.filter(kind=adoption_judging.ADOPTION).exists()
    case.world.clock.advance(days=365)
    assert await lapse(case.world) == 0


async def test_a_record_that_is_being_checked_when_its_customer_is_verified_is_looked_at_once_more(
    case: Adopting,
) -> None:
    case.customer.verified_at = None
    await case.customer.save()
    made = await case.file()
    # As it stands while the job that is about to have it wait runs.
    due = case.world.clock.now() + timedelta(days=1)
    await Adoption.filter(id=made.id).update(state=AdoptionState.CHECKING, due_at=due)
    case.customer.verified_at = case.world.clock.now()
    await case.customer.save()
    for _ in range(2):
        async with adoptions.transaction():
            await adoptions.customer_known(case.world.ports, case.customer)
    await made.refresh_from_db()
    assert (made.state, made.due_at) == (AdoptionState.CHECKING, due)
    await case.world.work()
    await made.refresh_from_db()
    assert (made.state, await points(case)) == (AdoptionState.VALID, 1)


async def test_a_stranger_cannot_speak_for_a_customer_and_is_not_told_whether_it_is_registered(case: Adopting) -> None:
    stranger = Asker((await rows.person()).id)
    made = await case.file(asker=stranger)
    other = await case.file("ZB-2", asker=stranger, customer_uscc="91310000MA0000015F")
    assert (made.state, other.state, made.customer_id) == ("waiting", "waiting", None)
    assert reasons(made, "unclear") == reasons(other, "unclear")


@pytest.mark.parametrize("relation", ["member", "legal_representative"])
async def test_related_firms_are_refused_with_the_reason(case: Adopting, relation: str) -> None:
    if relation == "member":
        await rows.staff(enterprise_id=case.customer.id, person_id=case.supplier.asker.person_id)
    else:
        for firm in (case.customer, case.supplier.firm):
            await rows.registration(
                enterprise_id=firm.id, state=RegistrationState.VERIFIED, legal_representative="样例人",
                person_id=(await rows.person()).id, key=f"k{firm.id}",
            )  # fmt: skip
    made = await case.file()
    assert (made.state, await points(case)) == (AdoptionState.REFUSED, 0)
    assert "属关联企业" in reasons(made, "fail")


# --- other ways ------------------------------------------------------------------------------------------------------


async def test_the_suppliers_own_record_rests_on_the_customers_seal(case: Adopting) -> None:
    made = await case.file(by=Filer.SUPPLIER)
    assert (made.state, await points(case)) == (AdoptionState.VALID, 1), made.findings
    assert await InboxEntry.filter(person_id=case.buyer.person_id, title="供应商登记了贵单位的采信记录").exists()
    unsealed = {
        "tender_document": tender("ZB-2"),
        "award_notice": award("样例电缆有限公司", "ZB-2", seal="seal_not_seen"),
    }
    unsure = await case.file("ZB-2", by=Filer.SUPPLIER, files=unsealed)
    assert (unsure.state, await points(case)) == (AdoptionState.WAITING, 1)
    item = await DeskItem.get(kind=adoption_judging.ADOPTION)
    assert "没有看清采购方的印章" in item.detail["text"]


async def test_a_result_obtained_from_the_platform_and_put_on_record_scores(case: Adopting) -> None:
    confirmation = await rows.confirmation(certificate_id=case.supplier.certificate.id, person_id=case.buyer.person_id)
    made = await case.file(way=AdoptionWay.OBTAINED, confirmation_ref=confirmation.ref)
    assert (made.state, await points(case)) == (AdoptionState.VALID, 1), made.findings
    without = await case.file("ZB-2", way=AdoptionWay.OBTAINED)
    assert (without.state, await points(case)) == (AdoptionState.WAITING, 1)
    others = await rows.confirmation(certificate_id=case.supplier.certificate.id, person_id=(await rows.person()).id)
    await refused(case.file("ZB-3", way=AdoptionWay.OBTAINED, confirmation_ref=others.ref), "confirmation_unknown")


async def test_a_customers_own_system_speaks_for_it(case: Adopting) -> None:
    partner = await rows.partner(kind="customer", uscc="91310000MA0000015F", name="样例采购平台")
    made = await case.file(
        by=Filer.PARTNER, partner=partner, customer_uscc=partner.uscc, customer_name="样例采购平台",
        files={"tender_document": tender(customer="样例采购平台"),
               "award_notice": award("样例电缆有限公司", customer="样例采购平台", seal="seal_not_seen")},
    )  # fmt: skip
    assert (made.state, await points(case)) == (AdoptionState.VALID, 1), made.findings
    assert (await adoptions.adoption_of(made.ref, partner=partner)).id == made.id
    other = await rows.partner(kind="customer", name="别家")
    await refused(adoptions.adoption_of(made.ref, partner=other), "not_found")


# --- once ------------------------------------------------------------------------------------------------------------


async def test_one_tender_of_one_customer_stands_once(case: Adopting) -> None:
    await case.file()
    await refused(case.file(" ｚｂ－2026－001"), "adoption_known")
    await refused(case.file(by=Filer.SUPPLIER), "adoption_known")
    assert await Adoption.all().count() == 1


async def test_of_two_who_file_one_tender_at_once_one_has_filed_it(case: Adopting) -> None:
    new = adoptions.NewAdoption(case.supplier.firm.uscc, NUMBER, "buyer", CUSTOMER, CUSTOMER_USCC, AdoptionWay.UPLOADED)
    colleague = await member(case.customer)

    async def file(who: Asker, key: str) -> Adoption | Refused:
        try:
            return await adoptions.file_adoption(case.world.ports, Filer.CUSTOMER, new, key, asker=who)
        except Refused as problem:
            return problem

    first, again, other = await asyncio.gather(file(case.buyer, "a"), file(case.buyer, "a"), file(colleague, "b"))
    assert await Adoption.all().count() == 1
    codes = {one.code for one in (first, again, other) if isinstance(one, Refused)}
    assert codes == {"adoption_known"}
    assert await Job.filter(kind=adoptions.JUDGE).count() == 1


async def test_a_refused_record_may_be_filed_anew(case: Adopting) -> None:
    wrong = {"tender_document": tender(), "award_notice": award("样例电器有限公司")}
    assert (await case.file(files=wrong)).state == AdoptionState.REFUSED
    assert (await case.file()).state == AdoptionState.VALID


async def test_whoever_has_shown_less_gives_way_to_the_customer(case: Adopting) -> None:
    stranger = Asker((await rows.person()).id)
    guessed = await case.file(asker=stranger)
    made = await case.file()
    await guessed.refresh_from_db()
    assert (guessed.state, made.state) == (AdoptionState.REFUSED, AdoptionState.VALID)
    assert await InboxEntry.filter(person_id=stranger.person_id, title="招标采信记录：已有本人登记").exists()
    await refused(case.file(asker=stranger), "adoption_known")


async def test_one_notice_does_not_serve_two_tenders(case: Adopting) -> None:
    both = filed.document(
        f"中标通知书 招标编号：{NUMBER} 招标编号：ZB-2 中标人：样例电缆有限公司 招标人：{CUSTOMER}", seal_text=CUSTOMER
    )
    await case.file(files={"tender_document": tender(), "award_notice": both})
    second = await case.file("ZB-2", files={"tender_document": tender("ZB-2"), "award_notice": both})
    assert (second.state, await points(case)) == (AdoptionState.WAITING, 1)
    assert "已用于另一份采信记录" in reasons(second, "unclear")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"number": "  "}, "tender_number"),
        ({"number": "---"}, "tender_number"),
        ({"number": "ﷺ" * 20}, "tender_number"),  # folds to more than is stored
        ({"customer_name": ""}, "customer_name"),
        ({"customer_uscc": "91310000MA0000007X"}, "customer_uscc"),
        ({"tender_role": "bidder"}, "tender_role"),
        ({"supplier_uscc": "91310000MA0000015F"}, "supplier_unknown"),
        ({"customer_name": "样例电缆有限公司"}, "customer_is_supplier"),
    ],
)
async def test_what_cannot_be_right_is_refused_at_once(case: Adopting, given: dict[str, str], code: str) -> None:
    await refused(case.file(**given), code)


async def test_more_papers_than_a_record_holds_are_refused_before_anything_is_stored(case: Adopting) -> None:
    new = adoptions.NewAdoption(case.supplier.firm.uscc, NUMBER, "buyer", CUSTOMER, CUSTOMER_USCC, AdoptionWay.UPLOADED)
    papers = [adoptions.Paper("tender_document", f"{n}.pdf", tender(f"ZB-{n}")) for n in range(21)]
    filing = adoptions.file_with_papers(case.world.ports, Filer.CUSTOMER, new, "key", papers, asker=case.buyer)
    await refused(filing, "too_many_files")
    assert await Adoption.all().count() == 0


async def test_a_member_of_the_supplier_is_no_customer(case: Adopting) -> None:
    await refused(case.file(asker=case.supplier.asker), "file_as_supplier")


async def test_a_supplier_without_a_living_certificate_has_no_result_to_adopt(case: Adopting) -> None:
    await Certificate.all().update(state="expired")
    await refused(case.file(), "supplier_not_certified")


async def test_above_the_cap_a_record_is_kept_without_a_point(case: Adopting) -> None:
    for number in range(20):
        await rows.credit_entry(
            enterprise_id=case.supplier.firm.id, customer_folded="样例", tender_folded=str(number),
            at=case.world.clock.now(),
        )  # fmt: skip
    made = await case.file()
    assert (made.state, await points(case)) == (AdoptionState.VALID, 20)
    assert "达到上限 20 分" in (await CreditEntry.get(adoption_id=made.id)).reason


# --- who sees it -----------------------------------------------------------------------------------------------------


async def test_who_sees_a_record_and_who_its_papers(case: Adopting) -> None:
    made = await case.file()
    (file, _) = await AdoptionFile.filter(adoption_id=made.id).order_by("id")
    rival = await living(name="样例对手有限公司")
    colleague = await member(case.customer, StaffRole.VIEWER)
    ops = await operator(case.world)
    for asker, sees, reads in (
        (case.buyer, True, True),
        (colleague, True, False),
        (case.supplier.asker, True, False),
        (ops, True, True),
        (rival.asker, False, False),
    ):
        if sees:
            assert (await adoptions.adoption_of(made.ref, asker=asker)).id == made.id
        else:
            await refused(adoptions.adoption_of(made.ref, asker=asker), "not_found")
        reading = adoptions.file_bytes(case.world.ports, asker, made.ref, file.ref)
        if reads:
            assert (await reading)[0] == tender()
        else:
            await refused(reading, "not_found")
        shown = await adoptions.files_for(asker, made)
        assert [one.ref for one in shown if one.id == file.id] == ([file.ref] if reads else [])
    await refused(adoptions.adoption_to_add_to(case.supplier.asker, made.ref), "not_the_filer")


async def test_whoever_has_left_the_supplier_sees_no_more_of_what_they_filed_for_it(case: Adopting) -> None:
    made = await case.file(by=Filer.SUPPLIER)
    (file, _) = await AdoptionFile.filter(adoption_id=made.id).order_by("id")
    asker = case.supplier.asker
    assert [one.id for one in await adoptions.filed_by_person(asker)] == [made.id]
    await Staff.filter(person_id=asker.person_id).update(left_at=case.world.clock.now())
    await refused(adoptions.adoption_of(made.ref, asker=asker), "not_found")
    await refused(adoptions.file_bytes(case.world.ports, asker, made.ref, file.ref), "not_found")
    assert (await adoptions.may_add(asker, made), await adoptions.filed_by_person(asker)) == (False, [])


# --- an operator -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decision", "state", "scored"), [("accept", "valid", 1), ("refuse", "refused", 0), ("ask", "waiting", 0)]
)
async def test_an_operator_decides_what_the_papers_leave_open(
    case: Adopting, decision: str, state: str, scored: int
) -> None:
    made = await case.file(files={"tender_document": tender(asks=""), "award_notice": award("样例电缆有限公司")})
    item = await DeskItem.get(kind=adoption_judging.ADOPTION)
    ops = await operator(case.world)
    await decisions.decide(case.world.ports, ops, item.ref, decision, "第 3 页写明了要求")
    await made.refresh_from_db()
    assert (made.state, await points(case)) == (state, scored)
    assert "第 3 页写明了要求" in made.findings[0]["reason"]
    assert await InboxEntry.filter(person_id=case.buyer.person_id).count() == 1


async def test_a_record_that_waited_while_its_certificate_was_revoked_scores_nothing(case: Adopting) -> None:
    made = await case.file(files={"tender_document": tender(asks=""), "award_notice": award("样例电缆有限公司")})
    await Certificate.filter(id=made.certificate_id).update(state="revoked")
    item = await DeskItem.get(kind=adoption_judging.ADOPTION)
    await decisions.decide(case.world.ports, await operator(case.world), item.ref, "accept", "第 3 页写明了要求")
    await made.refresh_from_db()
    assert (made.state, await CreditEntry.all().count()) == (AdoptionState.REFUSED, 0)
    assert "所采信的证书已被撤销" in reasons(made, "fail")
    told = await InboxEntry.get(person_id=case.buyer.person_id)
    assert "所采信的证书已被撤销" in told.body


async def test_a_false_record_is_reversed_barred_published_and_its_case_opened(case: Adopting) -> None:
    made = await case.file(by=Filer.SUPPLIER)
    ops = await operator(case.world)
    await refused(adoption_judging.establish_false(case.world.ports, case.buyer, made.ref, "通知书系伪造"), "not_found")
    for _ in range(2):
        await adoption_judging.establish_false(case.world.ports, ops, made.ref, "通知书系伪造")
    await made.refresh_from_db()
    today = case.world.clock.now().date()
    stands = await points_of(case.supplier.firm.id, today)
    assert (made.state, stands.balance, stands.adoptions_12m) == (AdoptionState.FALSE, 0, 0)
    assert str(stands.barred_through) == "2027-11-23"
    public = await Event.get(action=adoption_judging.FALSE_RECORD)
    assert "“样例电缆有限公司”提交的招标采购记录" in public.after["text"]
    assert "扣除资信分值 1 分" in public.after["text"]
    assert CUSTOMER not in public.after["text"]
    (item,) = await DeskItem.filter(kind="revocation")
    assert (item.subject_kind, item.detail["ground"]) == ("certificate", "9.5.1(8)")
    barred = await case.file("ZB-2")
    assert (barred.state, await points(case)) == (AdoptionState.VALID, 0)
    second = await case.file("ZB-3", by=Filer.SUPPLIER)
    await adoption_judging.establish_false(case.world.ports, ops, second.ref, "通知书也系伪造")
    # A case is open already: what comes to the desk is no other certificate's case, and is noted.
    assert await DeskItem.filter(kind="revocation").count() == 1
    noted = await DeskItem.get(kind=adoption_judging.WITHOUT_CASE)
    assert [choice.id for choice in await decisions.choices(case.world.ports, noted)] == ["noted"]
    noted = await decisions.decide(case.world.ports, ops, noted.ref, "noted", "并入已立的案")
    assert noted.state == "decided"


async def test_a_false_record_of_a_firm_whose_certificate_is_over_is_noted(case: Adopting) -> None:
    made = await case.file(by=Filer.SUPPLIER)
    await Certificate.all().update(state="expired")
    ops = await operator(case.world)
    await adoption_judging.establish_false(case.world.ports, ops, made.ref, "通知书系伪造")
    item = await DeskItem.get(kind=adoption_judging.WITHOUT_CASE)
    assert item.detail["reason"] == "企业没有有效证书"
    assert decisions.decided(await decisions.decide(case.world.ports, ops, item.ref, "noted", "已查阅")) == "已处理"


async def test_what_the_customer_filed_falsely_is_taken_back_and_the_firm_neither_barred_nor_accused(
    case: Adopting,
) -> None:
    made = await case.file()
    ops = await operator(case.world)
    await adoption_judging.establish_false(case.world.ports, ops, made.ref, "采购方称并无此次招标")
    stands = await points_of(case.supplier.firm.id, case.world.clock.now().date())
    assert (stands.balance, stands.barred_through) == (0, None)
    public = await Event.get(action=adoption_judging.FALSE_RECORD)
    assert "由采购方登记的招标采购记录经查实为虚假" in public.after["text"]
    assert "提交" not in public.after["text"]
    assert not await DeskItem.all().exists()
    assert (await Certificate.get(id=case.supplier.certificate.id)).state == "active"
    assert await InboxEntry.filter(person_id=case.buyer.person_id, title__endswith="按虚假采信处理").exists()
    await case.file("ZB-2")
    assert await points(case) == 1


async def test_only_a_valid_record_is_found_false(case: Adopting) -> None:
    made = await case.file(files={})
    ops = await operator(case.world)
    await refused(adoption_judging.establish_false(case.world.ports, ops, made.ref, "通知书系伪造"), "not_valid")


async def test_a_record_that_nobody_judges_in_time_comes_to_the_desk(case: Adopting) -> None:
    made = await rows.adoption(supplier_id=case.supplier.firm.id, due_at=case.world.clock.now() + timedelta(days=1))
    case.world.clock.advance(days=2)
    await case.world.ports.queue.enqueue("due.sweep", "now", {}, due=case.world.clock.now())
    await case.world.work()
    item = await DeskItem.get(kind="overdue", subject_id=made.id)
    await decisions.decide(case.world.ports, await operator(case.world), item.ref, "retry", "已修复")
    await case.world.work()
    await made.refresh_from_db()
    assert made.state == AdoptionState.WAITING
