"""Playing the whole journey on the running server: demo."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app.commands.base import cli, settings_or_exit


@cli.command()
def demo(
    url: Annotated[str, typer.Option(help="服务地址；默认本机配置的端口", show_default=False)] = "",
    user: Annotated[str, typer.Option(help="模拟器里由谁来办")] = "demo",
    files: Annotated[
        Path | None, typer.Option(help="只把示范企业的资料写进这个文件夹，供亲手办理时上传", file_okay=False)
    ] = None,
    month: Annotated[str, typer.Option(help="与 --files 同用：改写这个月提报用的照片、截图和台账，如 2027-01")] = "",
) -> None:
    """在运行中的样例环境里走完全程：注册 → 照片 → 补正 → 定级 → 公示 → 证书 → 扫码 → 采购查询，逐步打印条款。

    每一步都可重复：中断后再运行会接着办。走通返回 0，有一步不对返回 1。
    """
    settings = settings_or_exit()
    base = (url or f"http://127.0.0.1:{settings.port}").rstrip("/")
    from app.demo.journey import JourneyFailed
    from app.demo.paper import NoChineseFont

    try:
        if files is not None and month:
            _write_month(files, month)
        elif files is not None:
            _write(files)
        else:
            asyncio.run(_play(base, user))
    except (JourneyFailed, NoChineseFont) as problem:
        typer.echo(f"✗ {problem}", err=True)
        raise typer.Exit(1) from None


def _write(folder: Path) -> None:
    from app.demo.by_hand import NOTE, write_papers
    from app.demo.materials import demo_materials
    from config.clock import SystemClock
    from standard.calendar import shanghai_day

    now = SystemClock().now()
    today = shanghai_day(now)
    write_papers(folder, demo_materials(today, real_now=now), today)
    typer.echo(f"已写好：{folder}。照着里面的“{NOTE}”填写和上传。")


def _write_month(folder: Path, month: str) -> None:
    from app.demo.month import write_month
    from standard.months import Month

    try:
        wanted = Month.parse(month)
    except ValueError:
        typer.echo(f"--month 应为月份，如 2027-01，不是 {month}", err=True)
        raise typer.Exit(2) from None
    write_month(folder, wanted)
    typer.echo(f"已写好：{folder}。{wanted.words}回复“月度提报”，发这些照片和截图，台账在清单页上传，再回复“完成”。")


async def _play(base: str, user: str) -> None:
    import time
    from datetime import datetime

    import aiohttp

    from app.demo.firm import EXAMPLE
    from app.demo.journey import Journey, JourneyFailed, Travelling
    from app.demo.materials import demo_form, demo_materials, demo_products, licence
    from config.clock import SystemClock

    started = time.perf_counter()

    def tell(clause: str, words: str) -> None:
        typer.echo(f"[{time.perf_counter() - started:5.1f} s] {clause:　<7} {words}")

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as http:
        try:
            async with http.get(f"{base}/dev/clock") as answer:
                if answer.status != 200:
                    raise JourneyFailed(f"{base} 不是样例环境：请用 make run 启动后再试")
                today = datetime.fromisoformat((await answer.json())["now"]).date()
        except aiohttp.ClientConnectionError:
            raise JourneyFailed(f"{base} 没有应答：请先运行 make run") from None
        materials = await asyncio.to_thread(demo_materials, today, real_now=SystemClock().now())
        firm = Travelling(
            user=user, form=demo_form(), licence=await asyncio.to_thread(licence), products=demo_products(),
            materials=materials,
        )  # fmt: skip
        journey = Journey(http, base, firm, tell)
        certificate = await journey.travel()
        await journey.scan(EXAMPLE.items()[0].code, certificate)
        await journey.look_up_supplier(certificate)
    typer.echo(
        f"\n全程走通，用时 {time.perf_counter() - started:.0f} s：{base}/c/{certificate['number'].replace('/', '-')}"
    )
