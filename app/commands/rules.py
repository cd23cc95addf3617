"""Asking the standard: grade, code."""

import json
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.base import cannot, cli
from config.clock import SHANGHAI, SystemClock

if TYPE_CHECKING:
    from standard.codes import TraceCode
    from standard.grades import GradeResult
    from standard.outcome import Finding
    from standard.profile import Edition


@cli.command()
def grade(
    facts: Annotated[Path, typer.Argument(help="事实清单（YAML 或 JSON），样例见 docs/samples", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="输出一行 JSON")] = False,
    on: Annotated[str | None, typer.Option(help="按哪一天有效的标准版本判定，如 2026-11-24；默认今天")] = None,
) -> None:
    """按 6.1 判定等级，逐项说明还差什么。

    达到 B 级及以上返回 0，未达标返回 1，清单有误返回 2。
    """
    from standard.facts import FactsRefused
    from standard.facts_file import read_facts
    from standard.grades import Grade
    from standard.grades import grade as judge

    try:
        result = judge(read_facts(facts.read_bytes()), _edition(on))
    except OSError as problem:
        cannot(facts, "file_unreadable", f"文件打不开：{problem.strerror}", as_json=as_json)
        raise typer.Exit(2) from None
    except FactsRefused as refusal:
        cannot(facts, "facts_refused", "\n  ".join(("清单有误：", *map(str, refusal.problems))), as_json=as_json)
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps(result.to_json(), ensure_ascii=False))
    else:
        _show_grade(result)
    raise typer.Exit(1 if result.grade is Grade.NOT_REACHED else 0)


def _show_grade(result: "GradeResult") -> None:
    from rich.console import Console
    from rich.table import Column, Table

    from standard.facts import Monthly
    from standard.grade_wording import label
    from standard.matrix import MATRIX

    console = Console(highlight=False)
    colour = "red" if result.grade.rank == 0 else "green"
    console.print(f"结论：[bold {colour}]{result.grade.named}[/]   依据 {result.profile}，6.1")
    if result.capped_by:
        console.print(f"[yellow]合格证印刷还没有确认符合附录 D：整改前不高于 B 级（{result.capped_by}，R5）。[/]")
    to = result.next.level if result.next else None
    table = Table("要素", "达到", "条款", Column(f"距 {to.named}还差" if to else "还差", overflow="fold"))
    for element, row in zip(result.elements, MATRIX, strict=True):
        missing = "\n".join(str(reason) for reason in element.missing if reason.requirement.level is to)
        shade = "yellow" if missing else "green"
        table.add_row(row.title, f"[{shade}]{element.level.named}[/]", element.clause, missing or "—")
    console.print(table)
    if isinstance(filed := result.facts.monthly, Monthly) and (filed.leads or filed.bids):
        console.print(f"另附客户采信线索 {filed.leads or 0} 条、招标采购证明 {filed.bids or 0} 份：只展示（R40）。")
    if result.unclear:
        console.print(f"未提供或未判定（不算合格）：{'、'.join(label(fact) for fact in result.unclear)}")


def _edition(on: str | None) -> "Edition":
    """The edition in force on that day, today where none is named."""
    from standard.profile import edition_on

    try:
        day = date.fromisoformat(on) if on else SystemClock().now().astimezone(SHANGHAI).date()
    except ValueError:
        typer.echo(f"看不懂日期“{on}”：请写成 2026-11-24 这样。", err=True)
        raise typer.Exit(2) from None
    return edition_on(day)


class _Need(StrEnum):
    """What ``zhuisu code --need`` may ask of a code."""

    BATCH = "batch"
    ITEM = "item"


@cli.command()
def code(
    text: Annotated[str, typer.Argument(help="追溯码内容：数字、网址或扫码结果", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="输出一行 JSON")] = False,
    need: Annotated[_Need | None, typer.Option(help="要求的唯一性：batch 批次，item 单件（AAA）；默认按标准")] = None,
    symbology: Annotated[str | None, typer.Option(help="扫码设备给出的码制，如 QR_CODE、]d2")] = None,
    on: Annotated[str | None, typer.Option(help="按哪一天有效的标准版本判定，如 2026-11-24；默认今天")] = None,
) -> None:
    """读一个追溯码，按 3.4 判定。

    给出种类、内容、校验、是否在允许清单内、唯一到哪一层。有效返回 0，无效返回 1。
    """
    from standard.codes import finding_json, judge, read

    edition = _edition(on)
    found = read(text, edition=edition, symbology=symbology)
    findings = judge(found, edition, need.value if need else None)
    if as_json:
        answer = found.to_json() | {"judgement": [finding_json(finding) for finding in findings]}
        # An argument that is not UTF-8 arrives with characters that no output takes.
        typer.echo(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace").decode())
    else:
        _show_code(found, findings)
    raise typer.Exit(0 if found.valid else 1)


def _show_code(found: "TraceCode", findings: "tuple[Finding, ...]") -> None:
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    def shown(value: str) -> Text:
        return Text("".join(c if c.isprintable() else "␝" if c == "\x1d" else "�" for c in value))

    console = Console(highlight=False)
    colour = "green" if found.valid else "red"
    console.print(Text.assemble((found.kind.label, f"bold {colour}"), f"  {found.form}"))
    if found.parts:
        parts = Table("段", "含义", Column("内容", overflow="fold"))
        for part, value in found.parts.items():
            parts.add_row(part, found.part_name(part), shown(value))
        console.print(parts)
    verdicts = Table("条款", "结论", Column("说明", overflow="fold"))
    marks = {"pass": ("合格", "green"), "fail": ("不合格", "red"), "unclear": ("未判定", "yellow")}
    for finding in findings:
        mark, shade = marks[finding.outcome.value]
        verdicts.add_row(finding.clause, f"[{shade}]{mark}[/]", shown(finding.reason))
    console.print(verdicts)
    for warning in found.warnings:
        console.print(Text("提示：", "yellow") + shown(warning))
    if found.resolves_to:
        console.print(Text("查询地址：") + shown(found.resolves_to))
    console.print(Text(f"依据 {found.edition}", "dim"))
