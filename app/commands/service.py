"""Running the service: serve, migrate, check-config, menu."""

import asyncio
import errno
import os
import signal
import time
from typing import Annotated

import typer

from app.commands.base import cli, settings_or_exit
from config.settings import Environment, Settings
from models.database import SchemaBehind, UnknownDatabase


@cli.command()
def serve(
    doors: Annotated[bool, typer.Option(help="接收微信回调与网页请求")] = True,
    work: Annotated[bool, typer.Option(help="执行后台任务与定时巡检")] = True,
    dev: Annotated[bool, typer.Option("--dev", help="样例环境：迁移数据库、写入样例企业、启用微信模拟器")] = False,
) -> None:
    """启动服务。"""
    settings = settings_or_exit()
    if dev:
        if settings.environment is Environment.PRODUCTION:
            typer.echo("生产环境不能使用 --dev：它会启用微信模拟器。", err=True)
            raise typer.Exit(2)
        settings.simulator.enabled = True
    else:
        _complete(settings)
    from app.compose import DataFolderInUse

    try:
        asyncio.run(_serve(settings, doors, work, dev))
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            raise
        typer.echo(f"端口 {settings.port} 已被占用：请先停止占用它的程序，或设置 ZHUISU_PORT 换一个端口。", err=True)
        raise typer.Exit(1) from None
    except (SchemaBehind, UnknownDatabase, DataFolderInUse) as problem:
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

            progress("写入样例企业、产品与运营人员（样例）")
            await seed(ports, *(openid_of(user, settings.wechat.app_id) for user in ("zhang", "operator")))
            progress("发布服务号菜单到模拟器")
            await ports.wechat.create_menu(MENU)
            local = f"http://127.0.0.1:{settings.port}"
            typer.echo(
                f"\n追溯已启动（样例环境，用时 {time.perf_counter() - started:.1f} s）\n"
                f"  手机模拟器   {local}/sim/\n"
                f"  首页         {local}/\n"
                f"  就绪检查     {local}/readyz\n\n"
                f"看全程（注册 → 照片 → 补正 → 定级 → 公示 → 证书），另开一个终端：\n"
                f"  .venv/bin/zhuisu demo --url {local}\n"
                f"亲手办一遍：在模拟手机里关注服务号，回复“登录”，打开链接，照“怎样填.txt”注册、申报、上传：\n"
                f"  .venv/bin/zhuisu demo --files 示范资料\n"
                f"运营台：在模拟手机里换成“运营（样例）”，回复“待办”\n"
                f"公示期不用真等，把业务时间往后拨七天（21:00 至次日 8:30 只进收件箱，不推到聊天里）：\n"
                f"  curl -d '{{\"advance_seconds\": 604800}}' {local}/dev/clock\n"
                f"用命令行发一张照片：\n"
                "  curl -F type=image -F expect=1 -F file=@tests/photos/small_code_100x70.jpg "
                f"{local}/sim/users/zhang/messages\n\n"
                f"按 Ctrl-C 停止。"
            )
        await stop.wait()
        progress("正在停止…")


@cli.command()
def migrate() -> None:
    """把数据库升级到最新结构。"""
    from models.database import migrate as apply

    settings = settings_or_exit()
    _complete(settings)
    try:
        applied = asyncio.run(apply(settings.resolved_database_url()))
    except UnknownDatabase as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    typer.echo("数据库已是最新。" if not applied else f"已应用：{'、'.join(applied)}")


@cli.command("check-config")
def check_config() -> None:
    """检查配置，列出生产环境还缺什么。"""
    settings = settings_or_exit()
    missing = _missing(settings)
    for line in settings.templates_in_words():
        typer.echo(f"请与公众平台核对 · {line}")
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
    settings = settings_or_exit()
    _complete(settings)
    asyncio.run(_menu(settings))


def _missing(settings: Settings) -> list[str]:
    """All that keeps this configuration from serving real people, a Chinese sentence each."""
    return [
        *settings.missing_for_production(),
        *_missing_for_certificates(settings),
        *_missing_for_statements(settings),
    ]


def _missing_for_certificates(settings: Settings) -> list[str]:
    """What keeps certificates from being drawn and signed: the key that cannot be used, fonts that are not there."""
    from gateways.certificate.drawing import Drawing
    from gateways.certificate.signing import former_certificate, load_key
    from workflow.ports import CertifierFailed

    own, missing = settings.certificate, []
    if own.key_file is not None and own.key_file.is_file():
        try:
            load_key(own.key_file, own.key_password.get_secret_value())
        except CertifierFailed as problem:
            missing.append(f"ZHUISU_CERTIFICATE__KEY_FILE：{problem}")
    for path in own.former_certificates:
        try:
            former_certificate(path)
        except CertifierFailed as problem:
            missing.append(f"ZHUISU_CERTIFICATE__FORMER_CERTIFICATES：{problem}")
    if families := Drawing(own.font_dirs).missing_families():
        folders = "、".join(map(str, own.font_dirs))
        missing.append(
            f"ZHUISU_CERTIFICATE__FONT_DIRS：{folders} 中没有字体 {'、'.join(families)}（Debian：fonts-noto-cjk）"
        )
    return missing


def _missing_for_statements(settings: Settings) -> list[str]:
    """Keys of statements that cannot be used."""
    from gateways.statements import read_key
    from workflow.ports import StatementsUnavailable

    named = [("ZHUISU_STATEMENT_KEY_PATH", settings.statement_key_path, True)]
    named += [("ZHUISU_STATEMENT_FORMER_KEYS", path, False) for path in settings.statement_former_keys]
    missing = []
    for name, path, signs in named:
        if path is None or (signs and not path.is_file()):
            continue  # said already
        try:
            read_key(path, signs=signs)
        except StatementsUnavailable as problem:
            missing.append(f"{name}：{problem}")
    return missing


def _complete(settings: Settings) -> None:
    """In production nothing runs on sample values."""
    if settings.environment is not Environment.PRODUCTION:
        return
    if missing := _missing(settings):
        typer.echo("生产配置不完整，没有执行：", err=True)
        for line in missing:
            typer.echo(f"  {line}", err=True)
        raise typer.Exit(2)


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
        words = (
            f"微信没有接受菜单：{problem.errcode} {problem.errmsg}"
            if problem.errcode
            else "连不上微信，请检查网络后重试。"
        )
        typer.echo(words, err=True)
        raise typer.Exit(1) from None
    finally:
        await wechat.aclose()
        await cache.aclose()
