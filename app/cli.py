"""The ``zhuisu`` command line."""

import asyncio
import errno
import json
import os
import re
import signal
import time
from enum import StrEnum
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from config.settings import Environment, Settings
from models.database import SchemaBehind, UnknownDatabase

if TYPE_CHECKING:
    from inspection.report import ProductHint
    from standard.codes import TraceCode
    from standard.grades import GradeResult
    from standard.outcome import Finding

cli = typer.Typer(
    help="追溯：重点工业产品质量追溯能力评价（T/ZGJDJX—3—2026）的服务号与后端。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Entry point of the ``zhuisu`` script."""
    cli()


def _settings() -> Settings:
    try:
        return Settings()
    except FileNotFoundError as problem:
        typer.echo(f"配置文件不存在：{problem.args[0]}（由 ZHUISU_CONFIG 指定）", err=True)
        raise typer.Exit(2) from None
    except TOMLDecodeError as problem:
        typer.echo(f"配置文件不是合法的 TOML：{problem}", err=True)
        raise typer.Exit(2) from None
    except ValidationError as problem:
        typer.echo("配置有误：", err=True)
        for error in problem.errors(include_input=False, include_url=False):
            name = "__".join(str(part) for part in error["loc"]).upper()
            typer.echo(f"  ZHUISU_{name}：{error['msg']}", err=True)
        raise typer.Exit(2) from None


@cli.command()
def serve(
    doors: Annotated[bool, typer.Option(help="接收微信回调与网页请求")] = True,
    work: Annotated[bool, typer.Option(help="执行后台任务与定时巡检")] = True,
    dev: Annotated[bool, typer.Option("--dev", help="样例环境：迁移数据库、写入样例企业、启用微信模拟器")] = False,
) -> None:
    """启动服务。"""
    settings = _settings()
    if dev:
        if settings.environment is Environment.PRODUCTION:
            typer.echo("生产环境不能使用 --dev：它会启用微信模拟器。", err=True)
            raise typer.Exit(2)
        settings.simulator.enabled = True
    elif settings.environment is Environment.PRODUCTION and (missing := settings.missing_for_production()):
        typer.echo("生产配置不完整，没有启动：", err=True)
        for line in missing:
            typer.echo(f"  {line}", err=True)
        raise typer.Exit(2)
    try:
        asyncio.run(_serve(settings, doors, work, dev))
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            raise
        typer.echo(f"端口 {settings.port} 已被占用：请先停止占用它的程序，或设置 ZHUISU_PORT 换一个端口。", err=True)
        raise typer.Exit(1) from None
    except (SchemaBehind, UnknownDatabase) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None


async def _serve(settings: Settings, doors: bool, work: bool, dev: bool) -> None:
    from app.compose import Duties, serving
    from config.logs import configure_logs

    configure_logs(
        "WARNING" if dev and "ZHUISU_LOG_LEVEL" not in os.environ else settings.log_level, as_json=settings.log_json
    )
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    started = time.perf_counter()

    def progress(step: str) -> None:
        if dev:
            typer.echo(f"[{time.perf_counter() - started:4.1f} s] {step}")

    async with serving(settings, progress, Duties(doors, work)) as ports:
        if dev:
            from app.sample import seed
            from bot.menu import MENU
            from simulator import openid_of

            progress("写入样例企业与产品（样例）")
            await seed(ports, openid_of("zhang", settings.wechat.app_id))
            progress("发布服务号菜单到模拟器")
            await ports.wechat.create_menu(MENU)
            local = f"http://127.0.0.1:{settings.port}"
            typer.echo(
                f"\n追溯已启动（样例环境，用时 {time.perf_counter() - started:.1f} s）\n"
                f"  手机模拟器   {local}/sim/\n"
                f"  首页         {local}/\n"
                f"  就绪检查     {local}/readyz\n\n"
                f"用命令行发一张照片：\n"
                f"  curl -F type=image -F file=@tests/photos/small_code_100x70.jpg {local}/sim/users/zhang/messages\n\n"
                f"按 Ctrl-C 停止。"
            )
        await stop.wait()
        progress("正在停止…")


@cli.command()
def migrate() -> None:
    """把数据库升级到最新结构。"""
    from models.database import migrate as apply

    try:
        applied = asyncio.run(apply(_settings().resolved_database_url()))
    except UnknownDatabase as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    typer.echo("数据库已是最新。" if not applied else f"已应用：{'、'.join(applied)}")


@cli.command("check-config")
def check_config() -> None:
    """检查配置，列出生产环境还缺什么。"""
    settings = _settings()
    missing = settings.missing_for_production()
    for line in settings.worth_knowing():
        typer.echo(f"请注意 · {line}")
    if not missing:
        typer.echo("配置完整，可用于生产。")
        return
    typer.echo(f"还缺 {len(missing)} 项才能用于生产：")
    for line in missing:
        typer.echo(f"  · {line}")
    raise typer.Exit(1)


@cli.command()
def menu() -> None:
    """把服务号菜单发布到微信。"""
    asyncio.run(_menu(_settings()))


async def _menu(settings: Settings) -> None:
    from bot.menu import MENU
    from gateways.cache import MemoryCache, RedisCache
    from gateways.wechat import WeChatClient
    from workflow.ports import WeChatError

    cache = RedisCache.from_url(settings.redis_url) if settings.redis_url else MemoryCache()
    wechat = WeChatClient.from_settings(settings, cache)
    try:
        await wechat.create_menu(MENU)
        typer.echo("菜单已发布；手机上最迟 5 分钟后更新。")
    except WeChatError as problem:
        typer.echo(f"微信没有接受菜单：{problem.errcode} {problem.errmsg}", err=True)
        raise typer.Exit(1) from None
    finally:
        await wechat.aclose()
        await cache.aclose()


@cli.command()
def inspect(
    photos: Annotated[list[Path], typer.Argument(help="照片文件（JPEG、PNG）", show_default=False)],
    sheet: Annotated[str, typer.Option(help="合格证尺寸 宽x高（毫米），如 100x70；auto 取已登记产品的尺寸")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="每张照片输出一行 JSON")] = False,
    marked: Annotated[Path | None, typer.Option(help="把标注图写到这个文件夹")] = None,
) -> None:
    """检查合格证照片，不联网、不入库。有不合格返回 1，有读不了的文件返回 2。"""
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
            _cannot(path, "file_unreadable", f"文件打不开：{problem.strerror}", as_json=as_json)
            continue
        except PictureRefused as refusal:
            worst = 2
            _cannot(path, refusal.code, refusal.advice, as_json=as_json)
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
    from inspection.report import ProductHint
    from models import Product
    from models.database import open_database

    settings = _settings()
    if not settings.database_url and not (settings.data_dir / "zhuisu.db").exists():
        return ()

    async def load() -> tuple[ProductHint, ...]:
        async with open_database(settings.resolved_database_url(), migrate=False):
            return tuple(
                ProductHint(
                    key=str(product.id),
                    sheet_mm=(product.sheet_width_um / 1000, product.sheet_height_um / 1000),
                    codes=(product.gtin,) if product.gtin else (),
                    model=product.model,
                    record=product.record,
                )
                for product in await Product.filter(retired_at=None)
            )

    try:
        return asyncio.run(load())
    except SchemaBehind as problem:
        typer.echo(str(problem), err=True)
        return ()


def _cannot(path: Path, code: str, advice: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"file": str(path), "refused": {"code": code, "advice": advice}}, ensure_ascii=False))
    else:
        typer.echo(f"{path}：{advice}", err=True)


def _show(path: Path, report: dict) -> None:  # type: ignore[type-arg]
    from rich.console import Console
    from rich.table import Column, Table

    from workflow.wording import CLAUSE_NAMES, headline

    colours = {"pass": "green", "fail": "red", "unclear": "yellow"}
    marks = {"pass": "合格", "fail": "不合格", "unclear": "未判定"}
    console = Console()
    console.print(f"[bold]{path}[/bold]  {headline(report)}")
    table = Table("条款", "项目", "结论", Column("说明", overflow="fold"))
    for finding in report["findings"]:
        verdict = str(finding["verdict"])
        table.add_row(
            finding["clause"],
            CLAUSE_NAMES[finding["clause"]],
            f"[{colours[verdict]}]{marks[verdict]}[/]",
            finding["advice"],
        )
    console.print(table)


@cli.command()
def grade(
    facts: Annotated[Path, typer.Argument(help="事实清单（YAML 或 JSON），样例见 docs/samples", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="输出一行 JSON")] = False,
    on: Annotated[str | None, typer.Option(help="按哪一天有效的标准版本判定，如 2026-11-24；默认今天")] = None,
) -> None:
    """按标准 6.1 判定等级，逐项说明还差什么。达到 B 级及以上返回 0，未达标返回 1，清单有误返回 2。"""
    from datetime import date

    from config.clock import SHANGHAI, SystemClock
    from standard.facts import FactsRefused
    from standard.facts_file import read_facts
    from standard.grades import Grade
    from standard.grades import grade as judge
    from standard.profile import edition_on

    try:
        day = date.fromisoformat(on) if on else SystemClock().now().astimezone(SHANGHAI).date()
    except ValueError:
        typer.echo(f"看不懂日期“{on}”：请写成 2026-11-24 这样。", err=True)
        raise typer.Exit(2) from None
    try:
        result = judge(read_facts(facts.read_bytes()), edition_on(day))
    except OSError as problem:
        _cannot(facts, "file_unreadable", f"文件打不开：{problem.strerror}", as_json=as_json)
        raise typer.Exit(2) from None
    except FactsRefused as refusal:
        _cannot(facts, "facts_refused", "\n  ".join(("清单有误：", *map(str, refusal.problems))), as_json=as_json)
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
    from standard.matrix import MATRIX, label

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
    """读一个追溯码：种类、内容、校验、是否在允许清单内、唯一到哪一层。有效返回 0，无效返回 1。"""
    from datetime import date

    from config.clock import SHANGHAI, SystemClock
    from standard.codes import finding_json, judge, read
    from standard.profile import edition_on

    try:
        day = date.fromisoformat(on) if on else SystemClock().now().astimezone(SHANGHAI).date()
    except ValueError:
        typer.echo(f"看不懂日期“{on}”：请写成 2026-11-24 这样。", err=True)
        raise typer.Exit(2) from None
    edition = edition_on(day)
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
