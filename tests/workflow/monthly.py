"""A firm with a living certificate whose month is open, and the files that make the month, as tests file them.

Certificates are answered by reports recorded of the real inspection, ledgers are read for real; bodies and look-up
pages carry in their bytes what they show (:mod:`tests.workflow.filed`).
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models import FilingFile, FilingFileKind, MonthlyFiling, Product, Staff, StaffRole, WeChatIdentity
from standard.calendar import midnight
from standard.months import Month
from tests import rows
from tests.workflow import filed
from tests.workflow.filed import JPEG, PNG, RecordedInspector
from tests.workflow.living import Living, living, month_of
from tests.workflow.world import World
from workflow.access import Asker
from workflow.answering import photos
from workflow.monthly import month_filing

K = FilingFileKind
GTINS = ("06901234567892", "06901234567908", "06901234567915")
MONTH = "2026-12"
LEDGER = "产品名称,规格型号,生产批次,追溯码,生产日期,检验结果,客户名称,上传结果"


def code(number: int = 0, batch: str = "L1", serial: str = "0001") -> str:
    """A code of the firm's ``number``-th product."""
    return f"https://id.gs1.org/01/{GTINS[number]}/10/{batch}/21/{serial}"


def certificate(text: str, name: str = "good_100x70") -> bytes:
    return filed.certificate(name, text=text)


def body(text: str, **given: Any) -> bytes:
    """A photo on which no certificate is seen; as a body it shows this code."""
    shows = {"recorded": "good_100x70", "no_sheet": True, "match": "pass", "found": "pass", "code": text}
    return JPEG + json.dumps({**shows, **given}).encode()


def page(text: str, *, words: str = "产品名称 样例电缆", **given: Any) -> bytes:
    """A look-up page about this code."""
    shows = {"recorded": "good_100x70", "page": True, "code": text, "text": words, "stated": {}}
    return (PNG if given.pop("png", True) else JPEG) + json.dumps({**shows, **given}, ensure_ascii=False).encode()


def ledger(*lines: str, header: str = LEDGER) -> bytes:
    return "\n".join(["追溯数据更新台账", header, *lines]).encode()


def without_links(text: str) -> str:
    """A message as one reads it on the phone."""
    return re.sub(r"<[^>]*>", "", text)


@dataclass
class Filer:
    """Somebody who files the open month of a firm."""

    world: World
    one: Living
    filing: MonthlyFiling
    products: list[Product]
    uploads: int = 0

    @property
    def asker(self) -> Asker:
        return self.one.asker

    async def hand_in(
        self, kind: str, data: bytes, name: str = "照片.jpg", product: int | None = None, asker: Asker | None = None,
        **declared: Any,
    ) -> FilingFile:  # fmt: skip
        self.uploads += 1
        return await month_filing.hand_in(
            self.world.ports, asker or self.asker, self.filing.ref, f"upload-{self.filing.id}-{self.uploads:04d}", kind,
            data, name, product_id=None if product is None else self.products[product].id, declared=declared,
        )  # fmt: skip

    def row(self, number: int, batch: str, serial: str = "0001") -> str:
        """A ledger's line of a product's batch."""
        product = self.products[number]
        shown = code(number, batch, serial)
        return f"{product.name},{product.model},{batch},{shown},2026-12-02,合格,样例客户,成功"

    async def file_product(self, number: int, batch: str = "L1", serial: str = "0001") -> None:
        """Its certificate, and its body where the level asks for it."""
        text = code(number, batch, serial)
        await self.hand_in(K.CERTIFICATE_PHOTO, certificate(text), product=number)
        if self.one.certificate.grade != "B":
            await self.hand_in(K.BODY_PHOTO, body(text), product=number)

    async def fill(self, numbers: Sequence[int] = (0, 1), batch: str = "L1") -> None:
        """Everything that the month asks."""
        for number in numbers:
            await self.file_product(number, batch)
        for shot in range(3):
            shown = code(numbers[shot % len(numbers)], batch)
            await self.hand_in(K.QUERY_SCREENSHOT, page(shown, words=f"产品名称 样例 {batch} {shot}"), "截图.png")
        lines = [self.row(number, batch) for number in numbers]
        await self.hand_in(K.UPDATE_LEDGER, ledger(*lines), "更新台账.csv")
        await self.world.work()

    async def submit(self, asker: Asker | None = None) -> MonthlyFiling:
        self.filing = await month_filing.submit(self.world.ports, asker or self.asker, self.filing.ref)
        return self.filing

    async def checklist(self) -> month_filing.Checklist:
        return await month_filing.checklist(await MonthlyFiling.get(id=self.filing.id))

    async def file(self, kind: str, product: int | None = None) -> FilingFile:
        """The newest of a kind."""
        mine = FilingFile.filter(filing_id=self.filing.id, kind=kind)
        found = (
            await (mine if product is None else mine.filter(product_id=self.products[product].id))
            .order_by("-id")
            .first()
        )
        assert found is not None
        return found

    async def chat(self, role: StaffRole = StaffRole.OWNER) -> WeChatIdentity:
        """The filer's WeChat account, speaking for the firm."""
        staff = await Staff.get(enterprise_id=self.one.firm.id, person_id=self.asker.person_id)
        await Staff.filter(id=staff.id).update(role=role)
        identity = await WeChatIdentity.get(person_id=self.asker.person_id)
        await WeChatIdentity.filter(id=identity.id).update(
            staff_id=staff.id, consented_at=rows.NOW, notice_shown_at=rows.NOW
        )
        await identity.refresh_from_db()
        return identity

    async def send(self, identity: WeChatIdentity, data: bytes, receipt: str = "m1") -> str:
        """Send a photo and read the answer."""
        self.world.wechat.pictures[receipt] = data
        photo = await photos.receive(self.world.ports, identity, receipt, "", receipt)
        await self.world.work()
        return await photos.wait_for_answer(self.world.ports, photo, receipt, 0) or ""


def noon(month: str, day: int) -> datetime:
    """12:00 Asia/Shanghai."""
    first = Month.parse(month)
    return midnight(datetime(first.year, first.number, day).date()).replace(hour=12)  # noqa: DTZ001


async def filer(world: World, *, grade: str = "A", products: int = 2, month: str = MONTH, day: int = 5) -> Filer:
    """A firm of so many products on a day of its open month, with the inspector that replays recordings."""
    object.__setattr__(world.ports, "inspector", RecordedInspector())
    one = await living(grade=grade)
    made = [
        await rows.product(enterprise_id=one.firm.id, name=f"样例电缆{number + 1}", model=f"YL-{number + 1}",
                           gtin=GTINS[number], qualification_number=filed.CCC)
        for number in range(products)
    ]  # fmt: skip
    filing = await month_of(one, month)
    world.clock.advance(noon(month, day) - world.clock.now())
    return Filer(world, one, filing, made)
