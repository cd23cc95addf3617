"""The ledger of points on a database: read as the rules know it, booked one by one (8.5; R16, R17, R45)."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from models import Certificate, CreditEntry, Enterprise, Event, InboxEntry, Rendering
from models.transactions import transaction
from standard import credit, life
from standard.credit import Booking
from standard.life import Actor
from standard.outcome import Finding, Outcome
from standard.profile import edition_on
from tests import rows
from tests.conftest import Database
from tests.workflow.graded import confirmed
from tests.workflow.living import Living, living
from tests.workflow.world import World
from workflow.certifying import certificates
from workflow.certifying.credit_ledger import Points, hold_ledger, ledger_of, points_of
from workflow.credit import credit_booking
from workflow.credit.credit_booking import book

TODAY = date(2026, 11, 24)


async def test_a_firm_without_entries_has_nothing(database: Database) -> None:
    firm = await rows.enterprise()
    assert await ledger_of(firm.id) == ()
    assert await points_of(firm.id, TODAY) == Points(0, 2026, 0, None, 0)


async def test_the_points_of_a_day_are_those_of_its_year_and_of_all(database: Database) -> None:
    firm = await rows.enterprise()
    tenders = {"a": datetime(2025, 11, 1, tzinfo=UTC), "b": datetime(2026, 2, 1, tzinfo=UTC)}
    for number, at in tenders.items():
        await rows.credit_entry(
            enterprise_id=firm.id, at=at, year=at.year, customer_folded="样例采购集团", tender_folded=number
        )
    await rows.credit_entry()  # another firm's
    assert [entry.tender for entry in await ledger_of(firm.id)] == [("样例采购集团", "a"), ("样例采购集团", "b")]
    assert await points_of(firm.id, TODAY) == Points(2, 2026, 1, None, 1)


async def test_a_false_record_bars_for_a_year_and_is_no_adoption(database: Database) -> None:
    firm = await rows.enterprise()
    of_tender = {"enterprise_id": firm.id, "customer_folded": "样例采购集团", "tender_folded": "a"}
    await rows.credit_entry(**of_tender)
    await rows.credit_entry(kind=credit.EntryKind.FALSE_RECORD, points=-1, **of_tender)
    assert await points_of(firm.id, TODAY) == Points(0, 2026, 0, date(2027, 11, 23), 0)


# --- booking ---------------------------------------------------------------------------------------------------------

UPLOADED = frozenset({"tender_document", "award_notice"})


async def adopt(world: World, one: Living, number: str) -> Booking | Finding:
    """One valid record, in a transaction of its own."""
    now = world.clock.now()
    record = credit.Adoption("样例采购集团", number, UPLOADED, Outcome.PASS, now)
    async with transaction():
        return await book(
            world.ports,
            one.firm.id,
            lambda ledger: credit.record_adoption(ledger, record, edition_on(TODAY)),
            actor="system",
            clause="8.5(2)",
            title="招标采信记录有效",
        )


async def test_a_booking_stands_in_ledger_event_certificate_and_inbox(world: World) -> None:
    one = await living()
    booking = await adopt(world, one, "ZB-1")
    assert isinstance(booking, Booking)
    assert await ledger_of(one.firm.id) == booking.ledger
    event = await Event.get(action="credit:adoption")
    assert (event.subject_id, event.after["points"], event.after["balance"]) == (one.firm.id, 1, 1)
    certificate = await Certificate.get(id=one.certificate.id)
    drawn = await Rendering.get(certificate_id=certificate.id, revision=certificate.revision)
    assert (certificate.points, dict(drawn.face["fields"])["累计资信加分值"]) == (1, "1 分")
    told = await InboxEntry.get(enterprise_id=one.firm.id, clause="8.5(2)")
    assert told.path == f"/my/firms/{one.firm.uscc}/credit"
    assert "现有资信分值 1 分" in told.body


async def test_a_certificate_issued_while_a_booking_waits_shows_its_points_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, fresh = await living(), await living(name="样例换证有限公司")

    async def others_first(enterprise_id: int) -> Enterprise:
        await Certificate.filter(id=fresh.certificate.id).update(enterprise_id=enterprise_id)
        return await hold_ledger(enterprise_id)

    monkeypatch.setattr(credit_booking, "hold_ledger", others_first)
    await adopt(world, one, "ZB-1")
    assert [row.points for row in await Certificate.filter(enterprise_id=one.firm.id)] == [1, 1]


async def test_what_is_none_books_nothing(world: World) -> None:
    one = await living()
    await adopt(world, one, "ZB-1")
    again = await adopt(world, one, "zb-1")
    assert isinstance(again, Finding)
    assert await CreditEntry.all().count() == await Event.filter(action="credit:adoption").count() == 1


async def test_thirty_at_once_make_twenty_points_and_ten_records_without(world: World) -> None:
    one = await living()
    await asyncio.gather(*(adopt(world, one, f"ZB-{n}") for n in range(30)))
    points = await points_of(one.firm.id, TODAY)
    assert (points.balance, points.of_year, points.adoptions_12m) == (20, 20, 30)
    assert sorted(entry.points for entry in await ledger_of(one.firm.id)) == [0] * 10 + [1] * 20
    assert (await Certificate.get(id=one.certificate.id)).points == 20


async def test_a_revocation_clears_the_points_and_shows_none(world: World) -> None:
    one = await living()
    for number in ("ZB-1", "ZB-2"):
        await adopt(world, one, number)
    await one.certificate.refresh_from_db()
    for event in (
        life.OpenCase(on=TODAY, ground="9.5.1(1)", by=Actor.OPERATOR),
        life.Revoke(on=TODAY, ground="9.5.1(1)", reason="资料系伪造", decided_by="样例运营员"),
    ):
        step = await certificates.apply_event(world.ports, one.certificate, event, actor="person:1")
        assert isinstance(step, life.Step)
    entries = await ledger_of(one.firm.id)
    assert [entry.points for entry in entries] == [1, 1, -2]
    assert "资料系伪造" in entries[-1].reason
    certificate = await Certificate.get(id=one.certificate.id)
    drawn = await Rendering.get(certificate_id=certificate.id, revision=certificate.revision)
    assert (certificate.state, certificate.points, one.certificate.points) == ("revoked", 0, 0)
    assert dict(drawn.face["fields"])["累计资信加分值"] == "0 分"


async def test_the_revocation_of_an_old_certificate_clears_what_the_new_one_shows(world: World) -> None:
    one = await living()
    await adopt(world, one, "ZB-1")
    await one.certificate.refresh_from_db()
    opened = life.OpenCase(on=TODAY, ground="9.5.1(1)", by=Actor.OPERATOR)
    await certificates.apply_event(world.ports, one.certificate, opened, actor="person:1")
    await Certificate.filter(id=one.certificate.id).update(state="expired")
    plain = {**one.certificate.life, "state": "expired"}
    await Certificate.filter(id=one.certificate.id).update(life=plain)
    fresh = await living(name="样例换证有限公司")
    await Certificate.filter(id=fresh.certificate.id).update(enterprise_id=one.firm.id, points=1)
    revoke = life.Revoke(on=TODAY, ground="9.5.1(1)", reason="资料系伪造", decided_by="样例运营员")
    assert isinstance(await certificates.apply_event(world.ports, one.certificate, revoke, actor="person:1"), life.Step)
    assert (await Certificate.get(id=fresh.certificate.id)).points == 0


async def test_a_new_certificate_shows_the_points_that_the_firm_has(world: World) -> None:
    application = await confirmed(world)
    await rows.credit_entry(enterprise_id=application.enterprise_id, points=3)
    await world.work()
    assert (await Certificate.get(application_id=application.id)).points == 3
