"""What an invented firm registers, and every material that it hands in for level A (Appendix A), for a given day.

Photos are files beside this module, drawn by ``docs.draw_demo``; papers, ledgers and screens are made anew, so that
they end with the last full month and nothing has expired. Everything is marked 样例.

``declared`` of a material, as ``standard/editions/…/handing_in.toml`` asks: ``body_photo`` {place: body | package},
``query_demo`` {channel: scan | web | miniapp}, ``query_link`` {link}, ``marketplace_records`` {checked, passed}.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import segno

from app.demo.firm import CATEGORY, EXAMPLE, DemoFirm, Item
from app.demo.paper import Drawing
from app.demo.signing import signed

_AUTHORITY = "示范市市场监督管理局（样例）"
_BODY_OF_CERTIFICATION = "样例产品认证中心"
_PLATFORM = "国家重点产品追溯平台（样例）"
_MARKETPLACE = "样例商城"
_MONTHS = 12
_UNIT = "卷"


@dataclass(frozen=True, slots=True)
class DemoMaterial:
    """One file to hand in: the material's id, the index of its product (None: the firm's), what is stated beside it.

    ``first_try`` marks the one that is handed in first and refused; the next of its kind and product is the mended one.
    """

    kind: str
    product_index: int | None
    file_name: str
    data: bytes
    declared: dict[str, Any] = field(default_factory=dict)
    first_try: bool = False


def demo_form(firm: DemoFirm = EXAMPLE) -> dict[str, str]:
    """The registration form (7.1(1)), by the fields of ``workflow.firms.registration.RegistrationForm``."""
    return {
        "uscc": firm.uscc, "name": firm.name, "address": firm.address,
        "legal_representative": firm.legal_representative,
        "organisation_role": "maker", "applicant_name": "李样例", "title": "质量部经理（样例）",
    }  # fmt: skip


def demo_products(firm: DemoFirm = EXAMPLE) -> list[dict[str, Any]]:
    """The products, by the fields of ``workflow.firms.products.NewProduct``."""
    return [
        {
            "category": CATEGORY, "name": product.name, "model": product.model, "code_issuer": "GS1",
            "gtin": product.gtin, "sheet_mm": product.sheet_mm, "product_class": "ccc",
            "qualification_number": product.ccc_number,
            "record": {
                "产品名称": product.name, "规格型号": product.model, "生产企业": firm.name,
                "统一社会信用代码": firm.uscc,
            },
        }
        for product in firm.products
    ]  # fmt: skip


def licence(drawing: Drawing | None = None, firm: DemoFirm = EXAMPLE) -> bytes:
    """The business licence with the firm's seal, a PNG: for the registration and for the application."""
    return (drawing or Drawing()).licence(
        uscc=firm.uscc,
        left=[
            ("名　　称", firm.name), ("类　　型", "有限责任公司（自然人投资或控股）"),
            ("法定代表人", firm.legal_representative),
            (
                "经营范围",
                "电线、电缆制造；电线、电缆销售。（依法须经批准的项目，经相关部门批准后方可开展经营活动）（样例）",
            ),
        ],
        right=[
            ("注册资本", "伍仟万元整"), ("成立日期", "2016年04月18日"), ("营业期限", "2016年04月18日至长期"),
            ("住　　所", firm.address),
        ],
        authority=_AUTHORITY, day="2023年06月12日", firm=firm.name,
    )  # fmt: skip


def photo(name: str) -> bytes:
    """One of the rendered photos: certificate-1, certificate-small-1, certificate-2, body-1, body-2 (.jpg)."""
    return (resources.files("app.demo") / "files" / name).read_bytes()


def demo_materials(
    today: date,
    *,
    real_now: datetime,
    font_folders: Sequence[Path] = (),
    firm: DemoFirm = EXAMPLE,
    photo: Callable[[str], bytes] = photo,
) -> list[DemoMaterial]:
    """Everything for an application at level A on the Shanghai day ``today``, in the order of the list.

    Photographed were items of September 2026: play it from October 2026 on. ``real_now`` is the real, aware time, for
    the electronic seal. ``photo`` gives the firm's photos, by the names of the function :func:`photo`. Takes some two
    seconds and runs an event loop of its own: call it in a thread. Raises :class:`app.demo.paper.NoChineseFont`.
    """
    drawing = Drawing(font_folders)
    drawing.check()
    return [
        DemoMaterial("business_licence", None, "营业执照-样例.png", licence(drawing, firm)),
        *_qualifications(drawing, firm, today, real_now),
        DemoMaterial("trace_policy", None, "质量追溯管理制度-样例.pdf", _policy(drawing, firm, today)),
        *_photos(firm, photo),
        DemoMaterial("code_selection_proof", None, "追溯码选用证明-样例.pdf", _code_selection(drawing, firm, today)),
        *_ledgers(firm, today),
        DemoMaterial("coverage_support", None, "赋码标签领用记录-样例.pdf", _coverage_support(drawing, firm, today)),
        *_uploads(drawing, firm, today),
        *_queries(drawing, firm, today),
        DemoMaterial("system_link_proof", None, "系统对接证明-样例.pdf", _system_link(drawing, firm, today)),
        DemoMaterial(
            "marketplace_records", None, "网售平台核验记录-样例.png", _marketplace(drawing, firm, today),
            {"checked": 40, "passed": 39},
        ),
    ]  # fmt: skip


# --- papers -----------------------------------------------------------------------------------------------------------


def _day(day: date) -> str:
    return f"{day.year}年{day.month:02d}月{day.day:02d}日"


def _qualifications(drawing: Drawing, firm: DemoFirm, today: date, real_now: datetime) -> list[DemoMaterial]:
    """One as a PDF with an electronic seal, one as a scan with a seal in ink (R42)."""
    issued = date(today.year - 1, 3, 20)
    found = []
    for index, product in enumerate(firm.products):
        rows = [
            ("证书编号", product.ccc_number), ("认证委托人名称", firm.name), ("认证委托人地址", firm.address),
            ("生产者（制造商）名称", firm.name), ("生产企业名称", firm.name), ("生产企业地址", firm.address),
            ("产品名称和系列、规格、型号", f"{product.name} {product.model} {product.voltage}"),
            ("产品标准和技术要求", product.standard), ("发证日期", _day(issued)),
            ("有效期至", _day(issued.replace(year=issued.year + 5))),
        ]  # fmt: skip
        words = ("上述产品符合强制性产品认证实施规则的要求，特发此证（样例）。",)
        on_paper = {"rows": rows, "firm": _BODY_OF_CERTIFICATION, "day": _day(issued), "seal": _BODY_OF_CERTIFICATION}
        title = "中国国家强制性产品认证证书"
        if index == 0:
            pdf = drawing.paper(title, words, **on_paper)  # type: ignore[arg-type]
            data, name = signed(pdf, firm.name, real_now), f"认证证书-{product.model}-样例.pdf"
        else:
            data = drawing.paper(title, words, **on_paper, beside=firm.name, form="png")  # type: ignore[arg-type]
            name = f"认证证书-{product.model}-样例.png"
        found.append(DemoMaterial("product_qualification", index, name, data))
    return found


def _policy(drawing: Drawing, firm: DemoFirm, today: date) -> bytes:
    words = (
        "第一条　为落实重点工业产品质量追溯要求，做到来源可查、去向可追、责任可究，制定本制度（样例）。",
        "第二条　职责：质量部负责追溯码的编制、发放和核对；生产部负责在合格证和最小销售包装上赋码；"
        "销售部负责登记产品流向；信息部负责把追溯数据上传国家追溯平台。",
        "第三条　每批产品赋予含商品代码、生产批次和序列号的追溯码，一码一物，不得重复使用。",
        "第四条　合格证上的二维码边长不小于 20 mm，四周留白不小于 3 mm，印刷清晰，"
        "逐批抽检不少于 5%，记录保存一年以上。",
        "第五条　原材料、生产、检验、销售信息当日录入追溯台账，次日核对上传结果，上传失败的 24 小时内重传。",
        "第六条　追溯信息向公众开放查询；每月核对一次查询页面与台账是否一致。",
        "第七条　本制度自发布之日起施行，由质量部负责解释。",
    )
    day = _day(date(today.year - 1, 1, 8))
    rows = (("编制单位", firm.name), ("文件编号", "SF-QT-01（样例）"), ("发布日期", day))
    return drawing.paper("产品质量追溯管理制度", words, rows=rows, firm=firm.name, day=day, seal=firm.name)


def _code_selection(drawing: Drawing, firm: DemoFirm, today: date) -> bytes:
    words = (
        f"兹证明本企业选用 GS1 编码作为质量追溯码，厂商识别代码 {firm.gs1_prefix}（样例），"
        "追溯码由商品代码（01）、生产批次（10）和序列号（21）组成，每件产品一个，不重复使用。",
        "编码规则：批次为产品线字母加年月日，序列号为当批流水号，从 0001 起。",
    )
    table = (
        ("产品", "商品代码", "赋码样例"),
        *((f"{item.made.name} {item.made.model}", item.made.gtin, item.code) for item in firm.items()),
    )
    return drawing.paper(
        "质量追溯码选用证明", words, rows=(("企业名称", firm.name), ("统一社会信用代码", firm.uscc)), table=table,
        firm=firm.name, day=_day(date(today.year - 1, 1, 10)), seal=firm.name,
    )  # fmt: skip


def _coverage_support(drawing: Drawing, firm: DemoFirm, today: date) -> bytes:
    rows = [
        (f"{year}-{month:02d}", f"{coded + 120}", f"{coded}", "120") for year, month, _, coded in _monthly(firm, today)
    ]
    table = (("月份", "追溯码标签领用数量（张）", "赋码数量（张）", "结余与作废（张）"), *rows)
    words = ("下表为最近 12 个完整月追溯码标签的领用和使用情况，与用码覆盖率统计清单一致（样例）。",)
    return drawing.paper(
        "赋码标签领用与使用说明", words, rows=(("企业名称", firm.name),), table=table, firm=firm.name,
        day=_day(today - timedelta(days=1)), seal=firm.name,
    )  # fmt: skip


def _system_link(drawing: Drawing, firm: DemoFirm, today: date) -> bytes:
    words = (
        "本企业追溯系统与 ERP 管理系统（样例）通过接口对接：生产工单完工后，"
        "批次、数量和检验结果由 ERP 自动写入追溯系统，"
        "销售出库后流向自动写入追溯系统，人工只核对异常数据。",
        "接口：GET /orders/finished、POST /trace/batches（样例），每 10 分钟一次。",
    )
    table = (
        ("时间", "接口", "条数", "结果"),
        *(
            ((today - timedelta(days=n)).isoformat() + " 08:00", "完工批次写入追溯系统", str(18 + n), "成功")
            for n in range(1, 6)
        ),
    )
    return drawing.paper(
        "追溯系统与企业管理系统对接证明", words, rows=(("企业名称", firm.name),), table=table, firm=firm.name,
        day=_day(today - timedelta(days=1)), seal=firm.name,
    )  # fmt: skip


# --- photos -----------------------------------------------------------------------------------------------------------


def _photos(firm: DemoFirm, photo: Callable[[str], bytes]) -> list[DemoMaterial]:
    """The first certificate is refused first: its code is printed too small (D.3.1)."""
    found = [
        DemoMaterial("certificate_photo", 0, "合格证-1-样例.jpg", photo("certificate-small-1.jpg"), first_try=True)
    ]
    for item in firm.items():
        number = item.product + 1
        found += [
            DemoMaterial(
                "certificate_photo", item.product, f"合格证-{number}-重印-样例.jpg" if number == 1 else
                f"合格证-{number}-样例.jpg", photo(f"certificate-{number}.jpg"),
            ),
            DemoMaterial(
                "body_photo", item.product, f"本体-{number}-样例.jpg", photo(f"body-{number}.jpg"), {"place": "body"}
            ),
        ]  # fmt: skip
    return found


# --- ledgers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Batch:
    item: Item
    made: int
    coded: int


def _full_months(today: date) -> list[tuple[int, int]]:
    """The last twelve full months before ``today``, the earliest first (R43)."""
    last = today.year * 12 + today.month - 2
    return [divmod(number, 12) for number in range(last - _MONTHS + 1, last + 1)]


def _batches(firm: DemoFirm, today: date) -> list[_Batch]:
    """Two batches of each product a month; those of the photographed items stand in their own month."""
    shown = {(item.product, item.made_on.year, item.made_on.month): item for item in firm.items()}
    found = []
    for number, (year, month0) in enumerate(_full_months(today)):
        for product, of in enumerate(firm.products):
            for half in range(2):
                made_on = date(year, month0 + 1, 6 + 14 * half)
                letter, serial = "LR"[product], "0001"
                batch = f"{letter}{made_on:%y%m%d}"
                code = f"https://id.gs1.org/01/{of.gtin}/10/{batch}/21/{serial}"
                item = Item(product, of, batch, serial, made_on, code)
                if half == 1:
                    item = shown.get((product, year, month0 + 1), item)
                made = 360 + 40 * product + 15 * (number % 5) + 20 * half
                found.append(_Batch(item, made, made - (3 + number % 4 + 14 * (1 - half))))
    return found


def _monthly(firm: DemoFirm, today: date) -> list[tuple[int, int, int, int]]:
    """Year, month, what was made, what was coded: sums of the batches."""
    batches = _batches(firm, today)
    found = []
    for year, month0 in _full_months(today):
        own = [b for b in batches if (b.item.made_on.year, b.item.made_on.month) == (year, month0 + 1)]
        found.append((year, month0 + 1, sum(b.made for b in own), sum(b.coded for b in own)))
    return found


def _csv(firm: DemoFirm, title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """A sheet as Excel saves it: a title, a header, rows; the byte order mark says it is UTF-8."""
    lines = [f"{firm.name} {title}（样例）" + "," * (len(header) - 1), ",".join(header)]
    lines += [",".join(map(str, row)) for row in rows]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _ledgers(firm: DemoFirm, today: date) -> list[DemoMaterial]:
    batches = _batches(firm, today)
    production = [
        (b.item.made.name, b.item.made.model, CATEGORY, b.item.batch, b.item.made_on, b.made, b.coded, "合格")
        for b in batches
    ]
    coverage = [
        (f"{year}-{month:02d}", CATEGORY, made, coded, f"{coded * 1000 // made / 10:.1f}%")
        for year, month, made, coded in _monthly(firm, today)
    ]
    traced = [*batches[-16:]]
    known = {b.item.batch for b in traced}
    traced += [_Batch(item, 400, 396) for item in firm.items() if item.batch not in known and item.made_on < today]
    trace = [
        (
            b.item.made.name, b.item.made.model, b.item.batch, b.item.code, f"CU{b.item.made_on:%y%m}-{n:02d}",
            b.item.made_on, b.made, b.item.made_on + timedelta(days=1), "合格", f"JY{b.item.batch[1:]}",
            b.item.made_on + timedelta(days=6), f"样例客户{n % 7 + 1:02d}", b.made - 10,
            f"{b.item.made_on + timedelta(days=1)} 08:30:00", "成功",
        )
        for n, b in enumerate(traced)
    ]  # fmt: skip
    products = [
        (n, p.name, p.model, CATEGORY, p.standard, p.gtin, p.ccc_number) for n, p in enumerate(firm.products, 1)
    ]
    return [
        DemoMaterial("production_ledger", None, "生产台账-样例.csv", _csv(
            firm, "生产台账",
            (
                "产品名称", "规格型号", "产品品类", "生产批次", "生产日期", f"生产数量（{_UNIT}）", "赋码数量",
                "检验结果",
            ),
            production,
        )),
        DemoMaterial("coverage_list", None, "用码覆盖率统计清单-样例.csv", _csv(
            firm, "用码覆盖率统计清单",
            ("月份", "产品品类", f"生产总量（{_UNIT}）", f"赋码数量（{_UNIT}）", "用码覆盖率"),
            coverage,
        )),
        DemoMaterial("trace_ledger", None, "追溯数据台账-样例.csv", _csv(
            firm, "追溯数据台账",
            (
                "产品名称", "规格型号", "生产批次", "追溯码", "原材料批次", "生产日期", f"生产数量（{_UNIT}）",
                "检验日期", "检验结论", "检验报告编号", "销售日期", "客户名称", f"销售数量（{_UNIT}）", "上传时间",
                "上传结果",
            ),
            trace,
        )),
        DemoMaterial("product_ledger", None, "产品基础信息台账-样例.csv", _csv(
            firm, "产品基础信息台账",
            ("序号", "产品名称", "规格型号", "产品品类", "执行标准", "商品条码", "认证证书编号"),
            products,
        )),
    ]  # fmt: skip


# --- screens ----------------------------------------------------------------------------------------------------------


def _uploads(drawing: Drawing, firm: DemoFirm, today: date) -> list[DemoMaterial]:
    """The record line by line, 46 of 48 accepted; its page on the platform; and that the two are linked."""
    rows = [
        (
            n + 1, _PLATFORM, f"{b.item.made_on + timedelta(days=1)} 08:30:00", b.item.made.name,
            b.item.batch, b.coded, "失败" if n in (5, 29) else "成功",
        )
        for n, b in enumerate(_batches(firm, today))
    ]  # fmt: skip
    header = ("序号", "上传平台", "上传时间", "产品名称", "生产批次", "数据条数", "上传结果")
    shown = [(str(row[2]), str(row[4]), str(row[5]), "上传成功" if row[6] == "成功" else "失败") for row in rows[-8:]]
    ledger = _csv(firm, "国家追溯平台数据上传记录", header, rows)
    screen = drawing.screen(
        f"{_PLATFORM}　数据上传记录", rows=[("企业名称", firm.name), ("统一社会信用代码", firm.uscc)],
        table=[("上传时间", "生产批次", "数据条数", "上传结果"), *shown],
        address="https://trace.sample-platform.cn/enterprise/uploads", clock=f"{today - timedelta(days=1)} 10:12",
    )  # fmt: skip
    link = drawing.screen(
        f"{_PLATFORM}　接口对接信息",
        rows=[
            ("企业名称", firm.name), ("统一社会信用代码", firm.uscc), ("对接方式", "数据接口，按批同步"),
            ("对接状态", "已接入"),
            ("接入日期", f"{today.year - 1}-02-15"), ("最近一次同步", f"{today - timedelta(days=1)} 08:30:00"),
        ],
        address="https://trace.sample-platform.cn/enterprise/link", clock=f"{today - timedelta(days=1)} 10:20",
    )  # fmt: skip
    return [
        DemoMaterial("upload_records", None, "上传记录-样例.csv", ledger),
        DemoMaterial("upload_records", None, "上传记录截图-样例.png", screen),
        DemoMaterial("upload_link_proof", None, "平台对接证明-样例.png", link),
    ]


def _queries(drawing: Drawing, firm: DemoFirm, today: date) -> list[DemoMaterial]:
    """Look-ups by scan, on the web site and in the mini-program; the link; and the log of look-ups."""
    items = firm.items()
    first, second = items[0], items[-1]
    day = today - timedelta(days=1)
    found = []
    for channel, item, words in (("scan", first, "扫码"), ("web", second, "官网"), ("miniapp", first, "小程序")):
        rows = [
            ("产品名称", item.made.name), ("规格型号", item.made.model), ("生产批次", item.batch),
            ("生产日期", item.made_on.isoformat()), ("生产企业", firm.name), ("检验结果", "合格"),
            ("查询时间", f"{day} 09:41:22"), ("查询次数", "3"),
        ]  # fmt: skip
        shot = drawing.screen(
            f"产品追溯查询结果（{words}）", rows=rows, address=f"https://{firm.host}/q/{item.batch}/{item.serial}",
            clock="9:41", picture=_code(item.code), phone=True,
        )  # fmt: skip
        found.append(DemoMaterial("query_demo", None, f"查询演示-{words}-样例.png", shot, {"channel": channel}))
    link = drawing.screen(
        "追溯查询测试链接", rows=[("企业名称", firm.name), ("查询网址", firm.query_url)], address=firm.query_url,
        clock="9:45", picture=_code(firm.query_url), phone=True,
    )  # fmt: skip
    batches = _batches(firm, today)[-12:]
    log = [
        (
            f"{today - timedelta(days=40 - 3 * n)} 1{n % 9}:2{n % 6}:05", b.item.code, b.item.made.name,
            ("扫码", "官网", "小程序")[n % 3], f"样例市{n % 4 + 1}区",
        )
        for n, b in enumerate(batches)
    ]  # fmt: skip
    header = ("查询时间", "追溯码", "产品名称", "查询渠道", "查询地区")
    return [
        *found,
        DemoMaterial("query_link", None, "查询测试链接-样例.png", link, {"link": firm.query_url}),
        DemoMaterial("query_log", None, "查询记录台账-样例.csv", _csv(firm, "查询记录台账", header, log)),
    ]


def _code(text: str) -> str:
    return segno.make(text, error="m", micro=False).svg_inline(scale=4, border=4)


def _marketplace(drawing: Drawing, firm: DemoFirm, today: date) -> bytes:
    models = [firm.products[n % len(firm.products)].model for n in range(6)]
    rows = [
        (f"{today - timedelta(days=7 * n + 2)}", model, "合格证追溯码", "审核通过") for n, model in enumerate(models)
    ]
    return drawing.screen(
        f"{_MARKETPLACE}（样例）　商家后台　平台核验记录",
        rows=[("店铺", f"{firm.name}旗舰店"), ("累计核验", "40 次"), ("通过", "39 次")],
        table=[("核验日期", "型号", "核验内容", "平台审核结果"), *rows],
        address="https://seller.sample-mall.cn/verify", clock=f"{today - timedelta(days=1)} 10:31",
    )  # fmt: skip
