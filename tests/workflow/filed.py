"""Files of a firm's application as tests hand them in, and an inspector that reads them.

Certificates are answered by reports that were recorded of the real inspection on ``tests/photos``; spreadsheets are
read for real; other pictures and documents carry in their bytes what they show.
"""

import copy
import json
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from inspection.ledger import read_ledger
from inspection.materials import BodyReport, DocumentReport, Ledger, Moment, ScreenshotReport
from inspection.report import Code, Finding, Inspected, ProductHint, Report, Request, Verdict
from models import Application, Enterprise, Material, Person, Product, Staff, StaffRole
from tests import rows
from tests.workflow.world import World
from workflow.access import Asker
from workflow.applying import applications
from workflow.ports import InspectionFailed

RECORDED = Path(__file__).parent / "recorded"
USCC = "91310000MA0000007L"
FIRM = "样例电缆有限公司"
CCC = "2026010105000001"
JPEG, PNG, PDF = b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n"
GTIN, BATCH = "06901234567892", "L2026A"


def code(serial: str = "0001", batch: str = BATCH) -> str:
    return f"https://id.gs1.org/01/{GTIN}/10/{batch}/21/{serial}"


def certificate(name: str = "good_100x70", *, text: str = "") -> bytes:
    """A photo of a certificate: a recorded report, its code's text replaced where one is given."""
    return JPEG + json.dumps({"recorded": name, "code": text}).encode()


def no_sheet() -> bytes:
    """A photo on which the code of a product is read, and no certificate is seen; as a body it passes."""
    return (
        JPEG
        + json.dumps(
            {"recorded": "good_100x70", "code": code(), "no_sheet": True, "match": "pass", "found": "pass"}
        ).encode()
    )


def body(text: str = "", *, match: str = "pass", found: str = "pass") -> bytes:
    return JPEG + json.dumps({"code": text or code(), "match": match, "found": found}).encode()


def shot(
    text: str = "产品名称 样例电缆 规格型号 YL-1 生产企业 样例电缆有限公司", *, text_code: str = "", **stated: str
) -> bytes:
    return PNG + json.dumps({"text": text, "code": text_code, "stated": stated}).encode()


def document(text: str, **given: Any) -> bytes:
    return PDF + json.dumps({"text": text, **given}, ensure_ascii=False).encode()


def sheet(header: str, *lines: str) -> bytes:
    return "\n".join([header, *lines]).encode()


def months(last: date = date(2026, 10, 1), count: int = 12) -> list[str]:
    found = [
        date(last.year + (last.month - 1 - back) // 12, (last.month - 1 - back) % 12 + 1, 1) for back in range(count)
    ]
    return [f"{month:%Y-%m}" for month in reversed(found)]


@dataclass
class RecordedInspector:
    """See the module; ``trouble`` is raised by the next looks, one each."""

    trouble: list[Exception] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    product: str | None = None
    """The product that the next certificates are recognised as; None: the one that was recorded, not known here."""

    def _strike(self, what: str) -> None:
        self.looked.append(what)
        if self.trouble:
            raise self.trouble.pop(0)

    async def inspect(self, request: Request) -> Inspected:
        self._strike("inspect")
        said = _said(request.data)
        plain = json.loads((RECORDED / f"{said['recorded']}.json").read_text("utf-8"))
        if said["code"]:
            plain["codes"][0]["text"] = said["code"]
        if said.get("no_sheet"):
            plain |= {"px_per_mm": None, "text": ["样例电缆"], "sheet_mm": None}
        if said.get("page"):
            page = ["9:41", "产品追溯查询结果", "查询时间", said["text"]]
            plain |= {"px_per_mm": None, "text": page, "sheet_mm": None, "photo_px": [720, 1280]}
        plain["product"] = self.product
        report = Report.from_json(copy.deepcopy(plain))
        return Inspected(report, b"\xff\xd8\xffmarked", None)

    async def inspect_body(
        self, data: bytes, products: tuple[ProductHint, ...] = (), certificate: Report | None = None
    ) -> BodyReport:
        self._strike("body")
        said = _said(data)
        findings = (
            _finding("body.code", said["found"]),
            _finding("body.match", said["match"] if certificate else "unclear"),
            _finding("body.text", "pass"),
        )
        corners = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))
        return BodyReport(
            Verdict(said["found"]), None, (Code(said["code"], "QRCode", corners),), "item", (), findings, {},
            ("样例电缆",), (1280, 960), None, {}, "recorded/1",
        )  # fmt: skip

    async def inspect_screenshot(self, data: bytes, expected_code: str | None, now: datetime) -> ScreenshotReport:
        self._strike("screenshot")
        said = _said(data)
        corners = ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0))
        codes = (Code(said["code"], "QRCode", corners),) if said["code"] else ()
        page = replace(
            _finding("shot.page", said.get("verdict", "pass")), measured={"side": said.get("side", "public")}
        )
        findings = (_finding("shot.code", "unclear"), _finding("shot.time", "unclear"), page)
        moments = (Moment(said["queried"], "query", 1.0),) if said.get("queried") else ()
        return ScreenshotReport(
            Verdict.UNCLEAR, codes, said["code"] or None, moments, said["stated"], (), (), "screenshot", findings, (),
            (said["text"],), (720, 1280), {}, "recorded/1",
        )  # fmt: skip

    async def read_ledger(self, data: bytes, name: str) -> Ledger:
        self._strike("ledger")
        return read_ledger(data, name)

    async def read_document(self, data: bytes) -> DocumentReport:
        self._strike("document")
        said = _said(data)
        return DocumentReport(
            media="application/pdf", kind=said.get("kind", "other"), pages=1, legible=said.get("legible", True),
            fields=said.get("fields", {}), uscc=tuple(said.get("uscc", [])), seal=said.get("seal", "seal_seen"),
            seal_text=said.get("seal_text", FIRM), signatures=(), text=(said["text"],),
            retake=said.get("retake"), ms={}, engine="recorded/1",
        )  # fmt: skip

    async def check(self) -> None: ...


def _said(data: bytes) -> dict[str, Any]:
    for magic in (JPEG, PNG, PDF):
        if data.startswith(magic):
            said: dict[str, Any] = json.loads(data.removeprefix(magic))
            return said
    raise InspectionFailed("crash")


def _finding(clause: str, verdict: str) -> Finding:
    return Finding(clause, Verdict(verdict), {}, "", f"{clause} {verdict}", None, ())


# --- what a good application holds -----------------------------------------------------------------------------------


File = tuple[str, bytes, str, dict[str, Any]]
"""A material, the bytes, the file's name and what is stated beside it."""


def good_files(level: str = "B") -> list[File]:
    """Everything that a level asks, in order."""
    rank = ("B", "A", "AA", "AAA").index(level)
    files = _of_b(coded=100 if rank == 3 else 95, failed=0 if rank > 1 else 1)
    for more in (_of_a(), _of_aa(), _of_aaa())[:rank]:
        files += more
    return files


def _of_b(coded: int, failed: int) -> list[File]:
    made = [f"{month},样例电缆,{BATCH},{month}-03,100,{coded}" for month in months()]
    covered = [f"{month},样例电缆,100,{coded}" for month in months()]
    uploads = [f"{code(f'{n:04d}')},2026-11-06,{'失败' if n < failed else '成功'}" for n in range(10)]
    qualification = document(f"强制性产品认证证书 {CCC}", fields={"ccc_number": CCC, "valid_through": "2030-01-01"})
    trace = sheet(
        "追溯码,产品名称,生产批次,原材料批次,生产日期,检验结果,检验日期,销售日期,客户,上传时间,上传结果",
        f"{code()},样例电缆,{BATCH},CU-01,2026-11-03,合格,2026-11-03,2026-11-05,样例客户,2026-11-06,成功",
    )
    return [
        ("business_licence", document("营业执照", uscc=[USCC], kind="business_licence"), "执照.pdf", {}),
        ("product_qualification", qualification, "证书.pdf", {}),
        ("trace_policy", document("质量追溯体系管理制度 各部门职责"), "制度.pdf", {}),
        ("certificate_photo", certificate(), "合格证.jpg", {}),
        ("code_selection_proof", document("追溯码选用证明 GS1 编码规则"), "选用.pdf", {}),
        (
            "production_ledger",
            sheet("月份,产品名称,生产批次,生产日期,生产数量,赋码数量", *made),
            "生产台账.csv",
            {},
        ),
        ("coverage_list", sheet("统计月份,产品名称,生产数量,赋码数量", *covered), "用码覆盖率统计清单.csv", {}),
        ("coverage_support", document("赋码数量 1140 张"), "佐证.pdf", {}),
        ("trace_ledger", trace, "追溯数据台账.csv", {}),
        ("product_ledger", sheet("产品名称,规格型号,执行标准", "样例电缆,YL-1,GB/T 5023"), "产品信息.csv", {}),
        ("upload_records", sheet("追溯码,上传时间,上传结果", *uploads), "追溯平台上传记录.csv", {}),
        ("upload_link_proof", document("国家追溯平台 数据对接 已接入"), "对接.pdf", {}),
    ]


def _of_a() -> list[File]:
    whole = "产品名称 规格型号 生产企业 原材料批次 生产日期 检验结论 出库 销售流向"
    looked_up = sheet("追溯码,查询时间,查询方式", f"{code()},2026-11-10 09:00,扫码")
    return [
        ("body_photo", body(), "本体.jpg", {"place": "body"}),
        *(("query_demo", shot(whole), f"{way}.png", {"channel": way}) for way in ("scan", "web", "miniapp")),
        ("query_link", shot(), "二维码.png", {"link": "https://id.gs1.org/"}),
        ("query_log", looked_up, "查询记录台账.csv", {}),
        ("system_link_proof", document("追溯系统 与 ERP 管理系统 接口对接"), "对接.pdf", {}),
    ]


def _of_aa() -> list[File]:
    suppliers = {"main_suppliers": 5, "cooperating": 4}
    return [
        ("full_chain_photos", certificate(), "合格证.jpg", {"place": "certificate"}),
        ("full_chain_photos", body(), "本体.jpg", {"place": "body"}),
        ("full_chain_photos", body(), "包装.jpg", {"place": "package"}),
        ("consistency_proof", document("合格证与本体追溯码一致"), "一致.pdf", {}),
        ("auto_collection_records", document("生产数据 自动采集记录"), "采集.pdf", {}),
        ("mes_screens", document("MES 系统 追溯批次"), "mes.pdf", {}),
        ("realtime_link_proof", document("国家追溯平台 实时对接"), "实时.pdf", {}),
        *(
            ("supplier_agreements", document(f"追溯协同协议 甲方 乙方 第{n}号"), f"{n}.pdf", suppliers)
            for n in range(4)
        ),
        ("supplier_support", document("供应商 追溯批次"), "佐证.pdf", {}),
    ]


def _of_aaa() -> list[File]:
    bids = enumerate(["2025-11-24", *["2025-11-25"] * 9, "2026-11-24"])  # the first a day too old
    return [
        ("one_item_photos", certificate(), "一.jpg", {}),
        ("one_item_photos", certificate(text=code("0002")), "二.jpg", {}),
        ("full_category_proof", document("全品类赋码统计 产品"), "品类.pdf", {}),
        ("digital_system_screens", document("数字化追溯系统运行"), "系统.pdf", {}),
        ("device_realtime_proof", document("生产设备 实时采集"), "设备.pdf", {}),
        ("full_data_link_proof", document("国家追溯平台 全量对接"), "全量.pdf", {}),
        ("reverse_trace_demo", document("原材料反向追溯 批次"), "反向.pdf", {}),
        ("supply_sharing_records", document("供应商 实时共享"), "共享.pdf", {}),
        ("supply_upload_records", document("协同数据 上传追溯平台"), "协同.pdf", {}),
        *(("tender_proof", document(f"招标文件 采信追溯评价 {n}"), f"{n}.pdf", {"adopted_on": day}) for n, day in bids),
    ]


@dataclass
class Filing:
    """A firm with one product and its open application."""

    world: World
    firm: Enterprise
    asker: Asker
    product: Product
    application: Application
    uploads: int = 0

    async def hand_in(self, kind: str, data: bytes, name: str, declared: dict[str, Any] | None = None) -> Material:
        self.uploads += 1
        product = self.product.id if kind in PER_PRODUCT else None
        return await applications.hand_in(
            self.world.ports, self.asker, self.application.ref, f"upload-{self.uploads:04d}", kind, data, name,
            product_id=product, declared=declared,
        )  # fmt: skip

    async def fill(self, level: str = "B", **other: bytes) -> None:
        """Hand in everything, some of it with other bytes."""
        for kind, data, name, declared in good_files(level):
            await self.hand_in(kind, other.get(kind, data), name, declared)

    async def submit(self) -> Application:
        return await applications.submit(self.world.ports, self.asker, self.application.ref)

    async def now(self) -> Application:
        return await Application.get(id=self.application.id)

    async def material(self, kind: str) -> Material:
        return await Material.filter(application_id=self.application.id, kind=kind).order_by("-id").first()  # type: ignore[return-value]


PER_PRODUCT = ("product_qualification", "certificate_photo", "body_photo", "full_chain_photos", "one_item_photos")


async def filing(world: World, level: str = "B", *, uscc: str = USCC, name: str = FIRM) -> Filing:
    """A verified firm, a person of its staff, one product, and a draft."""
    firm = await rows.enterprise(uscc=uscc, name=name, verified_at=rows.NOW)
    person = await Person.create(created_at=rows.NOW)
    await Staff.create(
        enterprise_id=firm.id, person_id=person.id, name="样例人员", role=StaffRole.STAFF, created_at=rows.NOW
    )
    product = await rows.product(enterprise_id=firm.id, gtin=GTIN, qualification_number=CCC)
    asker = Asker(person.id)
    application = await applications.open_application(
        world.ports, asker, firm.id, level, [product.id], sells_online=False
    )
    return Filing(world, firm, asker, product, application)
