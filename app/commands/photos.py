"""Looking at photos without WeChat: inspect."""

import asyncio
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.base import cannot, cli, settings_or_exit
from models.database import SchemaBehind

if TYPE_CHECKING:
    from inspection.report import ProductHint


@cli.command()
def inspect(
    photos: Annotated[list[Path], typer.Argument(help="照片文件（JPEG、PNG）", show_default=False)],
    sheet: Annotated[str, typer.Option(help="合格证尺寸 宽x高（毫米），如 100x70；auto 取已登记产品的尺寸")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="每张照片输出一行 JSON")] = False,
    marked: Annotated[Path | None, typer.Option(help="把标注图写到这个文件夹")] = None,
) -> None:
    """检查合格证照片，不联网、不入库。

    有不合格返回 1，有读不了的文件返回 2。
    """
    from inspection.inspector import inspect as look
    from inspection.report import PictureRefused, Request, Verdict

    size = _size(sheet)
    products = () if size else _registered_products()
    worst = 0
    for path in photos:
        try:
            inspected = look(Request(path.read_bytes(), size, products, mark=marked is not None))
        except OSError as problem:
            worst = 2
            cannot(path, "file_unreadable", f"文件打不开：{problem.strerror}", as_json=as_json)
            continue
        except PictureRefused as refusal:
            worst = 2
            cannot(path, refusal.code, refusal.advice, as_json=as_json)
            continue
        report = inspected.report
        if report.verdict is Verdict.FAIL:
            worst = max(worst, 1)
        if marked is not None and inspected.marked is not None:
            marked.mkdir(parents=True, exist_ok=True)
            (marked / f"{path.stem}.marked.jpg").write_bytes(inspected.marked)
        if as_json:
            typer.echo(json.dumps({"file": str(path), **report.to_json()}, ensure_ascii=False))
        else:
            _show(path, report.to_json())
    raise typer.Exit(worst)


def _size(sheet: str) -> tuple[float, float] | None:
    if sheet == "auto":
        return None
    if (match := re.fullmatch(r"(\d{1,4}(?:\.\d+)?)[x×X*](\d{1,4}(?:\.\d+)?)", sheet.strip())) is None:
        typer.echo(f"看不懂尺寸“{sheet}”：请写成 宽x高（毫米），例如 100x70。", err=True)
        raise typer.Exit(2)
    width, height = float(match[1]), float(match[2])
    if not (10 <= width <= 1200 and 10 <= height <= 1200):
        typer.echo("尺寸应在 10 到 1200 毫米之间。", err=True)
        raise typer.Exit(2)
    return width, height


def _registered_products() -> "tuple[ProductHint, ...]":
    """Products of the local database, for ``--sheet auto``; none where there is no database yet."""
    from models import Product
    from models.database import open_database
    from workflow.knowing.people import hint_of

    settings = settings_or_exit()
    if not settings.database_url and not (settings.data_dir / "zhuisu.db").exists():
        return ()

    async def load() -> "tuple[ProductHint, ...]":
        async with open_database(settings.resolved_database_url(), migrate=False):
            return tuple(hint_of(product) for product in await Product.filter(retired_at=None))

    try:
        return asyncio.run(load())
    except SchemaBehind as problem:
        typer.echo(str(problem), err=True)
        return ()


def _show(path: Path, report: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Column, Table

    from workflow.intake.wording import CLAUSE_NAMES, clause_number, headline

    colours = {"pass": "green", "fail": "red", "unclear": "yellow"}
    marks = {"pass": "合格", "fail": "不合格", "unclear": "未判定"}
    console = Console()
    console.print(f"[bold]{path}[/bold]  {headline(report)}")
    table = Table("条款", "项目", "结论", Column("说明", overflow="fold"))
    for finding in report["findings"]:
        verdict = str(finding["verdict"])
        table.add_row(
            clause_number(finding["clause"]),
            CLAUSE_NAMES[finding["clause"]],
            f"[{colours[verdict]}]{marks[verdict]}[/]",
            finding["advice"],
        )
    console.print(table)
