"""Partners and their keys: partners add, end, key, revoke, list."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from app.commands.base import cli, settings_or_exit
from models import ApiKey, Partner, PartnerKind
from models.database import SchemaBehind, UnknownDatabase
from standard.calendar import midnight, shanghai_day
from workflow.context import Ports
from workflow.problems import Refused
from workflow.relying.partners import KINDS, Scope

SCOPES = {
    Scope.QUERY: "查询",
    Scope.ADMISSION: "入驻核验",
    Scope.REGULATE: "监管参考",
    Scope.ADOPT: "采信备案",
    Scope.WEBHOOK: "变更推送",
}

partners = typer.Typer(help="合作方与接口密钥（/open/v1，见 docs/partners.md）。", no_args_is_help=True)
cli.add_typer(partners, name="partners")


@partners.command()
def add(
    name: Annotated[str, typer.Argument(help="单位名称")],
    kind: Annotated[PartnerKind, typer.Option(help="哪一类：决定能给哪些用途")],
    uscc: Annotated[str, typer.Option(help="统一社会信用代码")] = "",
    sample: Annotated[bool, typer.Option("--sample", help="样例合作方，仅供试用")] = False,
) -> None:
    """登记一个合作方。"""

    async def run(ports: Ports) -> str:
        from workflow.relying.partners import add_partner

        made = await add_partner(ports, name, kind, uscc=uscc, sample=sample)
        how = f"发放密钥：zhuisu partners key {made.ref} --scope query"
        return f"已登记{KINDS[kind]}“{made.name}”，编号 {made.ref}。\n{how}"

    _run(run)


@partners.command()
def key(
    partner: Annotated[str, typer.Argument(help="合作方编号")],
    scope: Annotated[list[Scope], typer.Option(help="用途，可写多次")],
    per_minute: Annotated[int, typer.Option(min=1, help="每分钟最多请求几次")] = 300,
    per_day: Annotated[int, typer.Option(min=1, help="每天最多请求几次")] = 50_000,
    signed: Annotated[bool, typer.Option("--signed", help="请求必须签名，不接受直接携带密钥")] = False,
    until: Annotated[str, typer.Option(help="最后一天，如 2027-11-30；不填则不到期")] = "",
) -> None:
    """给合作方发一把接口密钥：只显示这一次。"""
    try:
        expires_at = midnight(date.fromisoformat(until) + timedelta(days=1)) if until else None
    except ValueError:
        typer.echo(f"--until 应为日期，如 2027-11-30，不是 {until}", err=True)
        raise typer.Exit(2) from None

    async def run(ports: Ports) -> str:
        from workflow.relying.partners import Terms, new_key, partner_of

        terms = Terms(scope, per_minute, per_day, signed, expires_at)
        made = await new_key(ports, await partner_of(partner), terms)
        return f"{made.token}\n以上密钥只显示这一次，请交给对方妥善保管；收回：zhuisu partners revoke {made.key.key_id}"

    _run(run)


@partners.command()
def revoke(key_id: Annotated[str, typer.Argument(help="密钥编号：zk_ 之后的 16 位")]) -> None:
    """收回一把密钥：半秒内不再有效。"""

    async def run(ports: Ports) -> str:
        from workflow.relying.partners import revoke_key

        await revoke_key(ports, key_id)
        return f"密钥 {key_id} 已收回。"

    _run(run)


@partners.command()
def end(partner: Annotated[str, typer.Argument(help="合作方编号")]) -> None:
    """停用一个合作方：它的全部密钥半秒内失效。"""

    async def run(ports: Ports) -> str:
        from workflow.relying.partners import end_partner

        return f"“{(await end_partner(ports, partner)).name}”已停用。"

    _run(run)


@partners.command("list")
def list_() -> None:
    """列出合作方与密钥（不含密钥本身）。"""

    async def run(_: Ports) -> str:
        from workflow.relying.partners import partners as all_partners

        lines = [line for partner, keys in await all_partners() for line in described(partner, keys)]
        return "\n".join(lines) or "还没有合作方：zhuisu partners add"

    _run(run)


def described(partner: Partner, keys: list[ApiKey]) -> list[str]:
    """A partner and its keys, a line each; times are Shanghai days."""
    ended = "（已停用）" if partner.ended_at else ""
    sample = "（样例）" if partner.is_sample else ""
    lines = [f"{partner.ref}  {partner.name}{sample}  {KINDS[PartnerKind(partner.kind)]}{ended}"]
    for one in keys:
        uses = "、".join(SCOPES[Scope(scope)] for scope in one.scopes)
        state = "已收回" if one.revoked_at else (f"至 {_last_day(one.expires_at)}" if one.expires_at else "不到期")
        signed = "，须签名" if one.signed else ""
        last = f"，最近使用 {one.last_used_on}" if one.last_used_on else "，未使用"
        lines.append(f"  {one.key_id}  {uses}  {one.per_minute}/分 {one.per_day}/日{signed}  {state}{last}")
    return lines


def _last_day(expires_at: datetime) -> date:
    return shanghai_day(expires_at - timedelta(seconds=1))


def _run(work: Callable[[Ports], Awaitable[str]]) -> None:
    """Do it over the joined ports and say what came of it; where it is refused, exit 1 with the reason."""
    settings = settings_or_exit()
    from app.compose import DataFolderInUse, joined_ports

    async def run() -> str:
        async with joined_ports(settings, lambda _step: None, inspecting=False) as ports:
            return await work(ports)

    try:
        typer.echo(asyncio.run(run()))
    except Refused as problem:
        typer.echo(problem.advice, err=True)
        raise typer.Exit(1) from None
    except (SchemaBehind, UnknownDatabase, DataFolderInUse) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
