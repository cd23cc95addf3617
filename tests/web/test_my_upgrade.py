"""The pages of an upgrade review: what is offered and why not more, its draft, its result, what the public sees
(8.5(3), R18)."""

import re
from datetime import date

import pytest

from models import Application, StaffRole
from standard import life
from standard.outcome import Finding
from tests.web.conftest import Browser
from tests.workflow.firms import member
from tests.workflow.graded import facts_of_a
from tests.workflow.upgrading import upgrading
from tests.workflow.world import World
from workflow.applying.upgrades import NOT_APPLIED
from workflow.certifying.certificates import apply_event


async def test_a_firm_asks_for_a_review_on_its_phone_and_sees_it_everywhere(
    world: World,
    browser_of,  # type: ignore[no-untyped-def]
) -> None:
    case = await upgrading(world, points=3)
    staff = await browser_of(await member(world, case.one.firm, StaffRole.STAFF))
    here = f"/my/firms/{case.one.firm.uscc}"
    for page in (here, f"{here}/credit"):
        assert re.search(rf'<a class="button[^"]*" href="{here}/apply">申请升级复核</a>', await staff.get(page)), page
    page = await staff.get(f"{here}/apply")
    assert "2026 年资信 3 分：一次最多升一级，满 10 分最多升两级" in page
    assert "年度资信 3 分，一次至多升 1 级，不能由 B 级升为 AA 级" in page
    assert re.findall(r'name="level" value="(\w+)"', page) == ["A"]
    refused = await staff.send(
        f"{here}/apply", f"{here}/apply", 409, level="AA", product=case.product.id, sells_online="no"
    )
    assert "现在不能申请升级复核：年度资信 3 分" in refused
    to = await staff.send(f"{here}/apply", f"{here}/apply", level="A", product=case.product.id, sells_online="no")
    page = await staff.get(to)
    assert "<h1>A 级升级复核：准备资料</h1>" in page
    assert f"证书 {case.one.certificate.number}，现为 B 级" in page
    assert "平台已有本证书的月度提报记录" in page
    assert "A 级升级复核：查看和办理" in await staff.get(here)
    assert "继续办理升级复核" in await staff.get("/my")
    assert await staff.send(to, f"{to}/withdraw") == to
    assert "本次升级复核已撤回，证书不变" in await staff.get(to)


async def test_what_stands_in_the_way_is_said_instead_of_a_form(
    world: World,
    browser_of,  # type: ignore[no-untyped-def]
) -> None:
    case = await upgrading(world)
    case_opened = life.OpenCase(on=date(2026, 11, 24), ground="9.5.1(1)", by=life.Actor.OPERATOR)
    await apply_event(world.ports, case.one.certificate, case_opened, actor="system")
    staff = await browser_of(await member(world, case.one.firm, StaffRole.STAFF))
    page = await staff.get(f"/my/firms/{case.one.firm.uscc}/apply")
    assert "现在不能申请" in page
    assert re.findall(r"<li>(A+) 级：", page) == ["A", "AA", "AAA"]
    assert "A 级：撤销立案（9.5.1(1)）尚未决定" in page
    assert 'name="level"' not in page


async def test_the_public_reads_from_which_grade_to_which_and_the_firm_that_it_is_done(
    world: World,
    stranger: Browser,
    browser_of,  # type: ignore[no-untyped-def]
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = await upgrading(world)
    application, public = await case.published(monkeypatch, facts_of_a())
    page = await stranger.get(f"/publicity/{public.ref}")
    assert "由 B 级升为 A 级（8.5(3)）" in page
    assert "升级复核：B 级升为 A 级（良好级）" in await stranger.get("/publicity")
    assert "升级复核：B 级升为 A 级（良好级）" in await stranger.get("/publicity/feed.atom")
    await case.confirm(application)
    await world.work()
    staff = await browser_of(await member(world, case.one.firm, StaffRole.STAFF))
    page = await staff.get(f"/my/applications/{application.ref}")
    assert "<h1>A 级升级复核：已升级</h1>" in page
    assert "由 B 级升为 A 级" in page
    assert "再次申请升级复核" in page


async def test_a_result_that_nothing_came_of_says_so_to_everybody_and_why_to_the_firm(
    world: World,
    stranger: Browser,
    browser_of,  # type: ignore[no-untyped-def]
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = await upgrading(world)
    application, public = await case.published(monkeypatch, facts_of_a())
    ended = await apply_event(world.ports, case.one.certificate, life.TermEnded(on=date(2027, 11, 24)), actor="system")
    assert not isinstance(ended, Finding)
    await case.confirm(application)
    await world.work()
    page = await stranger.get(f"/publicity/{public.ref}")
    assert NOT_APPLIED in page
    staff = await browser_of(await member(world, case.one.firm, StaffRole.STAFF))
    page = await staff.get(f"/my/applications/{application.ref}")
    assert "<h1>A 级升级复核：等级不变</h1>" in page
    assert "证书已到期失效" in page
    assert (await Application.get(id=application.id)).state == "not_reached"
