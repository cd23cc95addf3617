"""Anybody asks for firms (7.6): who is found, with which certificate, and what of a firm is public (8.3)."""

import asyncio
from datetime import date
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import cli
from gateways.firm_index import TableFirmIndex
from models import Certificate, Enterprise, FirmName
from models.database import open_database
from models.transactions import transaction
from tests import rows
from tests.workflow.world import World
from workflow.certifying.queries import CertificateLine, FirmHit, find_firms, firm_page
from workflow.problems import Kind, Refused

NAME = "上海样例电缆有限公司"
USCC = "91310000MA1FL00007"


async def public_firm(world: World, name: str = NAME, **given: Any) -> Enterprise:
    """A firm with a published result, as publishing one leaves it."""
    firm = await rows.enterprise(name=name, **given)
    application = await rows.application(enterprise_id=firm.id, state="certified")
    async with transaction():
        await rows.publication(application_id=application.id, state="confirmed")
        await world.ports.firms.record(firm.id)
    return firm


async def certified(firm: Enterprise, number: str, **given: Any) -> Certificate:
    return await rows.certificate(enterprise_id=firm.id, number=number, **given)


async def names(world: World, text: str) -> list[str]:
    return [hit.name for hit in (await find_firms(world.ports, text))[0]]


async def test_a_firm_is_told_with_the_certificate_it_may_show(world: World) -> None:
    firm = await public_firm(world, uscc=USCC)
    await certified(firm, "T/CMIF-2026-000001", state="superseded", grade="B")
    await certified(firm, "T/CMIF-2026-000002", state="active", grade="AA")
    await certified(firm, "T/CMIF-2026-000003", state="cancelled", grade="AAA")
    shown = CertificateLine("T/CMIF-2026-000002", "AA", "active", "正常", date(2026, 11, 24), date(2027, 11, 23))
    assert await find_firms(world.ports, "样例电缆") == ([FirmHit(firm.id, USCC, NAME, True, shown)], None)
    await Certificate.filter(number=shown.number).update(state="expired")
    (hit,), _ = await find_firms(world.ports, USCC)
    assert hit.certificate is not None
    assert (hit.certificate.number, hit.certificate.state_words) == ("T/CMIF-2026-000003", "注销")


async def test_a_firm_whose_result_is_public_is_found_before_it_has_a_certificate(world: World) -> None:
    firm = await public_firm(world)
    assert await find_firms(world.ports, "yangli") == ([FirmHit(firm.id, firm.uscc, NAME, True, None)], None)


async def test_a_firm_that_has_nothing_public_is_not_found_in_any_way(world: World) -> None:
    firm = await rows.enterprise(name=NAME, uscc=USCC)
    await rows.application(enterprise_id=firm.id, state="verifying")
    async with transaction():
        await world.ports.firms.renamed(firm.id)
    for text in (NAME, "样例", "yangli", USCC, USCC[:8]):
        assert await find_firms(world.ports, text) == ([], None)
    with pytest.raises(Refused) as unknown:
        await firm_page("91310000MA1FL0000X")
    with pytest.raises(Refused) as private:
        await firm_page(USCC)
    assert (unknown.value.kind, unknown.value.args) == (private.value.kind, private.value.args)
    assert private.value.kind is Kind.NOT_FOUND


@pytest.mark.parametrize(
    "text",
    [
        "T/CMIF-2026-000007", "t/cmif-2026-000007", "Ｔ／ＣＭＩＦ－２０２６－０００００７", " T/CMIF—2026—000007 ",
        "T-CMIF-2026-000007",
    ],
)  # fmt: skip
async def test_a_certificate_number_leads_to_its_holder(world: World, text: str) -> None:
    await public_firm(world, "宁波样例阀门有限公司")
    firm = await public_firm(world)
    await certified(firm, "T/CMIF-2026-000007")
    (hit,), following = await find_firms(world.ports, text)
    assert (hit.enterprise_id, following) == (firm.id, None)


async def test_the_number_of_no_certificate_finds_no_firm(world: World) -> None:
    await certified(await public_firm(world), "T/CMIF-2026-000007")
    assert await find_firms(world.ports, "T/CMIF-2026-000008") == ([], None)


async def test_pages_follow_one_another(world: World) -> None:
    wanted = [(await public_firm(world, f"样例{place}有限公司")).name for place in "甲乙丙丁戊"]
    found: list[str] = []
    after = None
    for expected in (2, 2, 1):
        hits, after = await find_firms(world.ports, "样例", limit=2, after=after)
        found += [hit.name for hit in hits]
        assert len(hits) == expected
    assert after is None
    assert sorted(found) == sorted(wanted)


async def test_the_limit_is_kept_within_reason(world: World) -> None:
    await public_firm(world)
    assert len((await find_firms(world.ports, "样例", limit=-5))[0]) == 1
    assert len((await find_firms(world.ports, "样例", limit=10**9))[0]) == 1


@pytest.mark.parametrize("cursor", ["", "x", "an1.1.AAAA", "'; --", "\x00"])
async def test_a_made_up_cursor_is_refused_in_words(world: World, cursor: str) -> None:
    await public_firm(world)
    with pytest.raises(Refused) as refused:
        await find_firms(world.ports, "样例", after=cursor)
    assert (refused.value.kind, refused.value.code, refused.value.field) == (Kind.INVALID, "cursor_invalid", "after")


@pytest.mark.parametrize("text", ["", "\x00", "🧨" * 3000, "%' OR 1=1 --", "\ud800T/CMIF", "9" * 10_000])
async def test_hostile_text_finds_nothing_and_harms_nothing(world: World, text: str) -> None:
    await public_firm(world)
    assert await find_firms(world.ports, text) == ([], None)
    with pytest.raises(Refused):
        await firm_page(text)
    assert await names(world, "样例") == [NAME]


async def test_the_page_of_a_firm_tells_what_is_public_the_newest_first(world: World) -> None:
    firm = await public_firm(world, uscc=USCC)
    await certified(firm, "T/CMIF-2026-000001", state="superseded")
    await certified(firm, "T/CMIF-2026-000002", state="warned")
    second = await rows.application(enterprise_id=firm.id, state="publicity")
    running = await rows.publication(application_id=second.id)
    await certified(await public_firm(world, "宁波样例阀门有限公司"), "T/CMIF-2026-000003")
    page = await firm_page(f" {USCC.lower()} ")
    assert (page.uscc, page.name, page.is_sample) == (USCC, NAME, True)
    assert page.certificate is not None
    assert page.certificate.number == "T/CMIF-2026-000002"
    assert [one.number for one in page.certificates] == ["T/CMIF-2026-000002", "T/CMIF-2026-000001"]
    assert [one.state for one in page.publications] == ["running", "confirmed"]
    assert page.publications[0].ref == running.ref


async def test_the_index_made_anew_holds_every_public_firm_and_no_other(world: World) -> None:
    published = await public_firm(world, "上海样例电缆有限公司")
    holder = await rows.enterprise(name="宁波样例阀门有限公司")
    await certified(holder, "T/CMIF-2026-000001")
    await rows.enterprise(name="苏州样例开关有限公司")
    await FirmName.filter(enterprise_id=published.id).update(folded="坏了", readings="huai le")
    index = TableFirmIndex()
    assert await index.reindex() == 2
    assert sorted(await names(world, "样例")) == ["上海样例电缆有限公司", "宁波样例阀门有限公司"]
    assert await names(world, "huaile") == []


async def _with_one_public_firm(url: str) -> None:
    async with open_database(url, migrate=False):
        firm = await rows.enterprise(name=NAME)
        await rows.publication(application_id=(await rows.application(enterprise_id=firm.id)).id)


async def test_the_command_says_how_many_firms_it_took_in(migrated_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHUISU_DATABASE_URL", migrated_url)
    await _with_one_public_firm(migrated_url)
    answer = await asyncio.to_thread(CliRunner().invoke, cli, ["reindex-firms"])
    assert answer.exit_code == 0
    async with open_database(migrated_url, migrate=False):
        firms = await FirmName.all().count()
    assert firms >= 1
    assert answer.stdout == f"已收入 {firms} 家有公开结果或证书的企业。\n"
