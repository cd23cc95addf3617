"""One set of values for every page's template, so that each can be looked at without a database."""

from datetime import UTC, date, datetime
from types import SimpleNamespace as Row
from typing import Any

from standard.months import Month
from web import year_chart
from web.poster import drawn
from web.wording import MONTH_TONES
from workflow.problems import Kind, Refused
from workflow.scanning.items import RefusedLine
from workflow.scanning.scan_counts import ProductScans, Summary
from workflow.telling.reminder_calendar import Occasion
from workflow.telling.reminder_choices import OCCASION_NAMES, Choice

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
NUMBER = "T/CMIF-2026-000001"
USCC = "91330100MA2SAMPL0X"
FIRM = "样例电线电缆（杭州）有限公司"


YEAR = [
    Row(month="2026-12", state="on_time", words="按时合规"),
    Row(month="2027-01", state="made_up", words="补报合规"),
    Row(month="2027-02", state="warned", words="预警，待补报"),
    Row(month="2027-03", state="missed", words="未提报"),
    Row(month="2027-04", state="made_up_late", words="逾期补报"),
    Row(month="2027-05", state="on_time_failed", words="不合规"),
    Row(month="2027-06", state="open", words="提报中"),
    *(Row(month=f"2027-{number:02d}", state="ahead", words="未到") for number in range(7, 11)),
]


def certificate(**given: Any) -> Row:
    values = {
        "number": NUMBER,
        "path": "/c/T-CMIF-2026-000001",
        "grade": "AA",
        "grade_name": "优秀级",
        "state": "active",
        "state_words": "正常（延续至 2026 年 12 月）",
        "alive": given.get("state", "active") in {"active", "warned", "suspended"},
        "enterprise": FIRM,
        "uscc": USCC,
        "address": "浙江省杭州市样例区样例路 18 号 3 幢",
        "categories": ["电线电缆", "光纤光缆"],
        "issued_on": date(2026, 11, 23),
        "last_day": date(2027, 11, 22),
        "as_of": date(2026, 11, 24),
        "continued_through": "2026-12",
        "months": YEAR[:5],
        "year": YEAR,
        "points": 3,
        "conditions": [],
        "remarks": ["企业声明不在网上销售，网售要素不适用。"],
        "is_sample": True,
        "previous": "",
        "successor": "",
        "revision": 2,
        "pdf_ready": True,
        "history": [(date(2026, 11, 23), "发放证书。")],
    }
    return Row(**{**values, **given})


def publication(**given: Any) -> Row:
    content = {
        "firm": FIRM,
        "uscc": USCC,
        "is_sample": True,
        "categories": ["电线电缆", "光纤光缆"],
        "level": "AA",
        "grade": "AA",
        "grade_name": "AA 级（优秀级）",
        "basis": [
            {"title": "产品合格证赋码", "level_name": "AA 级（优秀级）", "words": "合格证赋码：符合；合格证印刷：符合"},
            {"title": "用码覆盖率", "level_name": "AA 级（优秀级）", "words": "用码覆盖率 97.21%"},
        ],
        "print": {"outcome": "pass", "words": "合格证赋码印刷符合附录 D"},
        "final": False,
    }
    values = {
        "id": 7,
        "ref": "sample-pub",
        "content": content,
        "published_at": NOW,
        "closes_at": LATER,
        "state": "running",
    }
    return Row(**{**values, **given})


def upgrade_publication(*, applies: bool = True, **given: Any) -> Row:
    made = publication(**given)
    words = (
        f"升级复核：证书 {NUMBER} 由 B 级升为 AA 级（8.5(3)）。" if applies else "复核结果没有用于证书，证书等级不变。"
    )
    made.content["upgrade"] = {"number": NUMBER, "grade_before": "B", "words": words, "applies": applies}
    return made


VISITOR = Row(form_token="sample-token")
PRODUCT = Row(
    id=3, name="聚氯乙烯绝缘电线（样例）", model="BV 2.5", category="电线电缆", sheet_width_um=100_000,
    sheet_height_um=70_000,
    code_patterns=[
        Row(kind="gtin_prefix", value="6901234", proved_at=None), Row(kind="host", value="id.sample.test", proved_at=1)
    ],
)  # fmt: skip
ENTERPRISE = Row(id=1, uscc=USCC, name=FIRM, is_sample=True, organisation_role="maker")
PURCHASER = Row(id=2, uscc=USCC, name="样例采购有限公司", is_sample=True, organisation_role="buyer")
OWNER = Row(
    id=5, role="owner", name="张工（样例）", title="质检员", created_at=NOW, enterprise=ENTERPRISE, enterprise_id=1
)


def application(state: str = "draft", **given: Any) -> Row:
    values = {
        "id": 9, "ref": "sample-application", "level": "AA", "state": state, "enterprise": ENTERPRISE, "findings": [],
        "opened_at": NOW, "due_at": LATER, "grade": None, "result": None, "upgrades_id": None, "grade_before": "",
        "round": 0,
    }  # fmt: skip
    return Row(**{**values, **given})


FILED = {
    "2026-12": date(2026, 12, 8), "2027-01": date(2027, 1, 28), "2027-04": date(2027, 5, 6),
    "2027-05": date(2027, 5, 21), "2027-06": date(2027, 6, 11),
}  # fmt: skip
"""The day on which each of :data:`YEAR` was filed; of the open one, today."""

OWED = [
    Row(ref="sample-month", title="2027 年 2 月资料", said=Row(tone="unclear", name="预警，待补报"), urgent=True,
        until="2027-03-02 24:00 前补报（8.1(3)），还有 2 天"),
    Row(ref="sample-month-2", title="2027 年 6 月资料", said=Row(tone="", name="提报中"), urgent=False,
        until="2027-06-25 24:00 截止，还有 14 天"),
]  # fmt: skip


def year_page(year: list[Row] = YEAR, **given: Any) -> tuple[str, dict[str, Any]]:
    states = {"on_time": "continued", "missed": "suspended", "on_time_failed": "suspended"}
    columns = [
        year_chart.Column(
            one.month,
            states.get(one.state, one.state),
            date.fromisoformat(f"{one.month}-01"),
            date.fromisoformat(f"{one.month}-25"),
            FILED.get(one.month),
        )
        for one in year
    ]
    year = [Row(**{**vars(one), "state": states.get(one.state, one.state)}) for one in year]
    months = [
        Row(**vars(one), ref="sample-month" if one.state != "ahead" else "", detail="2026-12-08 交齐，按时",
            said=Row(tone=MONTH_TONES[one.state], name=one.words))
        for one in year
    ]  # fmt: skip
    values = {
        "visitor": VISITOR, "firm": ENTERPRISE, "certificate": certificate(), "months": months,
        "owed": OWED,
        "opens": None, "chart": year_chart.drawn(columns),
        "summary": "2026 年 12 月：按时合规。2027 年 1 月：补报合规。",
        "rates": Row(timely="50%", compliant="33.33%", counts="按时合规 3 个月，补报合规 1 个月，不合规 2 个月"),
        "ladder": [
            Row(level="B", timely=("80%", False), compliant=("", True)),
            Row(level="A", timely=("90%", False), compliant=("90%", False)),
            Row(level="AA", timely=("95%", True), compliant=("95%", False)),
            Row(level="AAA", timely=("100%", False), compliant=("100%", False)),
        ],
        "towards": 2, "limit": 3,
    }  # fmt: skip
    return "year.html", {**values, **given}


def card(**given: Any) -> Row:
    values = {
        "uscc": USCC, "name": FIRM, "is_sample": True, "grade": "AA", "grade_name": "优秀级", "state": "active",
        "alive": True, "number": NUMBER, "path": "/c/T-CMIF-2026-000001", "last_day": date(2027, 11, 22),
        "continued_through": Month(2026, 12), "months": 2, "points": 12, "year": 2026, "year_points": 7,
        "tender": Row(tender="entry", reason="达到入围基本条件；优先考虑还差：现为 AA 级，要求 AAA 级（10.2(2)）"),
        "as_of": NOW, "disclaimer": "等级反映企业的质量追溯能力，不代表产品质量或真伪认证。",
    }  # fmt: skip
    return Row(**{**values, **given})


CARDS = [
    card(),
    card(uscc="91330100MA00000072", name="样例阀门厂", grade="AAA", grade_name="卓越级", points=31, year_points=18,
         tender=Row(tender="preferred", reason="优先考虑（10.2(2)）")),
    card(uscc="91310000MA0000007L", name="样例高低压成套开关设备制造（上海）股份有限公司", state="suspended",
         tender=Row(tender="below_entry", reason="未达入围基本条件：证书状态为“暂停”（10.2(2)）")),
    card(uscc="913100000000000001", name="样例公示企业", grade="A", grade_name="良好级", state="none", number="",
         path="/f/913100000000000001", alive=False, last_day=None, continued_through=None, months=0, points=0,
         tender=Row(tender="below_entry", reason="未达入围基本条件（10.2(2)）")),
]  # fmt: skip
CONFIRMATION = Row(
    ref="sample-confirmation", state="signed", as_of=NOW,
    certificate=Row(enterprise=Row(uscc=USCC)),
    face={
        "supplier": FIRM, "as_of_words": "截至 2026-11-24 10:00（北京时间）",
        "fields": [["供应商名称", FIRM], ["追溯能力等级", "AA 级（优秀级）"], ["证书状态", "正常"],
                   ["出具给", "样例采购集团有限公司（91310000MA0000007L）"]],
    },
)  # fmt: skip


def compare_page(cards: list[Row] = CARDS, **given: Any) -> tuple[str, dict[str, Any]]:
    values = {
        "cards": cards, "full": False, "most": 5, "left_out": 0, "here": ",".join(one.uscc for one in cards),
        "without": {one.uscc: "/compare?f=x" for one in cards}, "text": "", "hits": [],
        "adopt": {one.uscc: f"/my/adoptions/new?supplier={one.uscc}&f=x" for one in cards if one.alive},
        "tender_words": {"below_entry": "未达入围条件", "entry": "达到入围条件", "preferred": "优先考虑"},
    }  # fmt: skip
    return "compare.html", {**values, **given}


def supplier_page(shown: Row = CARDS[0], **given: Any) -> tuple[str, dict[str, Any]]:
    values = {
        "visitor": VISITOR, "card": shown, "headline": "AA 级（优秀级），证书正常", "watched": False,
        "confirmation": None, "compare": "/compare?f=x", "problem": None,
    }  # fmt: skip
    return "supplier.html", {**values, **given}


def confirmation_page(**given: Any) -> tuple[str, dict[str, Any]]:
    shown = Row(**{**vars(CONFIRMATION), **given})
    return "confirmation.html", {"visitor": VISITOR, "confirmation": shown, "face": shown.face}


def adoption_form(**given: Any) -> tuple[str, dict[str, Any]]:
    values = {
        "visitor": VISITOR, "card": CARDS[0], "headline": "AA 级（优秀级），证书正常", "verified": True,
        "roles": [("tenderer", "招标人"), ("agency", "招标代理机构"), ("buyer", "采购人")],
        "ways": (("uploaded", "上传招标文件和中标通知书"), ("obtained", "从平台获取结果，直接备案")), "problem": None,
        "values": {"customer_name": "样例采购集团有限公司", "customer_uscc": "91310000MA0000007L"},
        "basket": [one.uscc for one in CARDS[:2]],
    }  # fmt: skip
    return "adoption_new.html", {**values, **given}


def step(
    words: str = "请按清单交齐 AA 级（优秀级）申报资料并提交；提交前可以更换或撤下。", clause: str = "7.1(2)"
) -> Row:
    return Row(words=words, clause=clause, path="/my", due_at=None)


def material(state: str = "passed", **given: Any) -> Row:
    values = {
        "ref": "sample-material", "state": state, "round": None, "kind": "certificate_photo", "handed_in_at": NOW,
        "findings": [], "evidence": Row(file_name="IMG_2041.jpg", size=3_400_000),
    }  # fmt: skip
    return Row(**{**values, **given})


def slot(id: str, name: str, state: str, **given: Any) -> Row:  # noqa: A002
    values = {
        "material": Row(id=id, name=name, source="附录 A", clause="A", sealed=False, due="required", rows=()),
        "product": None, "handed_in": [], "state": state, "findings": [], "asks": (), "name": name,
        "accepts": ("image/jpeg", "image/png", "text/csv"),
    }  # fmt: skip
    return Row(**{**values, **given})


BAD = [
    {"clause": "D.3.1", "outcome": "fail", "reason": "二维码边长 17.8 mm，要求 ≥ 20 mm（D.3.1）：请放大后重印"},
    {"clause": "D.3.2", "outcome": "unclear", "reason": "静区看不清（D.3.2，R6）：请对焦后重拍"},
    {"clause": "D.2.2", "outcome": "pass", "reason": "两种程序都能识读（D.2.2）"},
]
ASKS = (
    Row(name="place", label="拍的是哪里", kind="choice", choices=(("body", "产品本体"), ("package", "包装")),
        required=True),
    Row(name="link", label="查询测试链接", kind="url", choices=(), required=True),
    Row(name="count", label="主要供应商共几家", kind="number", choices=(), required=False),
)  # fmt: skip
MISSING = [
    slot("business_licence", "营业执照电子扫描件（加盖企业电子公章）", "missing"),
    slot("body_photo", "产品本体或最小包装赋码实景清晰图片", "missing", product=PRODUCT, asks=ASKS),
]
FAILED = slot("certificate_photo", "赋码合格证实景清晰图片", "failed", product=PRODUCT, findings=BAD,
              handed_in=[material("failed", round=1)])  # fmt: skip
PASSED = slot("production_ledger", "重点工业产品生产或销售台账", "passed", handed_in=[material("passed")])
EXCUSED = slot("monthly_records", "月度追溯资料提报与核验记录", "excused",
               material=Row(id="monthly_records", name="月度资料提报记录", due="not_due", rows=("R1",)))  # fmt: skip
RESULT = {
    "grade": "A",
    "elements": [
        {"title": "产品合格证赋码", "level": "AAA", "missing": []},
        {"title": "用码覆盖率", "level": "A", "missing": ["用码覆盖率 93.10%，AA 级要求至少 95%（6 AA-2）"]},
    ],
    "next": {"level": "AA", "missing": ["用码覆盖率 93.10%，AA 级要求至少 95%（6 AA-2）"]},
    "upgrade": None,
}
UPGRADE = {"from": "B", "to": "A", "most": "AA", "year": 2026, "points": 12}
OBJECTION = Row(filed_at=NOW, state="open", due_at=LATER)


def application_page(state: str, groups: list[Any], **given: Any) -> tuple[str, dict[str, Any]]:
    values = {
        "visitor": VISITOR, "application": application(state), "firm": ENTERPRISE, "step": step(), "groups": groups,
        "progress": Row(have=9, need=17, sentence="AA 级：已交 9 项，共 17 项"), "lacking": [], "result": None,
        "publication": None, "objections": [], "certificate": None, "may_change": True, "waiting": False, "done": "",
        "may_hand_in": state in {"draft", "supplement"}, "may_withdraw": True, "here": "", "named": "申报",
        "may_upgrade": False,
    }  # fmt: skip
    return "application.html", {**values, **given}


def review_page(state: str, groups: list[Any], **given: Any) -> tuple[str, dict[str, Any]]:
    """An upgrade review from B to A."""
    values = {
        "application": application(state, upgrades_id=1, grade_before="B", level="A", grade="A"), "named": "升级复核",
        "certificate": certificate(grade="A" if state == "certified" else "B"),
        "step": step("升级复核结果（由 B 级升为 A 级）公示中，至 2026 年 11 月 27 日 24:00 结束。", "7.4"),
    }  # fmt: skip
    return application_page(state, groups, **{**values, **given})


def upgrade_page(**given: Any) -> tuple[str, dict[str, Any]]:
    closed = Row(reason="年度资信 3 分，一次至多升 1 级，不能由 B 级升为 AA 级（8.5(3)，R18）")
    rungs = [Row(level="A", closed=None), Row(level="AA", closed=closed), Row(level="AAA", closed=closed)]
    offer = {
        "certificate": certificate(grade="B"), "points": 3, "year": 2026, "rungs": rungs, "open": ("A",),
        "closed": {closed.reason: ["AA", "AAA"]},
        "categories": ("电线电缆",), "sells_online": False, **given.pop("offer", {}),
    }  # fmt: skip
    values = {
        "visitor": VISITOR, "firm": ENTERPRISE, "products": [PRODUCT], "levels": LEVELS, "lacking": [],
        "offer": Row(**offer), "values": {}, "problem": None,
    }  # fmt: skip
    return "upgrade.html", {**values, **given}


NOTICES = [
    Row(id=2, title="资料需要补充", body="有 1 项没有通过核验，请补正。", path="/my", read_at=None,
        created_at=NOW, clause="7.2(3)"),
    Row(id=1, title="企业注册通过", body="您已成为企业管理员。", path="", read_at=NOW, created_at=NOW, clause="7.1(1)"),
]  # fmt: skip


def registration(state: str, findings: Any = ()) -> tuple[str, dict[str, Any]]:
    return "registration.html", {
        "visitor": VISITOR,
        "registration": Row(
            ref="sample-registration", state=state, name=FIRM, uscc=USCC, address="样例路 18 号", created_at=NOW,
            due_at=LATER, findings=findings, organisation_role="maker",
        ),
    }  # fmt: skip


def filing_file(state: str = "passed", **given: Any) -> Row:
    values = {
        "ref": f"sample-{state}", "state": state, "kind": "certificate_photo", "handed_in_at": NOW, "findings": [],
        "batch": "L2026A", "code": "(01)06901234567892(10)L2026A", "evidence": Row(file_name="", size=2_400_000),
    }  # fmt: skip
    return Row(**{**values, **given})


def month_slot(kind: str, title: str, state: str, *files: Row, **given: Any) -> Row:
    values = {
        "kind": kind, "title": title, "state": state, "files": files, "have": len(files), "need": 1, "most": 3,
        "product": None, "accepts": ("image/jpeg", "image/png"), "asks": (),
    }  # fmt: skip
    return Row(**{**values, **given})


SIDE = Row(name="side", label="谁的查询记录", kind="choice", choices=(("public", "公众端"), ("firm", "企业自查")),
           required=False)  # fmt: skip
SECOND = Row(id=4, name="聚氯乙烯护套软电缆（样例）", model="RVV 3×1.5")
MONTH = Row(ref="sample-month", month="2026-12")


def month_page(**given: Any) -> tuple[str, dict[str, Any]]:
    failed, unclear = filing_file("failed"), filing_file("unclear", kind="query_screenshot")
    values = {
        "visitor": VISITOR, "filing": MONTH, "firm": ENTERPRISE, "owed": True, "may_hand_in": True, "decided": "",
        "said": Row(tone="", name="提报中", sentence="按清单交齐后提交"), "done": "", "verdict": [], "here": "",
        "until": "2026-12-25 24:00 截止，还有 5 天",
        "checklist": Row(
            products=[
                Row(product=PRODUCT, repeated=True, slots=[
                    month_slot("certificate_photo", "合格证照片", "failed", failed, product=PRODUCT),
                    month_slot("body_photo", "本体或包装照片", "waiting", filing_file("handed_in"), product=PRODUCT),
                ]),
                Row(product=SECOND, repeated=False, slots=[
                    month_slot("certificate_photo", "合格证照片", "passed", filing_file(), product=SECOND),
                    month_slot("body_photo", "本体或包装照片", "missing", product=SECOND),
                ]),
            ],
            screenshots=month_slot(
                "query_screenshot", "追溯查询截图", "missing", unclear, need=3, most=5, asks=(SIDE,)
            ),
            ledger=month_slot("update_ledger", "追溯数据更新台账", "passed", filing_file(), accepts=("text/csv",)),
            optional=month_slot("optional", "选报材料", "optional", need=0, most=10),
            missing=["本体或包装照片（聚氯乙烯护套软电缆（样例） RVV 3×1.5）还差 1 张", "追溯查询截图还差 2 张"],
            waiting=1, complete=False, passing=False,
        ),
        "wrong": {"sample-failed": BAD[:2], "sample-unclear": BAD[1:2], "sample-handed_in": [], "sample-passed": []},
        "choices": [
            Row(product=Row(id=6, name="样例电缆", model="YJV 4×16"), repeated=False, refused=""),
            Row(product=Row(id=7, name="样例电缆", model="YJV 4×25"), repeated=True, refused="上月已提报"),
        ],
    }  # fmt: skip
    return "month.html", {**values, **given}


NO_FILES = Row(
    products=[], missing=["还差 2 款产品的合格证照片等资料（每月不少于 2 款，C(5)）"],
    waiting=0, complete=False, passing=False,
    screenshots=month_slot("query_screenshot", "追溯查询截图", "missing", need=3, most=5, asks=(SIDE,)),
    ledger=month_slot("update_ledger", "追溯数据更新台账", "missing", accepts=("text/csv",)),
    optional=month_slot("optional", "选报材料", "optional", need=0, most=10),
)  # fmt: skip


def sampling_page(**given: Any) -> tuple[str, dict[str, Any]]:
    record = {"sampled": 40, "lot": 1000, "failed": 0, "inspected_on": "2026-11-20"}
    values = {
        "visitor": VISITOR, "firm": ENTERPRISE, "products": [(3, "聚氯乙烯绝缘电线（样例） BV 2.5")], "saved": "",
        "may_record": True, "today": date(2026, 11, 24),
        "records": [
            Row(ref="sample-record", product=PRODUCT, batch="L2026A", record=record, filing=MONTH, findings=BAD,
                keep_through=date(2027, 11, 20)),
            Row(ref="sample-record-2", product=SECOND, batch="L2026B", record=record, filing=None, findings=BAD[2:],
                keep_through=date(2027, 11, 20)),
        ],
    }  # fmt: skip
    return "sampling.html", {**values, **given}


def credit(**given: Any) -> Row:
    return Row(**{"points": 12, "year": 2026, "year_points": 7, "praised_by": 0, "notices": [], **given})


def adoption(state: str = "valid", **given: Any) -> Row:
    return Row(
        **{
            "ref": "sample-adoption", "state": state, "supplier": ENTERPRISE, "customer_name": "样例采购集团有限公司",
            "customer_uscc": "91310000MA0000007L", "tender_number": "ZB-2026-001", "filed_by": "customer",
            "filed_at": NOW, "decided_at": NOW if state in {"valid", "refused", "false"} else None,
            "findings": BAD, **given,
        }
    )  # fmt: skip


WORDS = [
    Row(
        customer=Row(name="样例采购集团有限公司"), mood="positive", statement="扫码就能查到批次和检验结果", filed_at=NOW
    ),
    Row(customer=None, mood="negative", statement="查询页面有时打不开", filed_at=NOW),
]


def credit_page(**given: Any) -> tuple[str, dict[str, Any]]:
    points = Row(balance=12, year=2026, of_year=7, adoptions_12m=8, barred_through=None)
    entries = [
        (date(2026, 11, 20), Row(points=-1, reason="虚假招标采购记录：经查中标通知书系伪造；扣除 1 分（8.5(4)，R47）")),
        (date(2026, 11, 2), Row(points=0, reason="2026 年已加 20 分，达到上限 20 分，记录保留，不加分（8.5(2)，R16）")),
        (date(2026, 10, 8), Row(points=1, reason="有效招标采购记录，加 1 分，2026 年累计 7 分（8.5(2)）")),
    ]
    values = {
        "visitor": VISITOR, "firm": ENTERPRISE, "points": points, "cap": 20, "enough": 10, "barred": None,
        "entries": entries,
        "records": [adoption(state) for state in ("checking", "waiting", "valid", "refused", "false")],
        "may_file": True, "may_upgrade": True, "feedback": WORDS,
        "roles": [("tenderer", "招标人"), ("buyer", "采购人")],
        "files": [("tender_document", "招标采购文件"), ("award_notice", "中标通知书")],
    }  # fmt: skip
    return "credit.html", {**values, **given}


def adoption_page(one: Row, **given: Any) -> tuple[str, dict[str, Any]]:
    titles = {"tender_document": "招标采购文件", "award_notice": "中标通知书"}
    values = {
        "visitor": VISITOR, "adoption": one, "role": "招标人", "complete_through": None,
        "titles": titles, "kinds": list(titles.items()),
        "files": [
            Row(ref="f1", kind="tender_document", name="招标文件.pdf", state="passed", findings=[]),
            Row(ref="f2", kind="award_notice", name="通知书.jpg", state="unclear", findings=BAD[:1]),
        ],
        "may_add": False, "may_establish": False, "back": "/my", "basket": [],
    }  # fmt: skip
    return "adoption.html", {**values, **given}


MONTHS = tuple(Month(2026, 11).plus(-back) for back in range(12))


def scans_page(**given: Any) -> tuple[str, dict[str, Any]]:
    lines = (
        ProductScans(3, PRODUCT.name, PRODUCT.model, 1240, (310, 520, 410, *(0,) * 9)),
        ProductScans(4, SECOND.name, SECOND.model, 3, (3, *(0,) * 11)),
    )
    values = {
        "visitor": VISITOR, "firm": ENTERPRISE, "summary": Summary(NOW, MONTHS, (313, 520, 410, *(0,) * 9), lines),
        "kept_days": 400, "today": date(2026, 11, 24), "values": {"first": "2026-11-01", "last": "2026-11-24"},
    }  # fmt: skip
    return "scans.html", {**values, **given}


def items_page(**given: Any) -> tuple[str, dict[str, Any]]:
    lines = [
        RefusedLine(18, "(01)06901234567915(21)18", "码里的商品条码是 06901234567915，这款产品登记的是 06901234567892："
                    "请核对是不是这款产品的码（3.4）"),
        RefusedLine(40, "", "这一行没有追溯码"),
    ]  # fmt: skip
    file = Row(file_name="单件清单 2026 年 11 月（样例）.xlsx")
    values = {
        "visitor": VISITOR, "firm": ENTERPRISE, "product": PRODUCT, "filed": 12000, "waiting": True,
        "filings": [
            {"row": Row(state="received", accepted=0, refused=0, filed_at=NOW, evidence=file), "remark": "",
             "lines": []},
            {"row": Row(state="filed", accepted=11970, refused=30, filed_at=NOW, evidence=file),
             "remark": "其中 8 件此前已经申报，没有重复登记", "lines": lines},
            {"row": Row(state="refused", accepted=0, refused=0, filed_at=NOW, evidence=None),
             "remark": "没有找到追溯码这一列", "lines": []},
        ],
        "accept": ".xlsx,.csv", "may_file": True, "sent": True,
    }  # fmt: skip
    return "items.html", {**values, **given}


def reminders_page(**given: Any) -> tuple[str, dict[str, Any]]:
    values = {
        "visitor": VISITOR, "choice": Choice(hour=18, occasions=(Occasion.T3, Occasion.LAST), subscribed=True),
        "hours": range(9, 21), "occasions": OCCASION_NAMES, "link": None, "done": "",
    }  # fmt: skip
    return "reminders.html", {**values, **given}


def firm_page(**given: Any) -> tuple[str, dict[str, Any]]:
    values = {
        "visitor": VISITOR, "firm": ENTERPRISE, "staff": OWNER, "rank": 2, "application": application("publicity"),
        "step": step("评价结果（AA 级）公示中，至 2026 年 11 月 27 日 24:00 结束。", "7.4"),
        "earlier": [application("not_reached")], "certificates": [certificate()], "products": [PRODUCT], "owed": OWED,
        "points": 12,
        "named": "申报", "may_upgrade": False, "opens": date(2027, 1, 1),
        "members": [OWNER, Row(id=6, role="staff", name="李工（样例）", title="", created_at=NOW)],
        "invitations": [Row(id=8, role="viewer", expires_at=LATER)], "invited": None,
    }  # fmt: skip
    return "my_firm.html", {**values, **given}


LEVELS = [
    {"id": "B", "count": 13, "added": ["营业执照电子扫描件", "赋码合格证实景清晰图片"]},
    {"id": "A", "count": 19, "added": ["产品本体或最小包装赋码实景清晰图片"]},
    {"id": "AA", "count": 26, "added": ["MES 系统集成截图"]},
    {"id": "AAA", "count": 36, "added": ["一物一码赋码证明"]},
]
ITEM = Row(
    ref="sample-item", title=f"公示投诉：{FIRM}", clause="8.4(3)", enterprise=ENTERPRISE, due_at=NOW.replace(day=20),
    opened_at=NOW, state="open", decision=None, reason=None, decided_at=None,
)  # fmt: skip

WRONG = Refused(
    Kind.INVALID, "statement_short", "请写清哪一项与事实不符（至少 10 个字）", clause="8.4(3)", field="statement"
)

HITS = [
    Row(uscc=USCC, name=FIRM, is_sample=True, certificate=Row(number=NUMBER, grade="AA", state="active")),
    Row(uscc="91330100MA2SAMPL1X", name="样例燃气器具有限公司", is_sample=True, certificate=None),
    Row(
        uscc="91330100MA2SAMPL2X",
        name="样例电动自行车制造有限公司",
        is_sample=True,
        certificate=Row(number="T/CMIF-2026-000002", grade="B", state="suspended"),
    ),
]


def told(tone: str, headline: str, *lines: str, advice: str = "") -> Row:
    advice = advice or "请对照实物。有疑问先向卖家或生产企业核实；怀疑假冒或有质量问题，可拨打 12315 投诉举报。"
    disclaimer = "等级反映企业的质量追溯能力，不代表产品质量或真伪认证。"
    return Row(tone=tone, headline=headline, lines=lines, advice=advice, disclaimer=disclaimer)


SCANNED = Row(name=PRODUCT.name, model=PRODUCT.model, enterprise=ENTERPRISE)


def trace_page(
    tone: str = "pass", state: str = "active", *, stands: bool = True, year: list[Row] = YEAR, **given: Any
) -> tuple[str, dict[str, Any]]:
    values = {
        "said": told("good", "企业追溯能力 AA 级（优秀级），证书正常", "证书已延续至 2026 年 12 月。",
                     "这个码是第一次被查询（除您以外没有人查过）。"),
        "tone": tone,
        "product": SCANNED,
        "facts": (("产品", f"{PRODUCT.name} {PRODUCT.model}"), ("生产企业", FIRM),
                  ("追溯码", "(01)06901234567892(21)0001"), ("生产批次", "L2026A")),
        "certificate": Row(row=certificate(state=state), path="/c/T-CMIF-2026-000001", stands=stands, year=year),
        "report": "/reports/new?code=06901234567892",
    }  # fmt: skip
    return "trace.html", {**values, **given}


def code_report_page(**given: Any) -> tuple[str, dict[str, Any]]:
    values = {
        "code": "(01)06901234567892(21)0001", "product": SCANNED, "back": "/t/6901234567892", "longest": 500,
        "kinds": (("looks_fake", "怀疑是假冒的产品或码"), ("other", "其他问题")),
        "action": "/reports/new?code=6901234567892",
    }  # fmt: skip
    return "code_report.html", {**values, **given}


REPORTED = Row(state="open", filed_at=NOW, due_at=LATER, answered_at=None, answer="")

PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "trace": trace_page(),
    **{f"trace-{state}": trace_page("fail", state) for state in ("warned", "suspended", "expired", "revoked")},
    "trace-not-covered": trace_page("unclear", stands=False),
    "trace-no-certificate": trace_page("unclear", certificate=None),
    "trace-foreign": trace_page(
        "fail",
        product=None,
        certificate=None,
        said=told("warning", "请当心：这个网址像 iotroot．com，但不是", "不是"),
        facts=(("扫到的内容", "iotroot．com．evil．cn/E=1"),),
        report=None,
    ),
    "trace-ask": ("trace_ask.html", {"provinces": [("广东", "广东"), ("浙江", "浙江")]}),
    "code-report": code_report_page(),
    "code-report-wrong": code_report_page(
        product=None, values={"kind": "other", "statement": "假", "key": "sample-key"}, problem=WRONG
    ),
    "code-reported": ("code_reported.html", {"report": REPORTED, "kind": "其他问题", "sent": True}),
    "code-answered": (
        "code_reported.html",
        {
            "report": Row(**{**vars(REPORTED), "state": "answered", "answered_at": LATER, "answer": "码没有问题"}),
            "kind": "其他问题",
            "sent": False,
        },
    ),
    "poster": ("poster.html", {"qr": drawn("http://weixin.qq.com/r/sample")}),
    "poster-without-code": ("poster.html", {"qr": None}),
    "home": ("home.html", {}),
    "compare": compare_page(),
    "compare-one": compare_page(CARDS[:1], hits=[(HITS[0], "/compare?f=a,b")], text="样例", left_out=1),
    "compare-empty": compare_page([], text="样例"),
    "supplier": supplier_page(),
    "supplier-suspended": supplier_page(
        CARDS[2],
        watched=True,
        headline="AA 级（优秀级），证书暂停",
        confirmation=CONFIRMATION,
        problem=Refused(Kind.CONFLICT, "too_many_watches", "最多同时关注 50 家企业", clause="7.6"),
    ),
    "watches": (
        "watches.html",
        {
            "visitor": VISITOR,
            "cards": [(card, "AA 级（优秀级），证书正常") for card in CARDS],
            "compare": "/compare?f=a,b",
            "confirmations": [CONFIRMATION],
            "adoptions": [],
        },
    ),
    "watches-none": (
        "watches.html",
        {
            "visitor": VISITOR,
            "cards": [],
            "compare": "",
            "confirmations": [],
            "adoptions": [],
        },
    ),
    "confirmation": confirmation_page(),
    "confirmation-intended": confirmation_page(state="intended"),
    "adoption-new": adoption_form(),
    "adoption-new-problem": adoption_form(
        verified=False,
        values={"way": "obtained", "tender_number": "ZB-1"},
        problem=Refused(Kind.INVALID, "not_sure", "请勾选确认", clause="8.5(1)", field="sure"),
    ),
    "query": ("query.html", {"text": "样例", "hits": HITS, "more": "text=x&after=y"}),
    "query-empty": ("query.html", {"text": "没有这家", "hits": [], "more": None}),
    "query-start": ("query.html", {"text": "", "hits": [], "more": None}),
    "firm": (
        "firm.html",
        {
            "firm": Row(
                name=FIRM,
                uscc=USCC,
                is_sample=True,
                certificate=certificate(),
                certificates=[
                    certificate(),
                    certificate(number="T/CMIF-2025-000001", state="superseded", grade="A"),
                ],
                publications=[publication()],
            ),
            "credit": credit(
                praised_by=3,
                notices=[(date(2026, 11, 20), f"“{FIRM}”提交的招标采购记录经查实为虚假：扣除资信分值 1 分")],
            ),
        },
    ),
    "firm-bare": (
        "firm.html",
        {
            "firm": Row(name=FIRM, uscc=USCC, is_sample=False, certificate=None, certificates=[], publications=[]),
            "credit": credit(points=0, year_points=0),
        },
    ),
    "certificate": ("certificate.html", {"certificate": certificate()}),
    "certificate-new": (
        "certificate.html",
        {
            "certificate": certificate(
                months=[],
                year=[Row(**{**vars(one), "state": "ahead", "words": "未到"}) for one in YEAR],
                pdf_ready=False,
                grade="AAA",
                grade_name="卓越级",
                is_sample=False,
            )
        },
    ),
    **{
        f"certificate-{state}": (
            "certificate.html",
            {
                "certificate": certificate(
                    state=state,
                    conditions=["D.3.1", "D.3.2"],
                    grade="B",
                    grade_name="基础级",
                    previous="T/CMIF-2025-000001",
                    successor="T/CMIF-2027-000009" if state == "superseded" else "",
                )
            },
        )
        for state in ("warned", "suspended", "expired", "revoked", "cancelled", "superseded")
    },
    "publicity": (
        "publicity.html",
        {
            "publications": [publication(), publication(state="confirmed", ref="b")],
            "more": "after=3",
            "only_running": False,
        },
    ),
    "publicity-none": ("publicity.html", {"publications": [], "more": "", "only_running": True}),
    "publication": ("publication.html", {"publication": publication(), "sent": False}),
    "publication-upgrade": ("publication.html", {"publication": upgrade_publication(), "sent": False}),
    "publication-upgrade-in-vain": (
        "publication.html",
        {"publication": upgrade_publication(state="overturned", applies=False), "sent": False},
    ),
    "publication-sent": ("publication.html", {"publication": publication(), "sent": True}),
    "publication-wrong": (
        "publication.html",
        {"publication": publication(), "sent": False, "problem": WRONG, "values": {"statement": "短", "key": "k"}},
    ),
    "verify": ("verify.html", {"result": None}),
    **{
        f"verify-{outcome}": (
            "verify.html",
            {
                "result": Row(
                    outcome=outcome,
                    sentence="签名有效，内容与平台记录一致，是 2026-11-24 签发的最新版。",
                    certificate=certificate() if outcome in {"current", "historic"} else None,
                )
            },
        )
        for outcome in ("current", "historic", "altered", "unknown", "not_ours")
    },
    "refused": ("refused.html", {"refusal": Refused(Kind.NOT_FOUND, "not_found", "没有找到，或者您没有查看权限")}),
    "refused-rule": (
        "refused.html",
        {"refusal": Refused(Kind.CONFLICT, "x", "证书撤销未满一年", clause="9.5.1", rows=("R21",))},
    ),
    "privacy": ("privacy.html", {}),
    "closed": ("closed.html", {}),
    "upload": ("upload.html", {"trouble": "没有收到文件：请先选择照片", "megabytes": 20}),
    "uploaded": ("uploaded.html", {"waiting": False, "advice": "动图不能检查"}),
    "go": ("go.html", {"token": "sample", "joins": False}),
    "go-joining": ("go.html", {"token": "sample", "joins": True, "visitor": VISITOR}),
    "go-joining-signed-out": ("go.html", {"token": "sample", "joins": True}),
    "signin": ("signin.html", {"ahead": "/my"}),
    "my": (
        "my.html",
        {
            "visitor": VISITOR,
            "firms": [
                {
                    "staff": OWNER,
                    "application": application("supplement", upgrades_id=1, grade_before="B"),
                    "named": "升级复核",
                    "step": step(),
                    "owed": [],
                    "may_upgrade": False,
                },
                {
                    "staff": OWNER,
                    "application": application("certified"),
                    "named": "申报",
                    "step": step(),
                    "owed": OWED,
                    "may_upgrade": True,
                },
            ],
            "registrations": [Row(ref="r", name="样例燃气器具有限公司", state="mend", created_at=NOW)],
            "notices": NOTICES,
            "unread": 1,
            "operates": True,
        },
    ),
    "my-new": (
        "my.html",
        {"visitor": VISITOR, "firms": [], "registrations": [], "notices": [], "unread": 0, "operates": False},
    ),
    "my-buyer": (
        "my.html",
        {
            "visitor": VISITOR,
            "firms": [
                {"staff": Row(role="owner", enterprise=PURCHASER), "application": None, "owed": [], "may_upgrade": 0}
            ],
            "registrations": [],
            "notices": [],
            "unread": 0,
            "operates": False,
        },
    ),
    "firm-new": ("firm_new.html", {"visitor": VISITOR}),
    "firm-new-wrong": (
        "firm_new.html",
        {
            "visitor": VISITOR,
            "values": {"uscc": "91330100MA2SAMPL01", "name": FIRM, "key": "k"},
            "problem": Refused(
                Kind.INVALID, "uscc_wrong", "统一社会信用代码校验位不对，请照执照核对", clause="7.1(1)", field="uscc"
            ),
        },
    ),
    **{
        f"registration-{state}": registration(state, BAD if state == "mend" else ())
        for state in ("checking", "verified", "mend", "disputed")
    },
    "my-firm": firm_page(),
    "my-firm-new": firm_page(
        application=None,
        step=None,
        earlier=[],
        certificates=[],
        products=[],
        invitations=[],
        invited={"role": "staff", "code": "K7M3QX9T", "picture": None},
    ),
    "my-firm-upgrade": firm_page(application=application("certified"), may_upgrade=True, owed=[]),
    "my-firm-buyer": firm_page(
        firm=PURCHASER, application=None, step=None, earlier=[], certificates=[], products=[], owed=[], opens=None
    ),
    "my-firm-viewer": firm_page(rank=0, staff=Row(id=6, role="viewer"), invitations=[]),
    "inbox": ("inbox.html", {"visitor": VISITOR, "notices": NOTICES, "more": "after=1"}),
    "products": ("products.html", {"visitor": VISITOR, "firm": ENTERPRISE, "products": [PRODUCT], "rank": 1}),
    "product-new": (
        "product.html",
        {
            "visitor": VISITOR,
            "firm": ENTERPRISE,
            "product": None,
            "may_change": True,
            "categories": [("电线电缆", "电线电缆"), ("other", "其他")],
        },
    ),
    "product": (
        "product.html",
        {
            "visitor": VISITOR,
            "firm": ENTERPRISE,
            "product": PRODUCT,
            "may_change": True,
            "categories": [("电线电缆", "电线电缆"), ("other", "其他")],
            "values": {"category": "电线电缆", "name": PRODUCT.name, "model": "BV 2.5", "width": "100", "height": "0"},
            "problem": Refused(
                Kind.INVALID, "sheet_invalid", "合格证的宽和高应在 10 至 1200 毫米之间", clause="D.3.1", field="height"
            ),
        },
    ),
    "apply": ("apply.html", {"visitor": VISITOR, "firm": ENTERPRISE, "products": [PRODUCT], "levels": LEVELS}),
    "upgrade": upgrade_page(),
    "upgrade-lacking": upgrade_page(lacking=["低压电器"]),
    "upgrade-at-the-top": upgrade_page(offer={"rungs": (), "open": ()}),
    "upgrade-suspended": upgrade_page(
        offer={
            "certificate": certificate(state="suspended", grade="B"),
            "open": (),
            "closed": {
                "证书已暂停，不能「升级复核通过」；2027 年 2 月资料未在 2027-03-03 前补报通过（9.2(2)）": [
                    "A",
                    "AA",
                    "AAA",
                ]
            },
        }
    ),
    "upgrade-wrong": upgrade_page(
        problem=Refused(Kind.CONFLICT, "upgrade_closed", "现在不能申请升级复核", clause="8.5(3)", field="level"),
        values={"level": "A", "sells_online": "yes", "product": [], "key": "k"},
    ),
    "review-draft": review_page("draft", [("还没有交", MISSING, True)], lacking=MISSING),
    "review-certified": review_page("certified", [], result={**RESULT, "upgrade": UPGRADE}, may_upgrade=True),
    "review-in-vain": review_page(
        "not_reached",
        [],
        step=step("证书等级不变，仍为 B 级：请对照还差的要求整改。", "8.5(3)"),
        result={**RESULT, "grade": "B", "upgrade": {**UPGRADE, "to": "B"}},
        may_upgrade=True,
    ),
    "application-draft": application_page(
        "draft",
        [("还没有交", MISSING, True), ("已通过", [PASSED], False), ("不需要的资料", [EXCUSED], False)],
        lacking=MISSING,
        done="已收到，正在核对",
    ),
    "application-supplement": application_page(
        "supplement",
        [("需要更换", [FAILED], True), ("已通过", [PASSED], False)],
        step=step(
            "有 2 处需要补正：请在 2026 年 12 月 1 日 24:00 前更换相应资料并重新提交，逾期本次申报终止。", "7.2(3)"
        ),
    ),
    "application-verifying": application_page("verifying", [("已通过", [PASSED], False)], waiting=True),
    "application-publicity": application_page(
        "publicity",
        [("已通过", [PASSED], False)],
        result=RESULT,
        publication=publication(),
        objections=[OBJECTION],
    ),
    "application-certified": application_page(
        "certified",
        [("已通过", [PASSED], False)],
        result=RESULT,
        publication=publication(),
        certificate=certificate(),
        step=step("电子证书（AA 级）已发放，可以查看和下载。", "7.5(1)"),
    ),
    "application-not-reached": application_page(
        "not_reached",
        [("已通过", [PASSED], False)],
        result={**RESULT, "grade": "not_reached", "next": {"level": "B", "missing": RESULT["next"]["missing"]}},
    ),
    "material": (
        "material.html",
        {
            "visitor": VISITOR,
            "material": material("failed", findings=BAD),
            "application": application(),
            "product": PRODUCT,
            "name": "赋码合格证实景清晰图片",
            "declared": [("拍的是哪里", "产品本体")],
            "is_picture": False,
            "report_link": "/r/x",
        },
    ),
    "objection": (
        "objection.html",
        {
            "visitor": VISITOR,
            "firm": ENTERPRISE,
            "application": application("publicity"),
            "publication": publication(),
            "slots": [("body_photo|3", "产品本体赋码图片")],
        },
    ),
    "month": month_page(),
    "month-wrong": month_page(
        here="query_screenshot",
        problem=Refused(Kind.INVALID, "file_type", "请上传 JPEG、PNG 文件", clause="C", field="file"),
        values={"declared.side": "firm"},
    ),
    "month-empty": month_page(checklist=NO_FILES),
    "month-empty-wrong": month_page(
        checklist=NO_FILES,
        here="add",
        done="前 1 个文件已收到，其余没有收下",
        problem=Refused(Kind.INVALID, "file_empty", "文件是空的：请重新选择", field="file"),
        values={"product": 6},
    ),
    "month-viewer": month_page(may_hand_in=False),
    "month-continued": month_page(
        owed=False,
        may_hand_in=False,
        choices=[],
        verdict=BAD[2:],
        until="",
        done="已提交，核验合格",
        said=Row(tone="pass", name="按时合规", sentence="按时提报，核验合格"),
        decided="2026-12-08 交齐，按时",
        wrong={ref: [] for ref in ("sample-failed", "sample-unclear", "sample-handed_in", "sample-passed")},
    ),
    "filing-file": (
        "filing_file.html",
        {
            "visitor": VISITOR,
            "file": filing_file("failed", findings=BAD),
            "filing": MONTH,
            "product": PRODUCT,
            "name": "合格证照片",
            "declared": [("谁的查询记录", "公众端")],
            "is_picture": False,
            "report_link": "/r/x",
        },
    ),
    "filing-file-waiting": (
        "filing_file.html",
        {
            "visitor": VISITOR,
            "file": filing_file("handed_in", code="", batch=""),
            "filing": MONTH,
            "product": None,
            "name": "追溯查询截图",
            "declared": [],
            "is_picture": False,
            "report_link": None,
        },
    ),
    "sampling": sampling_page(
        values={"month": "sample-month", "batch": "L2026C", "drawn_at_random": "yes"},
        problem=Refused(Kind.INVALID, "number_odd", "张数应是 1 到 10000000 的整数", clause="D.6", field="lot"),
    ),
    "sampling-done": sampling_page(saved="sample-record"),
    "sampling-viewer": sampling_page(may_record=False, records=[]),
    "credit": credit_page(),
    "credit-barred": credit_page(barred=date(2027, 11, 19), records=[], entries=[], may_file=False),
    "credit-refused": credit_page(
        problem=Refused(Kind.CONFLICT, "adoption_known", "同一招标只计一次（8.5(2)，R16）", field="tender_number"),
        values={"tender_number": "ZB-2026-001", "tender_role": "buyer"},
    ),
    "adoption": adoption_page(adoption("waiting"), may_add=True, complete_through=date(2027, 2, 24)),
    "adoption-valid": adoption_page(adoption(filed_by="supplier"), may_establish=True, files=[]),
    "feedback": (
        "feedback.html",
        {
            "visitor": VISITOR,
            "firm": ENTERPRISE,
            "moods": [("positive", "满意"), ("negative", "不满意")],
            "firms": [(USCC, FIRM)],
            "sent": True,
            "said": [
                Row(filed_at=NOW, state=state, statement="扫码就能查到", findings=BAD)
                for state in ("held", "published", "refused")
            ],
        },
    ),
    "feedback-wrong": (
        "feedback.html",
        {
            "visitor": VISITOR,
            "firm": ENTERPRISE,
            "moods": [("positive", "满意")],
            "firms": [],
            "sent": False,
            "said": [],
            "problem": Refused(Kind.INVALID, "statement_length", "请写 6 至 500 个字", field="statement"),
        },
    ),
    "scans": scans_page(),
    "scans-none": scans_page(summary=Summary(NOW, MONTHS, (0,) * 12, ())),
    "scans-odd": scans_page(problem=Refused(Kind.INVALID, "days_odd", "日期请写成 2026-12-01 这样", field="first")),
    "items": items_page(),
    "items-none": items_page(filings=[], filed=0, waiting=False, sent=False),
    "items-viewer": items_page(may_file=False, sent=False),
    "items-odd": items_page(
        sent=False,
        problem=Refused(Kind.INVALID, "file_type", "“单件清单”请上传 Excel（.xlsx）、CSV 文件", field="file"),
    ),
    "reminders": reminders_page(),
    "reminders-asking": reminders_page(
        ask={"template": "sample-subscribe-monthly", "config": {"appId": "sample", "signature": "sample"}}
    ),
    "reminders-new": reminders_page(choice=Choice(), link="https://sample.test/calendar/Ab3dEf6hIj9lMn2pQr5tUw.ics"),
    "reminders-off": reminders_page(
        choice=Choice(on=False),
        done="已保存",
        problem=Refused(Kind.INVALID, "hour_out_of_range", "提醒时间请选 9 点到 20 点之间的整点", field="hour"),
    ),
    "year": year_page(),
    "year-nothing-owed": year_page(owed=[], opens=Row(month="2027-07", opens=date(2027, 7, 1)), towards=0),
    "year-new": year_page(
        [Row(**{**vars(one), "state": "ahead", "words": "未到"}) for one in YEAR], owed=[], rates=None, towards=0
    ),
    "year-none": year_page([], certificate=None),
    "desk": ("desk.html", {"visitor": VISITOR, "items": [ITEM], "state": "open", "more": ""}),
    "desk-item": (
        "desk_item.html",
        {
            "visitor": VISITOR,
            "item": ITEM,
            "detail": [("陈述", "合格证上没有追溯码")],
            "evidence": [("公示内容", "/publicity/sample-pub")],
            "decision": None,
            "choices": [Row(id="answer", label="答复投诉人"), Row(id="make_objection", label="转为异议，重新核验")],
        },
    ),
    "desk-item-revocation": (
        "desk_item.html",
        {
            "visitor": VISITOR,
            "item": Row(**{**vars(ITEM), "title": f"撤销立案：{NUMBER}", "clause": "9.5.1(2)", "due_at": None}),
            "detail": [
                ("撤销情形", "9.5.1(2)"),
                ("内容", "按 9.5.1(2) 立案：月度资料提报累计 3 次不合规，或提交虚假月度追溯资料"),
                ("等级", "B 级"),
                ("证书状态", "暂停，至本件决定为止（9.2(2)，R8）"),
                ("有效期至", "2027-11-23"),
                ("2026 年 12 月", "逾期后补报合规"),
                ("2027 年 1 月", "逾期后补报合规"),
                ("2027 年 2 月", "逾期未补报，证书暂停"),
            ],
            "evidence": [("证书页面", "/c/sample"), ("2026 年 12 月 · 追溯查询截图", "/my/filing-files/sample")],
            "decision": None,
            "undated": "9.5.1 没有规定多久决定",
            "choices": [Row(id="revoke", label="撤销证书，理由公示"), Row(id="dismiss", label="不予撤销，立案了结")],
        },
    ),
}
"""Name → template and its values."""
