"""Writes docs/standard.md (clause ↔ code ↔ cases), docs/divergences.md (our readings), docs/audiences.md (who sees
what), docs/openapi.json (the API) and docs/openapi-open.json (the partners' API) from what the code says.

``python -m docs.generate`` writes them; with ``--check`` it only compares, and fails on a hole: a clause of kind *rule*
without code or without a case, a citation or a case of a clause that the list does not know, a place that is not there.
"""

import pkgutil
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

import standard
from miniapp_api import CHAPTERS, VERSION, openapi
from miniapp_api import open as open_api
from standard.citation import citations
from standard.readings import readings
from tests.standard.test_cases import CASES, load
from workflow.audiences import SEEN, Audience, Information

DOCS = Path(__file__).parent
ROOT = DOCS.parent
KINDS = {"rule": "规则", "photo": "照片", "flow": "流程", "view": "界面", "paper": "不由软件承担"}
NOTE = "<!-- 本页由 make docs 生成，请勿手改 · generated, do not edit -->\n"


@dataclass
class Clause:
    """One clause and everything that answers to it."""

    id: str
    words: str
    kinds: list[str]
    places: list[str]
    code: list[str] = field(default_factory=list)
    cases: int = 0
    rows: set[str] = field(default_factory=set)


def collect() -> tuple[dict[str, Clause], list[str]]:
    """All clauses with their code and cases, and what is wrong."""
    for module in pkgutil.walk_packages(standard.__path__, "standard."):
        import_module(module.name)
    listed = tomllib.loads((ROOT / "standard" / "clauses.toml").read_text("utf-8"))
    clauses = {name: Clause(name, e["words"], e["kinds"], e.get("places", [])) for name, e in listed.items()}
    faults: list[str] = []
    for citation in citations():
        for name in citation.clauses:
            if (clause := _find(clauses, name)) is None:
                faults.append(f"{citation.where} cites {name}, which standard/clauses.toml does not list")
            else:
                clause.code.append(citation.where)
                clause.rows.update(citation.rows)
    for path in sorted(CASES.glob("*.yaml")):
        content = load(path)
        if (clause := _find(clauses, str(content["clause"]))) is None:
            faults.append(f"{path.name} is about {content['clause']}, which standard/clauses.toml does not list")
            continue
        clause.cases += len(content["cases"])
        for case in content["cases"]:
            clause.rows.update(case.get("rows", []))
    for clause in clauses.values():
        faults += [f"{clause.id}: {place} is not there" for place in clause.places if not (ROOT / place).exists()]
        if "rule" in clause.kinds and not clause.code:
            faults.append(f"{clause.id} is a rule and no code cites it")
        if "rule" in clause.kinds and not clause.cases:
            faults.append(f"{clause.id} is a rule and has no case")
    return clauses, faults


def _find(clauses: dict[str, Clause], name: str) -> Clause | None:
    """The listed clause; a single ground of 9.5.1 or 9.5.2 counts for its clause."""
    return clauses.get(name) or clauses.get(name.split("(", maxsplit=1)[0] if name.startswith("9.5.") else name)


def standard_page(clauses: dict[str, Clause]) -> str:
    """The table."""
    cases = sum(clause.cases for clause in clauses.values())
    rules = sum("rule" in clause.kinds for clause in clauses.values())
    lines = [
        NOTE,
        "# 条款 ↔ 代码 ↔ 案例 · Clause, code, cases\n",
        f"标准 T/ZGJDJX—3—2026（征求意见稿）共列 {len(clauses)} 条要求，其中 {rules} 条由 `standard/` 判定，"
        f"有 {cases} 个案例"
        "（`tests/standard/cases/`，一条款一文件，可直接阅读）。规则条款缺代码或缺案例时，`make lint` 不通过。\n",
        "| 条款 | 要求 | 由谁回答 | 代码 | 案例 | 读法 |",
        "|---|---|---|---|---|---|",
    ]
    for clause in clauses.values():
        code = [f"`{where.removeprefix('standard.')}`" for where in clause.code]
        code += [f"`{place}`" for place in clause.places]
        waiting = not code and "paper" not in clause.kinds
        kinds = "、".join(KINDS[kind] for kind in clause.kinds)
        rows = " ".join(sorted(clause.rows, key=lambda row: int(row[1:])))
        shown = "<br>".join(code) or ("尚未支持" if waiting else "—")
        lines.append(f"| {clause.id} | {clause.words} | {kinds} | {shown} | {clause.cases or '—'} | {rows or '—'} |")
    return "\n".join(lines) + "\n"


def divergences_page(clauses: dict[str, Clause]) -> str:
    """Our readings, row by row, and where each is followed."""
    followed: dict[str, list[str]] = defaultdict(list)
    for citation in citations():
        for row in citation.rows:
            followed[row].append(f"`{citation.where.removeprefix('standard.')}`")
    lines = [
        NOTE,
        "# 与标准文本的差异与读法 · Divergences\n",
        "标准没有说清、说得宽或前后不一之处，我们怎样读。行号与代码、案例、给用户的话一致；"
        "文本以后有定论，改这一行的数据，不改代码。\n",
        "| 行 | 条款 | 没说清的 | 我们的读法 | 规则代码 |",
        "|---|---|---|---|---|",
    ]
    for reading in readings():
        places = "<br>".join(followed[reading.id]) or "—"
        lines.append(f"| {reading.id} | {reading.clause} | {reading.question} | {reading.reading} | {places} |")
    return "\n".join(lines) + "\n"


def audiences_page() -> str:
    """Who sees what (8.3)."""
    audiences = list(Audience)
    lines = [
        NOTE,
        "# 谁看得到什么 · Who sees what\n",
        "第 8.3 条要求保密；7.4、7.6、8.5(2) 要求公开；10.2–10.4 说明采信与监管各看什么。表以外的内容不离开平台。"
        "代码 `workflow/audiences.py`，逐个接口、逐个公开字段由测试核对。\n",
        f"| 内容 | 条款 | {' | '.join(audience.words for audience in audiences)} |",
        f"|---|---|{'---|' * len(audiences)}",
    ]
    for what in Information:
        marks = " | ".join("✓" if what in SEEN[audience] else "" for audience in audiences)
        lines.append(f"| {what.words} | {what.clause} | {marks} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    clauses, faults = collect()
    pages = {
        "standard.md": standard_page(clauses),
        "divergences.md": divergences_page(clauses),
        "audiences.md": audiences_page(),
        "openapi.json": openapi.text(openapi.document(CHAPTERS, VERSION)),
        "openapi-open.json": open_api.document(),
    }
    for name, text in pages.items():
        if "--check" not in sys.argv:
            (DOCS / name).write_text(text, "utf-8")
        elif not (DOCS / name).exists() or (DOCS / name).read_text("utf-8") != text:
            faults.append(f"docs/{name} is not what the code says: run make docs")
    for fault in faults:
        print(f"✗ {fault}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
