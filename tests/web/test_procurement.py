"""Pages for whoever buys: comparing, watching, a confirmation, an adoption put on record."""

import re
from html import escape

import pytest

from models import Adoption, Certificate, Confirmation, StaffRole, Watch
from models.transactions import transaction
from tests import rows
from tests.web.conftest import Browser
from tests.workflow.firms import member
from tests.workflow.living import Living, living
from tests.workflow.world import World

BUYER = "91310000MA0000007L"
PDF = b"%PDF-1.7 sample"


async def supplier(world: World, name: str, **given: str) -> Living:
    one = await living(name=name, **given)  # type: ignore[arg-type]
    async with transaction():
        await world.ports.firms.record(one.firm.id)
    return one


async def test_firms_are_compared_live_by_anybody(world: World, stranger: Browser) -> None:
    cable = await supplier(world, "样例电缆有限公司", grade="AA")
    valve = await supplier(world, "样例阀门厂", grade="B")
    assert "加入一家企业" in await stranger.get("/compare")
    assert await stranger.get("/compare?add=阀门", 303) == f"/compare?f={valve.firm.uscc}"
    both = f"/compare?f={valve.firm.uscc}&f={cable.firm.uscc}"
    page = await stranger.get(both)
    assert page.index("样例阀门厂") < page.index("样例电缆有限公司")
    assert page.count("未达入围条件") == 1
    await Certificate.filter(id=cable.certificate.id).update(state="suspended")
    assert (await stranger.get(both)).count("未达入围条件") == 2
    listed = await stranger.get(f"/compare?f={'0' * 18}&add=样例")
    assert "1 家没有列出" in listed
    assert f"/compare?f={cable.firm.uscc}" in listed
    await stranger.get("/compare?f=%3Cscript%3E,x")


LONG = "0" * 500


@pytest.mark.parametrize(
    ("page", "status"),
    [
        (f"/compare?f={LONG}", 200),
        (f"/f/{LONG}", 404),
        (f"/f/{LONG}/feedback", 404),
        (f"/publicity/{LONG}", 404),
        (f"/reports/{LONG}", 404),
        (f"/my/firms/{LONG}/credit", 404),
        (f"/my/suppliers/{LONG}", 404),
        (f"/my/adoptions/new?supplier={LONG}", 404),
        (f"/my/adoptions/{LONG}", 404),
        (f"/my/adoptions/x/files/{LONG}", 404),
        (f"/my/confirmations/{LONG}", 404),
    ],
)
async def test_what_is_longer_than_any_number_of_ours_is_not_there(outsider: Browser, page: str, status: int) -> None:
    await outsider.get(page, status)


async def test_a_supplier_is_watched_and_no_more(world: World, stranger: Browser, outsider: Browser) -> None:
    one = await supplier(world, "样例电缆有限公司")
    page = f"/my/suppliers/{one.firm.uscc}"
    assert "/signin" in await stranger.get(page, 303)
    assert f'href="{page}"' in await stranger.get(f"/f/{one.firm.uscc}")
    assert f'href="{page}"' in await stranger.get("/c/T-CMIF-2026-000001")
    assert await outsider.send(page, f"{page}/watch") == page
    assert "您正在关注" in await outsider.get(page)
    assert "样例电缆有限公司" in await outsider.get("/my/watches")
    await outsider.send(page, f"{page}/watch")
    assert await Watch.filter(ended_at=None).count() == 0


async def test_a_confirmation_is_its_askers_alone(world: World, outsider: Browser, owner: Browser) -> None:
    one = await supplier(world, "样例电缆有限公司")
    page = await outsider.send(f"/my/suppliers/{one.firm.uscc}", f"/my/suppliers/{one.firm.uscc}/confirmation")
    assert "正在签署" in await outsider.get(page)
    await world.work()
    shown = await outsider.get(page)
    assert "已签署" in shown
    pdf = re.search(r'href="([^"]+confirmation\.pdf)"', shown)
    assert pdf is not None
    assert (await outsider.get(pdf[1])).startswith("%PDF-")
    for path in (page, pdf[1]):
        await owner.get(path, 404)
    assert await Confirmation.all().count() == 1


async def test_a_customer_puts_its_adoption_on_record(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    one = await supplier(world, "样例电缆有限公司")
    firm = await rows.enterprise(uscc=BUYER, name="样例采购集团", verified_at=rows.NOW)
    buyer: Browser = await browser_of(await member(world, firm, StaffRole.STAFF))
    page, action = f"/my/adoptions/new?supplier={one.firm.uscc}", "/my/adoptions/new"
    assert 'value="样例采购集团"' in await buyer.get(page)
    said = {"tender_number": "ZB-1", "tender_role": "buyer", "customer_name": "样例采购集团", "customer_uscc": BUYER}
    assert "请选择招标采购文件" in await buyer.send(page, action, 422, **said, way="uploaded")
    assert "请勾选确认" in await buyer.send(page, action, 422, **said, way="obtained")
    files = {"tender_document": ("a.pdf", PDF + b"1"), "award_notice": ("b.pdf", PDF + b"2")}
    await buyer.send(page, action, **said, way="uploaded", **files)
    await buyer.send(page, action, **{**said, "tender_number": "ZB-2"}, way="obtained", sure="1")
    first, second = await Adoption.all().order_by("id").prefetch_related("files")
    assert (first.way, len(first.files), first.confirmation_id) == ("uploaded", 2, None)
    assert second.confirmation_id is not None
    assert "ZB-2" in await buyer.get("/my/watches")


async def test_an_adoption_begun_from_a_comparison_leads_back_to_it(world: World, browser_of) -> None:  # type: ignore[no-untyped-def]
    cable, valve = await supplier(world, "样例电缆有限公司"), await supplier(world, "样例阀门厂")
    await Certificate.filter(id=valve.certificate.id).update(state="revoked")
    firm = await rows.enterprise(uscc=BUYER, name="样例采购集团", verified_at=rows.NOW)
    buyer: Browser = await browser_of(await member(world, firm, StaffRole.STAFF))
    basket = f"/compare?f={cable.firm.uscc},{valve.firm.uscc}"
    page = await buyer.get(basket)
    begun = f"/my/adoptions/new?supplier={cable.firm.uscc}&f={cable.firm.uscc},{valve.firm.uscc}"
    assert f'href="{escape(begun)}"' in page
    assert f"supplier={valve.firm.uscc}" not in page  # there is nothing left to be adopted
    back = f'<a href="{basket}">回到对比（2 家）</a>'
    assert back in await buyer.get(begun)
    said = {"tender_number": "ZB-3", "tender_role": "buyer", "customer_name": "样例采购集团", "customer_uscc": BUYER}
    carried = {**said, "f": f"{cable.firm.uscc},{valve.firm.uscc}", "way": "obtained"}
    assert back in await buyer.send(begun, "/my/adoptions/new", 422, **carried)
    filed = await buyer.send(begun, "/my/adoptions/new", **carried, sure="1")
    assert back in await buyer.get(filed)
    assert "回到对比" not in await buyer.get(filed.partition("?")[0])


async def test_a_purchaser_can_be_registered(world: World, outsider: Browser) -> None:
    one = await supplier(world, "样例电缆有限公司")
    assert "/my/firms/new?role=buyer" in await outsider.get(f"/my/adoptions/new?supplier={one.firm.uscc}")
    form = await outsider.get("/my/firms/new?role=buyer")
    assert '<option value="buyer" selected>采购单位' in form
    assert '<label for="address">地址</label>' in form
    assert '<label for="address">生产地址</label>' in await outsider.get("/my/firms/new")
