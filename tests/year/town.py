"""The firms of a year as the program knows them: rows to begin with, what they do on a day, and where they stand."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction

from app.demo.firm import EXAMPLE
from config.clock import SHANGHAI
from models import (
    Certificate,
    DeskItem,
    FilingFile,
    FilingFileKind,
    FilingFileState,
    InboxEntry,
    MonthlyFiling,
    Product,
    ServiceWindow,
    Staff,
    WeChatIdentity,
    WindowTrigger,
)
from standard import life
from standard.facts import Monthly
from standard.outcome import Finding
from tests import rows
from tests.workflow.living import Living, living
from tests.year.plan import YEAR, Plan, Shown
from tests.year.replay import ledger, picture
from tests.year.table import Act, Shot
from workflow.certifying import certificates
from workflow.certifying.certificate_life import life_from_json
from workflow.context import Ports
from workflow.monthly import month_filing, months
from workflow.problems import Refused

K = FilingFileKind
CASE = "9.5.1(2)"
ANSWERS = {
    Shown.GOOD: "", Shown.SMALL: "filing_failing", Shown.BLURRED: "filing_failing", Shown.HALF: "filing_incomplete",
}  # fmt: skip
"""How a month that is submitted is refused, by what it shows."""


@dataclass
class Settled:
    """A firm of the town."""

    plan: Plan
    one: Living
    products: list[Product]
    uploads: Counter[int] = field(default_factory=Counter)


class Town:
    """All firms of a year; each has two products, one certificate and an owner who talks to us in chat."""

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self.firms: dict[str, Settled] = {}

    async def settle(self, plan: Plan) -> Settled:
        """The firm has its certificate from now on; its months begin with the year."""
        one = await living(grade=plan.grade, issued=plan.issued, app_id=self.ports.app_id, name=plan.name)
        now = self.ports.clock.now()
        await Staff.filter(person_id=one.asker.person_id).update(created_at=now)
        first = one.certificate.month_opens_at
        assert first is not None
        opens = max(first, at(date(YEAR, 1, 1), 0))
        await Certificate.filter(id=one.certificate.id).update(month_opens_at=opens, created_at=now)
        identity = await WeChatIdentity.get(person_id=one.asker.person_id)
        await ServiceWindow.create(
            identity_id=identity.id, trigger=WindowTrigger.MESSAGE, remaining=100_000,
            ends_at=datetime(2100, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        products = [
            await rows.product(
                enterprise_id=one.firm.id, name=made.name, model=made.model, gtin=made.gtin,
                qualification_number=made.ccc_number, sheet_width_um=round(made.sheet_mm[0] * 1000),
                sheet_height_um=round(made.sheet_mm[1] * 1000),
            )
            for made in EXAMPLE.products
        ]  # fmt: skip
        self.firms[plan.name] = Settled(plan, one, products)
        return self.firms[plan.name]

    # --- what is done ---

    async def hand_in(self, act: Act) -> None:
        """The files of an act, if it has any; they are judged by jobs."""
        if act.month:
            await self._hand_in(self.firms[act.firm], act)

    async def conclude(self, act: Act) -> None:
        """The rest of it: what is submitted is decided, where it passes; what is not good is refused."""
        firm = self.firms[act.firm]
        if not act.month:
            await self._event(firm, act)
        elif act.submits:
            filing = await self._filing(firm, act.month)
            answer = ""
            try:
                await month_filing.submit(self.ports, firm.one.asker, filing.ref)
            except Refused as refused:
                answer = refused.code
            assert answer == ANSWERS[act.shown], act

    async def _hand_in(self, firm: Settled, act: Act) -> None:
        filing = await self._filing(firm, act.month)
        batches = [f"{letter}{filing.month[2:4]}{filing.month[5:]}{act.what[:2].upper()}" for letter in "LR"]
        serial = f"{firm.one.firm.id:04d}"
        asks_body = (await Certificate.get(id=firm.one.certificate.id)).grade != "B"
        if act.what != "file":
            await self._clear(firm, filing)
        for number in (0,) if act.shown is Shown.HALF else (0, 1):
            bad = {Shown.SMALL: "certificate-small-1", Shown.BLURRED: "certificate-blurred-1"}.get(act.shown)
            shown = bad if bad and number == 0 else f"certificate-{number + 1}"
            await self._upload(firm, filing, K.CERTIFICATE_PHOTO, picture(shown, batches[number], serial), number)
            if asks_body:
                body = picture(f"body-{number + 1}", batches[number], serial)
                await self._upload(firm, filing, K.BODY_PHOTO, body, number)
        for shot in range(3):
            page = picture(f"page-{shot % 2 + 1}", batches[shot % 2], serial, str(shot))
            await self._upload(firm, filing, K.QUERY_SCREENSHOT, page)
        lines = ((0, batches[0], serial), (1, batches[1], serial))
        await self._upload(firm, filing, K.UPDATE_LEDGER, ledger(filing.month, *lines), name="更新台账.csv")

    async def _clear(self, firm: Settled, filing: MonthlyFiling) -> None:
        """Take everything out that lies there, to file anew."""
        standing = [FilingFileState.PASSED, FilingFileState.FAILED, FilingFileState.UNCLEAR]
        for file in await FilingFile.filter(filing_id=filing.id, state__in=[str(state) for state in standing]):
            await month_filing.take_out(self.ports, firm.one.asker, filing.ref, file.ref)

    async def _upload(
        self, firm: Settled, filing: MonthlyFiling, kind: str, data: bytes, product: int | None = None,
        name: str = "照片.jpg",
    ) -> None:  # fmt: skip
        firm.uploads[filing.id] += 1
        key = f"upload-{filing.id}-{firm.uploads[filing.id]:04d}"
        await month_filing.hand_in(
            self.ports, firm.one.asker, filing.ref, key, kind, data, name,
            product_id=None if product is None else firm.products[product].id,
        )  # fmt: skip

    async def _filing(self, firm: Settled, month: int) -> MonthlyFiling:
        return await MonthlyFiling.get(certificate_id=firm.one.certificate.id, month=f"{YEAR}-{month:02d}")

    async def _event(self, firm: Settled, act: Act) -> None:
        today = self.ports.clock.now().astimezone(SHANGHAI).date()
        decided = {"ground": CASE, "reason": "样例理由", "decided_by": "样例运营"}
        event: life.Event
        match act.what:
            case "cancel":
                event = life.Cancel(on=today, ground="9.5.2(1)", asked_by_firm=True)
            case "dismiss":
                event = life.DismissCase(on=today, **decided)
            case _:
                event = life.Revoke(on=today, **decided)
        answer = await certificates.apply_event(self.ports, firm.one.certificate, event, actor="operator:1")
        assert not isinstance(answer, Finding), (act, answer)

    # --- where they stand ---

    async def shots(self) -> dict[str, Shot]:
        """Every firm as its rows have it."""
        filings: dict[int, list[tuple[int, str]]] = defaultdict(list)
        named: dict[int, str] = {}
        for filing in await MonthlyFiling.all().order_by("month"):
            filings[filing.certificate_id].append((int(filing.month[5:]), filing.state))
            named[filing.id] = filing.month
        cases = Counter(await DeskItem.filter(kind="revocation").values_list("subject_id", flat=True))
        told: Counter[int] = Counter()
        reminded: dict[int, list[str]] = defaultdict(list)
        for firm, key in await InboxEntry.all().order_by("id").values_list("enterprise_id", "key"):
            kind, subject, occasion, *_ = key.split(":")
            if kind == "remind" and not occasion.startswith("missed."):
                reminded[firm].append(f"{named[int(subject)]}:{occasion}")
            else:
                # A month that came out badly is told of its certificate, under a key of its own.
                told[firm] += kind in ("certificate", "remind")
        rows_ = {row.id: row for row in await Certificate.all()}
        return {
            name: await self._shot(firm, rows_[firm.one.certificate.id], filings, cases, told, reminded)
            for name, firm in self.firms.items()
        }

    async def _shot(
        self, firm: Settled, row: Certificate, filings: dict[int, list[tuple[int, str]]], cases: Counter[int],
        told: Counter[int], reminded: dict[int, list[str]],
    ) -> Shot:  # fmt: skip
        year = await months.year_of(self.ports, firm.one.asker, firm.one.firm.id)
        lived = life_from_json(row.life)
        assert (lived.state, lived.grade, lived.standing if row.state in LIVE else row.state) == (
            row.state, row.grade, row.state,
        )  # fmt: skip
        rates = year.rates if isinstance(year.rates, Monthly) else None
        return Shot(
            row.state,
            row.grade,
            tuple(filings[row.id]),
            str(lived.continued_through),
            year.towards_three,
            cases[row.id],
            len(lived.cases),
            None if rates is None else Fraction(rates.timely),
            None if rates is None else Fraction(rates.compliant),
            told[firm.one.firm.id],
            tuple(reminded[firm.one.firm.id]),
        )


LIVE = ("active", "warned", "suspended")


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """That moment of the day in Shanghai."""
    return datetime.combine(day, time(hour, minute, second), SHANGHAI)


def shown(rate: Fraction | None) -> Fraction | None:
    """A rate as the program keeps it: six decimals, never rounded up."""
    return None if rate is None else Fraction(Decimal(int(rate * 10**6)) / 10**6)
