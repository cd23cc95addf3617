"""Looking at what is filed beside certificates, without WeChat: body, screenshot, ledger, document."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.base import cannot, cli

if TYPE_CHECKING:
    from inspection.materials import Ledger

_JSON = typer.Option("--json", help="每个文件输出一行 JSON")


@cli.command()
def body(
    photos: Annotated[list[Path], typer.Argument(help="产品本体或最小包装的照片（JPEG、PNG）", show_default=False)],
    certificate: Annotated[Path | None, typer.Option(help="同一产品的合格证照片，用来核对是否一致")] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """检查本体赋码照片：读追溯码和标识，与合格证核对（4.1.2，5，6 A级-1）。

    有不合格返回 1，有读不了的文件返回 2。
    """
    from inspection.body import inspect_body
    from inspection.inspector import inspect
    from inspection.report import PictureRefused, Request

    theirs = None
    if certificate is not None:
        try:
            theirs = inspect(Request(certificate.read_bytes(), mark=False)).report
        except OSError as problem:
            cannot(certificate, "file_unreadable", f"文件打不开：{problem.strerror}", as_json=as_json)
            raise typer.Exit(2) from None
        except PictureRefused as refusal:
            cannot(certificate, refusal.code, refusal.advice, as_json=as_json)
            raise typer.Exit(2) from None

    def look(_: Path, data: bytes) -> Any:
        return inspect_body(data, certificate=theirs)

    raise typer.Exit(_each(photos, look, PictureRefused, _show_picture, as_json=as_json))


@cli.command()
def screenshot(
    pictures: Annotated[list[Path], typer.Argument(help="查询记录截图（PNG、JPEG）", show_default=False)],
    code: Annotated[str | None, typer.Option(help="所提报的追溯码，用来核对截图查的是不是它")] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """检查查询截图：读追溯码、时间和页面内容（附录 C(2)，4.3.3）。

    有不合格返回 1，有读不了的文件返回 2。
    """
    from config.clock import SystemClock
    from inspection.report import PictureRefused
    from inspection.screenshot import inspect_screenshot

    now = SystemClock().now()

    def look(_: Path, data: bytes) -> Any:
        return inspect_screenshot(data, code, now)

    raise typer.Exit(_each(pictures, look, PictureRefused, _show_picture, as_json=as_json))


@cli.command()
def ledger(
    files: Annotated[list[Path], typer.Argument(help="台账文件（.xlsx、.csv）", show_default=False)],
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """核对台账：认出各列，数行数，重算覆盖率，指出有问题的行（附录 A、附录 C(3)）。

    有不合格返回 1，有读不了的文件返回 2。
    """
    from inspection.ledger import LedgerRefused, read_ledger

    def look(path: Path, data: bytes) -> Any:
        return read_ledger(data, path.name)

    raise typer.Exit(_each(files, look, LedgerRefused, _show_ledger, as_json=as_json))


@cli.command()
def document(
    files: Annotated[list[Path], typer.Argument(help="扫描件或文件（PDF、JPEG、PNG、OFD）", show_default=False)],
    roots: Annotated[Path | None, typer.Option(help="受信任的签章机构证书所在文件夹（PEM、DER）")] = None,
    as_json: Annotated[bool, _JSON] = False,
) -> None:
    """读营业执照、许可证、认证证书、制度、协议、证明：内容、印章、电子签章（7.1，附录 A，R42）。

    签章没通过验证返回 1，有读不了的文件返回 2。
    """
    from inspection.document import read_document
    from inspection.report import PictureRefused

    def look(_: Path, data: bytes) -> Any:
        return read_document(data, roots)

    raise typer.Exit(_each(files, look, PictureRefused, _show_document, as_json=as_json))


def _each(
    files: list[Path], look: Callable[[Path, bytes], Any], refused: type[Exception],
    show: Callable[[Path, Any], None], *, as_json: bool,
) -> int:  # fmt: skip
    """Look at every file and say what was found; the exit code: 0 all passes or unclear, 1 a failure, 2 unreadable."""
    worst = 0
    for path in files:
        try:
            report = look(path, path.read_bytes())
        except OSError as problem:
            worst = 2
            cannot(path, "file_unreadable", f"文件打不开：{problem.strerror}", as_json=as_json)
            continue
        except refused as refusal:
            worst = 2
            code, advice = refusal.args
            cannot(path, code, advice, as_json=as_json)
            continue
        if getattr(report, "verdict", "") == "fail" or getattr(report, "seal", "") == "signature_broken":
            worst = max(worst, 1)
        if as_json:
            typer.echo(json.dumps({"file": str(path), **report.to_json()}, ensure_ascii=False))
        else:
            show(path, report)
    return worst


def _show_ledger(path: Path, found: "Ledger") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from inspection.ledger.judging import TITLES

    console = Console(highlight=False)
    tables = Table("工作表", "种类", "行数", Column("认出的列", overflow="fold"))
    for table in found.tables:
        columns = "、".join(f"{column.letter} {column.title}" for column in table.columns)
        tables.add_row(escape(table.sheet), TITLES[table.kind], str(table.rows), escape(columns))
    console.print(escape(str(path)), style="bold")
    console.print(tables)
    console.print(_findings(found.findings))


def _show_document(path: Path, report: Any) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    from config.clock import SHANGHAI, SystemClock
    from standard.materials import SealSeen, seal
    from standard.profile import edition_on

    console = Console(highlight=False)
    console.print(escape(str(path)), style="bold")
    table = Table("项目", Column("读到的内容", overflow="fold"))
    for name, value in report.fields.items():
        table.add_row(name, escape(value))
    for code in report.uscc:
        table.add_row("统一社会信用代码（校验位正确）", code)
    console.print(table)
    ruling = seal(SealSeen(report.seal), edition_on(SystemClock().now().astimezone(SHANGHAI).date()))
    console.print(ruling.reason + (f"（印文：{escape(report.seal_text)}）" if report.seal_text else ""))
    if report.retake:
        console.print(report.retake)


def _show_picture(path: Path, report: Any) -> None:
    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    console.print(escape(str(path)), style="bold")
    for code in report.codes:
        console.print(escape(f"{code.symbology}：{code.text}"))
    console.print(_findings(report.findings))


def _findings(findings: Any) -> Any:
    from rich.markup import escape
    from rich.table import Column, Table

    from workflow.intake.wording import MATERIAL_NAMES

    marks = {"pass": "[green]合格[/]", "fail": "[red]不合格[/]", "unclear": "[yellow]未判定[/]"}
    table = Table("项目", "结论", Column("要求", overflow="fold"), Column("说明", overflow="fold"))
    for finding in findings:
        table.add_row(
            MATERIAL_NAMES[finding.clause],
            marks[str(finding.verdict)],
            escape(finding.required),
            escape(finding.advice),
        )
    return table
