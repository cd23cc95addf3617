"""Whatever stands in a field of a form, in an address or behind its question mark, is answered: nothing that somebody
can write reaches the database as it takes it not, and ends as a page that failed.

Forms are found as a person finds them, by following links: a page that is new is tried without being named here.
"""

import inspect
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from aiohttp import ClientResponse, FormData
from yarl import URL

from models import Person, StaffRole, WeChatIdentity
from tests import rows
from tests.clock import FakeClock
from tests.conftest import Database
from tests.web.conftest import Browser
from tests.workflow import filed
from tests.workflow.adopting import CUSTOMER, CUSTOMER_USCC
from tests.workflow.firms import Somebody, member, somebody
from tests.workflow.graded import published
from tests.workflow.monthly import GTINS, K, certificate, code, filer
from tests.workflow.world import World, make_world
from web.routes import PAGES
from workflow.applying import applications
from workflow.certifying.certificate_numbers import certificate_path
from workflow.knowing import sessions
from workflow.ports import Allowance

LONG = "\x00" + "9" * 5000
HUGE = "9" * 18
"""The largest number that a form takes for a row's."""
DAYS = ("0001-01-01", "9999-12-31")

GOOD = {
    "uscc": filed.USCC,
    "customer_uscc": CUSTOMER_USCC,
    "customer_name": CUSTOMER,
    "gtin": GTINS[0],
    "width": "100",
    "height": "70",
    "lot": "100",
    "sampled": "5",
    "failed": "0",
    "product_class": "",
    "gtin_prefix": "",
    "ecode": "",
    "host": "",
}
"""What stands in a field beside the one that is spoiled, so that nothing else keeps it from being looked at."""

ENDS = {"/signout", "/my/firms/{uscc}/leave", "/my/applications/{ref}/withdraw"}
"""What would end the visit in which the others are tried."""
HANDED_OUT = {"/u/{token}"}


class Everybody:
    """A limiter that lets everybody through."""

    async def hit(self, _key: str, limit: int, _seconds: int) -> Allowance:
        return Allowance(allowed=True, limit=limit, remaining=limit, reset=0)


@dataclass
class Found:
    """A form as it stands on a page: where it goes, what it would send, and which of it are days."""

    action: str
    sends: dict[str, str | tuple[str, bytes]] = field(default_factory=dict)
    days: set[str] = field(default_factory=set)

    def spoiled(self) -> list[tuple[str, str]]:
        """Each field that holds text with each nonsense that is written into it."""
        written = [name for name, value in self.sends.items() if isinstance(value, str) and name != "form_token"]
        return [(name, one) for name in written for one in (LONG, HUGE, *(DAYS if name in self.days else ()))]


class Reader(HTMLParser):
    """The links of a page, and its forms filled in as far as a test can."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Found] = []
        self._selecting: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        match tag:
            case "a":
                self.links.append(at.get("href", ""))
            case "form":
                asks = at.get("method") != "post"
                self.forms.append(Found("" if asks else at["action"]))
                self.links += [at["action"]] if asks else []
            case "option" if self._selecting is not None:
                self.forms[-1].sends[self._selecting] = self.forms[-1].sends[self._selecting] or at["value"]
            case "input" | "select" | "textarea" | "button" if self.forms and at.get("name", "retire") != "retire":
                self._field(tag, at["name"], at.get("type", ""), at.get("value", ""))

    def _field(self, tag: str, name: str, kind: str, value: str) -> None:
        form = self.forms[-1]
        if tag == "select":
            self._selecting = name
            form.sends[name] = ""
        elif kind == "file":
            form.sends[name] = ("照片.jpg", filed.JPEG)
        elif kind == "date":
            form.sends[name] = "2026-11-20"
            form.days.add(name)
        else:
            form.sends.setdefault(name, value or GOOD.get(name, "1"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._selecting = None


@pytest.fixture
def world(database: Database, clock: FakeClock, tmp_path: Path) -> World:
    made = make_world(tmp_path, clock)
    made.ports = replace(made.ports, limiter=Everybody())
    return made


@pytest.fixture
async def visit(world: World, browser_of) -> tuple[Browser, list[str]]:  # type: ignore[no-untyped-def]
    """The browser of somebody who has a firm in every chapter and is an operator, too; and where they begin to read."""
    case = await filer(world)
    await case.hand_in(K.CERTIFICATE_PHOTO, certificate(code()), product=0)
    person = await Person.get(id=case.asker.person_id)
    who = Somebody(person, await WeChatIdentity.get(person_id=person.id), case.asker)
    await rows.grant(person_id=person.id)
    await member(world, case.one.firm, StaffRole.STAFF)
    await rows.invitation(enterprise_id=case.one.firm.id)
    mine = {"supplier_id": case.one.firm.id, "filed_by": "supplier", "person_id": person.id}
    adoptions = [
        await rows.adoption(**mine, state=state, tender_folded=f"zb-{state}") for state in ("checking", "valid")
    ]
    drafting = await rows.enterprise(uscc="91330100MA00000021", verified_at=world.clock.now())
    await member(world, drafting, StaffRole.OWNER, who)
    product = await rows.product(enterprise_id=drafting.id)
    draft = await applications.open_application(
        world.ports, who.asker, drafting.id, "B", [product.id], sells_online=False
    )
    await applications.hand_in(world.ports, who.asker, draft.ref, "upload-1", "business_licence", filed.JPEG, "照.jpg")
    public, _ = await published(world)
    await rows.staff(enterprise_id=public.enterprise_id, person_id=person.id, role=StaffRole.OWNER)
    new = await rows.enterprise(uscc="91330100MA00000030", verified_at=world.clock.now())
    await member(world, new, StaffRole.OWNER, who)
    await rows.product(enterprise_id=new.id)
    item = await rows.desk_item(subject_id=draft.id)
    link = await sessions.sign_in_link(world.ports, (await somebody(world)).identity)
    uscc = case.one.firm.uscc
    begin = [
        "/my", "/my/firms/new", "/my/reminders", f"/my/firms/{uscc}", f"/my/firms/{uscc}/scans",
        f"/my/firms/{new.uscc}/apply", f"/my/suppliers/{uscc}", f"/my/adoptions/new?supplier={uscc}",
        *(f"/my/adoptions/{one.ref}" for one in adoptions),
        f"/my/applications/{draft.ref}", f"/my/applications/{public.ref}",
        f"/f/{uscc}/feedback", f"/reports/new?code={quote(code(), safe='')}",
        "/publicity", "/verify", f"/desk/{item.ref}",
        f"{certificate_path(case.one.certificate.number)}/certificate.pdf", urlsplit(link).path,
    ]  # fmt: skip
    return await browser_of(who), begin


async def failed(answer: ClientResponse) -> bool:
    """Whether it is the answer to what nobody foresaw; that something is not ready is told otherwise."""
    return answer.status >= 500 and (answer.status != 503 or "页面暂时打不开" in await answer.text())


PARTS = r"(\{.+?\}(?=/|$))"
"""What of an address in :data:`PAGES` stands for something."""


def route_of(path: str, method: str = "GET") -> str | None:
    """The address in :data:`PAGES` that a path belongs to, whatever is asked of it."""
    path = urlsplit(path).path
    for known, address, _ in PAGES:
        part = r"[^/]+" if not re.search(r"\{(code|number)", address) else r".+"
        shape = "".join(part if one.startswith("{") else re.escape(one) for one in re.split(PARTS, address))
        if known == method and re.fullmatch(shape, path):
            return address
    return None


async def read(browser: Browser, begin: list[str]) -> tuple[list[Found], list[str]]:
    """The forms on all pages that can be reached from ``begin``, each kind of page once, and the pages' addresses."""
    ahead, seen, forms = list(begin), set[str](), dict[str, Found]()
    while ahead:
        address = ahead.pop(0)
        route = route_of(address)
        if route is None or address in seen or (route in seen and address not in begin):
            continue
        seen |= {address, route}
        async with browser.client.get(address, headers=browser._headers) as answer:
            assert not await failed(answer), address
            if answer.content_type != "text/html":
                continue
            reader = Reader()
            reader.feed(await answer.text())
        ahead += reader.links
        for form in reader.forms:
            if form.action:
                forms.setdefault(f"{route_of(form.action, 'POST')} {sorted(form.sends)}", form)
    return list(forms.values()), sorted(address for address in seen if "{" not in address)


async def fails(browser: Browser, form: Found, spoiled: dict[str, str]) -> bool:
    data = FormData(quote_fields=False, default_to_multipart=True)
    for name, value in {**form.sends, **spoiled}.items():
        if isinstance(value, tuple):
            data.add_field(name, value[1], filename=value[0], content_type="application/octet-stream")
        else:
            data.add_field(name, value)
    async with browser.client.post(form.action, data=data, headers=browser._headers, allow_redirects=False) as answer:
        assert not answer.headers.get("Location", "").startswith("/signin"), f"{form.action} ended the visit"
        return await failed(answer)


async def test_no_field_of_any_form_makes_a_page_fail(visit: tuple[Browser, list[str]]) -> None:
    browser, begin = visit
    found, _ = await read(browser, begin)
    tried = {route_of(form.action, "POST") for form in found}
    assert {address for method, address, _ in PAGES if method == "POST"} - tried == HANDED_OUT
    wrong = [
        (form.action, name, nonsense[:12])
        for form in found
        if route_of(form.action, "POST") not in ENDS
        for name, nonsense in form.spoiled()
        if await fails(browser, form, {name: nonsense})
    ]
    assert wrong == []


ASKED = re.compile(r"""(?:query\.get(?:all)?\(|query\[|_day\(request, )"(\w+)\"""")
"""Where a page reads what stands behind the question mark."""


async def test_nothing_behind_a_question_mark_makes_a_page_fail(visit: tuple[Browser, list[str]]) -> None:
    browser, begin = visit
    _, addresses = await read(browser, begin)
    wrong = []
    for address in addresses:
        page = URL(address)
        handler = next(handler for method, known, handler in PAGES if (method, known) == ("GET", route_of(page.path)))
        names = dict.fromkeys(ASKED.findall(inspect.getsource(inspect.getmodule(handler))))
        for name in names:
            for nonsense in (LONG, HUGE, *DAYS):
                asked = page.update_query({**dict.fromkeys(names.keys() & {"first", "last"}, nonsense), name: nonsense})
                async with browser.client.get(asked, headers=browser._headers, allow_redirects=False) as answer:
                    if await failed(answer):
                        wrong.append((address, name, nonsense[:12]))
    assert wrong == []


async def test_no_part_of_an_address_makes_a_page_fail(visit: tuple[Browser, list[str]]) -> None:
    browser, _ = visit
    wrong = []
    for method, address, _ in PAGES:
        if method != "GET" or "{" not in address:
            continue
        for nonsense in (LONG.replace("\x00", "%00"), HUGE, "-" * 43, "%ED%A0%80", *DAYS):
            tried = "".join(nonsense if one.startswith("{") else one for one in re.split(PARTS, address))
            url = URL(tried, encoded=True)
            async with browser.client.get(url, headers=browser._headers, allow_redirects=False) as answer:
                if await failed(answer):
                    wrong.append((address, nonsense[:12]))
    assert wrong == []
