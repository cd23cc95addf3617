"""A month in chat, on real photos: filed at once, shared, interrupted, shot again, made up in time or late (8.1)."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from app.demo.firm import EXAMPLE
from app.demo.month import SHOTS, Album, example_album
from benchmarks.certificates import sample_uscc
from benchmarks.journey_firms import sample_firm
from config.settings import WeChatSettings
from docs.draw_demo import CHAT_CAMERA, photos
from models import (
    Answer,
    Certificate,
    FiledCode,
    FilingFile,
    FilingFileState,
    FilingState,
    InboxEntry,
    MonthlyFiling,
    Staff,
    WeChatIdentity,
)
from models.database import open_database
from simulator.people import openid_of
from standard.calendar import midnight, shipped_calendar
from standard.codes.checks import check_digit
from standard.months import Month, filing_window
from standard.profile import edition_on
from standard.validity import State
from standard.windows import make_up_deadline
from tests import rows
from tests.app.by_hand import today
from tests.app.conftest import Desk
from tests.app.journeys import UNSENT, check_nothing_given_up
from tests.app.phone import Phone
from tests.app.test_demo import FONTS
from tests.app.test_end_to_end import address
from tests.workflow.living import Living, living
from tests.workflow.monthly import without_links

pytestmark = [pytest.mark.slow, FONTS, pytest.mark.parametrize("desk", ["embedded"], indirect=True)]

PATIENCE = 120
"""Seconds in which everything that was sent together is judged, on a machine that has other things to do."""
FIRST_NUMBER = 700
"""Of invented firms that no benchmark draws."""
RESHOOTS = 4
"""Which of the six prints a code too small first."""


# --- what lies on people's phones ------------------------------------------------------------------------------------


def album(number: int) -> Album:
    """An invented firm that makes two wires, drawn anew; some five seconds."""
    firm = sample_firm(FIRST_NUMBER + number)
    second = f"{firm.products[0].gtin[:-3]}02"
    soft = replace(EXAMPLE.products[1], gtin=f"{second}{check_digit(second)}")
    firm = replace(firm, uscc=sample_uscc(FIRST_NUMBER + number), products=(*firm.products, soft))
    shot = photos(firm, seed=7000 + 10 * number, too_small=number == RESHOOTS, camera=CHAT_CAMERA)
    return Album(firm, dict(shot))


# --- people and their firm -------------------------------------------------------------------------------------------


@dataclass
class Member:
    """Somebody who files for the firm, by chat and by the pages that its links open."""

    desk: Desk
    phone: Phone
    person_id: int
    folder: Path

    async def say(self, words: str) -> str:
        """What is answered at once, as one reads it."""
        return without_links(await self.phone.text(words) or "")

    async def send(self, filing: MonthlyFiling, *pictures: bytes) -> str:
        """Send pictures all at once; all that is said until each is judged, as one reads it."""
        before = len(await self.phone.chat())
        paths = []
        for number, picture in enumerate(pictures):
            path = self.folder / f"{self.person_id}-{before}-{number}.jpg"
            path.write_bytes(picture)
            paths.append(path)
        results = await asyncio.gather(*(self.phone.photo(path) for path in paths))
        assert [one["fault"] for one in results] == [None] * len(pictures)
        month = Month.parse(filing.month)
        async with asyncio.timeout(PATIENCE):
            while True:
                texts = [
                    one["content"]
                    for one in (await self.phone.chat())[before:]
                    if one["direction"] == "account" and one["type"] == "text"
                ]
                told = without_links("\n".join(texts))
                if told.count(f"放入 {month.number} 月提报") >= len(pictures):
                    return told
                await asyncio.sleep(0.5)

    async def upload_ledger(self, data: bytes) -> None:
        """By the month's page, which the chat's link opens: the chat carries no files."""
        url = address(await self.phone.text("进度") or "", "上传台账、看清单")
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            async with browser.post(url) as signed:
                page, at = await signed.text(), signed.url.path
            assert at.startswith("/my/months/")
            (token,) = set(re.findall(r'name="form_token" value="([^"]+)"', page))
            form = aiohttp.FormData(
                {"form_token": token, "kind": "update_ledger", "key": f"ledger-{self.person_id}-key"}
            )
            form.add_field("file", data, filename="追溯数据更新台账.csv", content_type="text/csv")
            async with browser.post(f"{self.desk.base}{at}/files", data=form) as handed_in:
                assert (handed_in.status, handed_in.url.query.get("done")) == (200, "handed-in")

    async def inbox(self) -> list[str]:
        """What they were told beside the chat: title and text, oldest first."""
        return [f"{one.title}\n{one.body}" for one in await InboxEntry.filter(person_id=self.person_id).order_by("id")]


@dataclass
class Firm:
    """A firm whose month it is."""

    desk: Desk
    album: Album
    one: Living
    members: Sequence[Member]
    month: Month

    @property
    def owner(self) -> Member:
        return self.members[0]

    async def filing(self) -> MonthlyFiling:
        return await MonthlyFiling.get(certificate_id=self.one.certificate.id, month=str(self.month))

    async def certificate(self) -> Certificate:
        return await Certificate.get(id=self.one.certificate.id)

    async def until(self, state: FilingState) -> MonthlyFiling:
        """The month, as soon as it has come to this."""
        async with asyncio.timeout(PATIENCE):
            while True:
                filing = await MonthlyFiling.get_or_none(
                    certificate_id=self.one.certificate.id, month=str(self.month), state=state
                )
                if filing is not None:
                    return filing
                await asyncio.sleep(0.3)

    async def told_that_it_is_open(self) -> None:
        """The round of reminders has come by: whoever files before it owes nothing by then, and is told nothing."""
        async with asyncio.timeout(PATIENCE):
            for member in self.members:
                while not await member.inbox():  # noqa: ASYNC110 - another process tells
                    await asyncio.sleep(0.3)

    async def judged(self) -> None:
        """No file is being looked at any more."""
        filing = await self.filing()
        async with asyncio.timeout(PATIENCE):
            while await FilingFile.filter(filing_id=filing.id, state=FilingFileState.HANDED_IN).exists():  # noqa: ASYNC110
                await asyncio.sleep(0.3)

    async def public_page(self) -> str:
        """What anybody sees of the certificate."""
        path = self.one.certificate.number.replace("/", "-")
        async with aiohttp.ClientSession() as browser, browser.get(f"{self.desk.base}/c/{path}") as page:
            assert page.status == 200
            return re.sub(r"<[^>]+>", "", await page.text())

    async def complete(self, by: Member, *, rest: Sequence[bytes]) -> str:
        """What is still lacking, the ledger, and the word that it is all."""
        if rest:
            await by.send(await self.filing(), *rest)
        await by.upload_ledger(self.album.ledger())
        await self.judged()
        return await by.say("完成")

    async def check(self, state: FilingState) -> None:
        """The month came out like this, on all sides; its certificate lives."""
        filing, certificate = await self.filing(), await self.certificate()
        assert (filing.state, certificate.state) == (state, State.ACTIVE)
        assert await FiledCode.filter(filing_id=filing.id).count() == len(self.album.firm.items())
        assert "正常" in await self.public_page()


async def born(
    desk: Desk, session: aiohttp.ClientSession, folder: Path, album: Album, grade: str, issued: date, people: int = 1
) -> Firm:
    """A firm with a certificate of that day, its two products, and so many people with phones."""
    firm = album.firm
    app_id = WeChatSettings().app_id
    one = await living(grade=grade, issued=issued, app_id=app_id, name=firm.name, uscc=firm.uscc)
    for made in firm.products:
        await rows.product(
            enterprise_id=one.firm.id, name=made.name, model=made.model, gtin=made.gtin,
            sheet_width_um=round(made.sheet_mm[0] * 1000), sheet_height_um=round(made.sheet_mm[1] * 1000),
        )  # fmt: skip
    members = []
    for number in range(people):
        user = f"{one.firm.uscc}-{number}"
        phone = desk.phone(session, user)
        await phone.send("event", event="subscribe")
        identity = await WeChatIdentity.get(openid=openid_of(user, app_id))
        if number == 0:
            await WeChatIdentity.filter(person_id=one.asker.person_id).delete()
            staff = await Staff.get(person_id=one.asker.person_id)
        else:
            staff = await rows.staff(enterprise_id=one.firm.id, name="李样例")
        await WeChatIdentity.filter(id=identity.id).update(
            person_id=staff.person_id, staff_id=staff.id, consented_at=rows.NOW, notice_shown_at=rows.NOW
        )
        members.append(Member(desk, phone, staff.person_id, folder))
    return Firm(desk, album, one, members, Month.of(issued).plus(1))


# --- business time ---------------------------------------------------------------------------------------------------


async def now_at(session: aiohttp.ClientSession, desk: Desk) -> datetime:
    async with session.get(f"{desk.base}/dev/clock") as answer:
        return datetime.fromisoformat((await answer.json())["now"])


async def move_to(session: aiohttp.ClientSession, desk: Desk, day: date, hour: int = 10) -> None:
    to = (midnight(day) + timedelta(hours=hour)).isoformat()
    async with session.post(f"{desk.base}/dev/clock", json={"to": to}) as answer:
        assert answer.status == 200, await answer.text()


@pytest.fixture
async def database(desk: Desk) -> AsyncIterator[None]:
    """The server's, open in the test as well."""
    async with open_database(desk.database_url, migrate=False):
        yield


async def check_all_was_sent() -> None:
    """Whatever was to be said is said, once what was told last has had its time to leave; no job was given up."""
    with contextlib.suppress(TimeoutError):  # what is left then is named below
        async with asyncio.timeout(PATIENCE):
            while await Answer.filter(state__in=UNSENT).exists():  # noqa: ASYNC110 - another process sends
                await asyncio.sleep(0.3)
    await check_nothing_given_up()


# --- how a month goes ------------------------------------------------------------------------------------------------


def day_of(month: Month, day: int) -> date:
    return date(month.year, month.number, day)


async def begin(by: Member, month: Month) -> None:
    """The word that begins it; how long there is time, and how it is done."""
    answer = await by.say("月度提报")
    assert answer.startswith(f"{month.number} 月提报，")
    assert "24:00 截止（8.1(2)）" in answer
    assert "直接发照片" in answer


def continued(answer: str) -> None:
    assert answer.startswith("证书已延续至 ")
    assert "按时提报，核验合格（8.1(2)、9.2(1)）" in answer


async def begin_with_a_bad_print(firm: Firm) -> None:
    """Two people, each with some of the pictures; one certificate's code is printed too small."""
    owner, colleague = firm.members
    await begin(owner, firm.month)
    await begin(colleague, firm.month)
    filing = await firm.filing()
    certificates, bodies = firm.album.certificates(), firm.album.bodies()
    told = await owner.send(filing, bodies[1], firm.album.photos["certificate-small-1.jpg"], certificates[1])
    assert "二维码边长" in told
    assert "要求 ≥ 20 mm（D.3.1）" in told
    assert told.count("不合格：") == 1
    assert f"{firm.month.number} 月资料还没齐：" in told
    await colleague.send(filing, *firm.album.shots(firm.month)[:2])
    await colleague.upload_ledger(firm.album.ledger())
    await firm.judged()
    answer = await colleague.say("完成")
    assert "还不能提交" in answer
    assert "截图还差 1 张" in answer
    assert (await firm.filing()).state == FilingState.OPEN


async def shoot_again(firm: Firm) -> None:
    """Days later, without another word of theirs: photos still belong to the month."""
    owner, colleague = firm.members
    filing = await firm.filing()
    progress = await owner.say("进度")
    assert "✗" in progress
    told = await colleague.send(filing, firm.album.shots(firm.month)[2], firm.album.bodies()[0])
    assert "资料已齐，有 " in told
    assert "还不能提交，有资料要更换或重拍" in await colleague.say("完成")
    told = await owner.send(filing, firm.album.certificates()[0])
    assert f"{firm.month.number} 月资料已齐并通过检查：回复“完成”提交。" in told
    continued(await owner.say("完成"))
    assert (await colleague.say("进度")).startswith("现在没有要提报的月份，证书延续至 ")


async def test_two_people_share_a_month_and_mend_it_days_later(
    desk: Desk, session: aiohttp.ClientSession, database: None, tmp_path: Path
) -> None:
    issued = today(await now_at(session, desk))
    firm = await born(desk, session, tmp_path, example_album(), "A", issued, people=2)
    await move_to(session, desk, day_of(firm.month, 2))
    await firm.until(FilingState.OPEN)
    await begin_with_a_bad_print(firm)
    await move_to(session, desk, day_of(firm.month, 9))
    await shoot_again(firm)
    await firm.check(FilingState.CONTINUED)
    await check_all_was_sent()


# --- six firms -------------------------------------------------------------------------------------------------------


async def files_at_once(firm: Firm) -> None:
    """A firm of level B: everything together, in no order, and done within the hour."""
    await begin(firm.owner, firm.month)
    shots, certificates = firm.album.shots(firm.month), firm.album.certificates()
    told = await firm.owner.send(await firm.filing(), shots[2], certificates[1], shots[0], certificates[0], shots[1])
    assert told.count(" ✓") >= SHOTS
    continued(await firm.complete(firm.owner, rest=()))


async def shares(firm: Firm) -> None:
    """Two people each send their half; who says that it is all is not who began."""
    owner, colleague = firm.members
    filing = await firm.filing()
    await begin(owner, firm.month)
    await owner.send(filing, *firm.album.bodies(), firm.album.shots(firm.month)[0])
    assert f"还差 {len(firm.album.certificates())} 款" not in await colleague.say("月度提报")
    await colleague.send(filing, *firm.album.certificates()[::-1])
    continued(await firm.complete(colleague, rest=firm.album.shots(firm.month)[1:]))
    assert (await owner.say("进度")).startswith("现在没有要提报的月份")


async def breaks_off(firm: Firm) -> None:
    """Some pictures, then nothing for a week."""
    await begin(firm.owner, firm.month)
    told = await firm.owner.send(await firm.filing(), firm.album.bodies()[1], firm.album.certificates()[1])
    assert "还差 1 款产品的合格证照片等资料" in told


async def goes_on(firm: Firm) -> None:
    """Without a word of introduction."""
    shots = firm.album.shots(firm.month)
    rest = (shots[0], firm.album.certificates()[0], shots[1], firm.album.bodies()[0], shots[2])
    continued(await firm.complete(firm.owner, rest=rest))


async def makes_up(firm: Firm, begun: str, words: str, state_words: str) -> None:
    """Everything that was not there, as soon as they are told; with whose words the chat begins and ends."""
    answer = await firm.owner.say("补报")
    assert answer.startswith(f"{firm.month.number} 月补报")
    assert begun in answer
    assert state_words in await firm.public_page()
    pictures = [*firm.album.shots(firm.month), *firm.album.certificates()]
    if firm.one.certificate.grade != "B":
        pictures += firm.album.bodies()
    answer = await firm.complete(firm.owner, rest=pictures)
    assert answer.startswith("证书已延续至 ")
    assert words in answer


INBOX = (2, 2, 2, 2, 3, 4)
"""Entries a person: that the month is open and how it ended; between them the warning, and the suspension."""


@pytest.mark.soak
async def test_one_month_of_six_firms(
    desk: Desk, session: aiohttp.ClientSession, database: None, tmp_path: Path
) -> None:
    issued = today(await now_at(session, desk))
    albums = await asyncio.to_thread(lambda: [album(number) for number in range(1, 7)])
    grades = ("B", "A", "AA", "A", "B", "AA")
    firms = [
        await born(desk, session, tmp_path, one, grade, issued, people=2)
        for one, grade in zip(albums, grades, strict=True)
    ]
    at_once, shared, broken_off, bad_print, late, silent = firms
    month, edition = at_once.month, edition_on(issued)
    await move_to(session, desk, day_of(month, 2))
    for firm in firms:
        await firm.until(FilingState.OPEN)
        await firm.told_that_it_is_open()

    await asyncio.gather(
        files_at_once(at_once), shares(shared), breaks_off(broken_off), begin_with_a_bad_print(bad_print)
    )
    await move_to(session, desk, day_of(month, 9))
    await asyncio.gather(goes_on(broken_off), shoot_again(bad_print))
    on_time = (at_once, shared, broken_off, bad_print)
    for firm in on_time:
        await firm.check(FilingState.CONTINUED)

    closes = filing_window(month, edition).closes
    await move_to(session, desk, closes + timedelta(days=1))
    until = make_up_deadline(edition, shipped_calendar(), closes + timedelta(days=1)).last_day
    for firm in (late, silent):
        filing = await firm.until(FilingState.WARNED)
        assert (filing.make_up_until, (await firm.certificate()).state) == (until, State.WARNED)
    await makes_up(late, "逾期证书暂停（8.1(3)、6.1(5)）", "月补报合格（8.1(3)）", "预警")
    await late.check(FilingState.MADE_UP)

    await move_to(session, desk, until + timedelta(days=1))
    await silent.until(FilingState.SUSPENDED)
    assert (await silent.certificate()).state == State.SUSPENDED
    await makes_up(silent, "证书已暂停，补报合规后恢复（6.1(5)）", "月补报合格（6.1(5)）", "暂停")
    await silent.check(FilingState.MADE_UP_LATE)

    for firm in on_time:
        assert (await firm.filing()).state == FilingState.CONTINUED
    for firm, told in zip(firms, INBOX, strict=True):
        for member in firm.members:
            opened, *results = await member.inbox()
            assert opened.startswith(f"{month.number} 月提报已开放")
            assert len(results) == told - 1
            assert all(one.startswith(f"{month.number} 月") for one in results)
    await check_all_was_sent()
