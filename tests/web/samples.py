"""One set of values for every page's template, so that each can be looked at without a database."""

from datetime import UTC, date, datetime
from types import SimpleNamespace as Row
from typing import Any

from workflow.problems import Kind, Refused

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
NUMBER = "T/CMIF-2026-000001"
USCC = "91330100MA2SAMPL0X"
FIRM = "样例电线电缆（杭州）有限公司"


def certificate(**given: Any) -> Row:
    values = {
        "number": NUMBER, "grade": "AA", "grade_name": "优秀级", "state": "active", "enterprise_name": FIRM,
        "uscc": USCC, "address": "浙江省杭州市样例区样例路 18 号 3 幢", "categories": ["电线电缆", "光纤光缆"],
        "issued_on": date(2026, 11, 23), "last_day": date(2027, 11, 22), "as_of": date(2026, 11, 24),
        "continued_through": "2026-12", "points": 3, "conditions": [], "is_sample": True, "previous": "",
        "successor": "", "revision": 2, "pdf_ready": True,
        "months": [
            Row(month="2026-12", state="pass"), Row(month="2027-01", state="made_up"),
            Row(month="2027-02", state="waiting"), Row(month="2027-03", state="fail"),
        ],
    }  # fmt: skip
    return Row(**{**values, **given})


def publication(**given: Any) -> Row:
    content = {
        "enterprise": FIRM, "uscc": USCC, "categories": ["电线电缆", "光纤光缆"], "grade": "AA", "is_sample": True,
    }  # fmt: skip
    values = {
        "id": 7, "ref": "sample-pub", "content": content, "published_at": NOW, "closes_at": LATER, "state": "running",
    }  # fmt: skip
    return Row(**{**values, **given})


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

PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "home": ("home.html", {}),
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
                history=[certificate(), certificate(number="T/CMIF-2025-000001", state="superseded", grade="A")],
            )
        },
    ),
    "firm-bare": ("firm.html", {"firm": Row(name=FIRM, uscc=USCC, is_sample=False, certificate=None, history=[])}),
    "certificate": ("certificate.html", {"certificate": certificate()}),
    "certificate-new": (
        "certificate.html",
        {"certificate": certificate(months=[], pdf_ready=False, grade="AAA", grade_name="卓越级", is_sample=False)},
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
}
"""Name → template and its values."""
