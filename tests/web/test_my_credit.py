"""The page of a firm's points, and of a record: put on record in a browser, seen by both sides (8.2(1), 8.5)."""

from models import Adoption, Enterprise, PlatformRole, Staff, StaffRole
from tests import rows
from tests.web.conftest import Browser
from tests.workflow.adopting import CUSTOMER, NUMBER, award, tender
from tests.workflow.filed import RecordedInspector
from tests.workflow.living import living
from tests.workflow.world import World
from workflow.firms import members

FORM = {"tender_number": NUMBER, "customer_name": CUSTOMER, "tender_role": "tenderer"}


async def certified(world: World, owner: Browser) -> Enterprise:
    """The owner's firm, with a living certificate."""
    object.__setattr__(world.ports, "inspector", RecordedInspector())
    made = await living(name="样例电缆有限公司")
    assert owner.who is not None
    await Staff.create(
        enterprise_id=made.firm.id, person_id=owner.who.person.id, name="样例", role=StaffRole.STAFF,
        created_at=rows.NOW,
    )  # fmt: skip
    return made.firm


async def test_a_firm_puts_a_record_on_and_sees_its_point(world: World, owner: Browser, outsider: Browser) -> None:
    firm = await certified(world, owner)
    page = f"/my/firms/{firm.uscc}/credit"
    papers = {"tender_document": ("招标文件.pdf", tender()), "award_notice": ("通知书.pdf", award(firm.name))}
    back = await owner.send(page, page, 422, **FORM)
    assert "请选择招标采购文件" in back
    assert f'value="{NUMBER}"' in back
    to = await owner.send(page, page, **FORM, **papers)
    assert "核验中" in await owner.get(to)
    await world.work()
    assert "采信记录：有效" in await owner.get(to)
    shown = await owner.get(page)
    assert "现有 1 分" in shown
    assert "+1 分" in shown
    assert "再得 9 分，满 10 分后" in shown
    assert "累计</dt><dd>1 分" in await owner.get(f"/f/{firm.uscc}")
    assert "1 分</span>" in await owner.get(f"/my/firms/{firm.uscc}")
    for path in (page, to):
        await outsider.get(path, 404)


async def test_papers_are_sent_again_and_only_the_filer_sees_them(world: World, owner: Browser) -> None:
    firm = await certified(world, owner)
    page = f"/my/firms/{firm.uscc}/credit"
    blurred = award(firm.name, legible=False, retake="请重新扫描")
    papers = {"tender_document": ("招标文件.pdf", tender()), "award_notice": ("通知书.pdf", blurred)}
    to = await owner.send(page, page, **FORM, **papers)
    await world.work()
    assert "请重新扫描" in await owner.get(to)
    await owner.send(to, f"{to}/files", kind="award_notice", file=("通知书.pdf", award(firm.name)))
    await world.work()
    shown = await owner.get(to)
    assert "采信记录：有效" in shown
    made = await Adoption.get(supplier_id=firm.id)
    file = shown.split(f"/my/adoptions/{made.ref}/files/")[1].split('"')[0]
    assert "招标文件" in await owner.get(f"{to}/files/{file}")


async def test_an_operator_finds_it_false_and_the_public_reads_so(
    world: World, owner: Browser, outsider: Browser, stranger: Browser
) -> None:
    firm = await certified(world, owner)
    page = f"/my/firms/{firm.uscc}/credit"
    papers = {"tender_document": ("招标文件.pdf", tender()), "award_notice": ("通知书.pdf", award(firm.name))}
    to = await owner.send(page, page, **FORM, **papers)
    await world.work()
    await owner.post(f"{to}/false", 403, established="中标通知书系伪造")
    assert outsider.who is not None
    await members.grant(world.ports, outsider.who.person.id, PlatformRole.OPERATOR, by="system")
    await outsider.send(to, f"{to}/false", established="中标通知书系伪造")
    public = await stranger.get(f"/f/{firm.uscc}")
    assert "经查实为虚假：扣除资信分值 1 分" in public
    assert CUSTOMER not in public
    assert "查实虚假招标采购记录" in await stranger.get("/publicity/feed.atom")
    assert "及以前不加分" in await owner.get(page)


async def test_a_customer_writes_a_word_that_the_firm_reads_and_the_public_does_not(
    world: World, owner: Browser, outsider: Browser, stranger: Browser
) -> None:
    firm = await certified(world, owner)
    page, words = f"/f/{firm.uscc}/feedback", "扫码就能查到批次和检验结果"
    assert page in await stranger.get(f"/f/{firm.uscc}")
    back = await outsider.send(page, page, 422, mood="positive", statement="短")
    assert "请写 6 至 500 个字" in back
    assert "已收到" in await outsider.get(await outsider.send(page, page, mood="positive", statement=words))
    await world.work()
    assert "已记入" in await outsider.get(page)
    assert words in await owner.get(f"/my/firms/{firm.uscc}/credit")
    assert words not in await stranger.get(f"/f/{firm.uscc}")
    await owner.post(page, 403, mood="positive", statement=words)
