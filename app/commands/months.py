"""What is done for many firms at once: months progress."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.base import cli, settings_or_exit
from config.clock import for_people
from models.database import SchemaBehind, UnknownDatabase

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from models import FanOut

LOOK_SECONDS = 0.5
NAMES = {"remind": "月度提醒"}

months = typer.Typer(help="月度提报：批量处理的进度。", no_args_is_help=True)
cli.add_typer(months, name="months")


@months.command()
def progress(
    once: Annotated[bool, typer.Option("--once", help="只打印现在的进度，不等到完成")] = False,
) -> None:
    """批量提醒与月末处理进行到哪里；正在进行的看到完成为止。

    只读数据库，服务照常运行；按 Ctrl-C 停止查看，不影响处理。
    """
    from models.database import open_database
    from workflow import fan_outs

    async def run(url: str) -> None:
        async with open_database(url, migrate=False):
            if once:
                print_all(await fan_outs.newest())
            else:
                await watch(fan_outs.newest, bars())

    try:
        asyncio.run(run(settings_or_exit().resolved_database_url()))
    except (SchemaBehind, UnknownDatabase) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def named(fan_out: "FanOut") -> str:
    """``月度提醒 2026-12-18``."""
    _, _, which = fan_out.key.partition(":")
    return f"{NAMES.get(fan_out.kind, fan_out.kind)} {which}".strip()


def print_all(found: "list[FanOut]") -> None:
    """One line each, the newest first."""
    if not found:
        typer.echo("还没有批量处理。")
    for fan_out in found:
        percent = 100 * fan_out.done // fan_out.total if fan_out.total else 100
        state = f"{for_people(fan_out.ended_at)} 结束" if fan_out.ended_at else "进行中"
        began = for_people(fan_out.started_at)
        typer.echo(f"{named(fan_out)}  {fan_out.done}/{fan_out.total}  {percent}%  {began} 开始，{state}")


def bars() -> "Progress":
    """Bars as the terminal shows them."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )


async def watch(look: Callable[[], Awaitable["list[FanOut]"]], shown: "Progress") -> None:
    """Show what ``look`` finds, and how it goes on, until nothing runs any more."""
    from models import FanOut

    tasks: dict[int, TaskID] = {}
    with shown:
        while True:
            found = await look()
            known = {fan_out.id: fan_out for fan_out in found}
            # Of the same kind the next one may be the newest by now: what was shown is shown to its end.
            gone = [number for number in tasks if number not in known]
            known.update({fan_out.id: fan_out for fan_out in await FanOut.filter(id__in=gone)} if gone else {})
            for number in sorted(known):
                fan_out = known[number]
                if number not in tasks:
                    tasks[number] = shown.add_task(named(fan_out))
                # Nothing to do is done: a bar of nothing would run for ever.
                done, total = (fan_out.done, fan_out.total) if fan_out.total else (1, 1)
                shown.update(tasks[number], completed=done, total=total)
                if fan_out.ended_at is not None:
                    shown.stop_task(tasks[number])
            if all(fan_out.ended_at is not None for fan_out in known.values()):
                return
            await asyncio.sleep(LOOK_SECONDS)
