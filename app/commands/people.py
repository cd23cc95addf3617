"""Who holds a platform role: appoint."""

import asyncio
from typing import Annotated
from urllib.parse import urlsplit

import typer

from app.commands.base import cli, settings_or_exit
from models import Grant, PlatformRole
from models.database import SchemaBehind, UnknownDatabase
from workflow.context import Ports
from workflow.problems import Refused

ROLES = {PlatformRole.OPERATOR: "运营人员", PlatformRole.PROCUREMENT: "采购确认人员", PlatformRole.PARTNER: "合作方"}


@cli.command()
def appoint(
    link: Annotated[str, typer.Argument(help="本人在服务号里回复“登录”得到的一次性链接；由此认出是谁，用后失效")],
    role: Annotated[PlatformRole, typer.Option(help="担任什么")] = PlatformRole.OPERATOR,
    organisation: Annotated[str, typer.Option(help="所在单位；合作方必填")] = "",
    end: Annotated[bool, typer.Option("--end", help="不再担任")] = False,
) -> None:
    """任命或免去运营人员（运营台 /desk 只对他们开放）、合作方。

    嵌入式数据库同时只许一个进程使用：先停止服务再运行；PostgreSQL 不用停。
    """
    if role is PlatformRole.PARTNER and not organisation.strip() and not end:
        typer.echo("合作方要写明所在单位：--organisation", err=True)
        raise typer.Exit(2)
    settings = settings_or_exit()
    from app.compose import DataFolderInUse, joined_ports

    async def run() -> str:
        async with joined_ports(settings, lambda _step: None, inspecting=False) as ports:
            return await appointed(ports, link, role, organisation.strip(), end=end)

    try:
        typer.echo(asyncio.run(run()))
    except Refused as problem:
        typer.echo(problem.advice, err=True)
        raise typer.Exit(1) from None
    except (SchemaBehind, UnknownDatabase, DataFolderInUse) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None


async def appointed(ports: Ports, link: str, role: PlatformRole, organisation: str = "", *, end: bool = False) -> str:
    """Give the link's person the role, or take it back; a sentence on it. Refused: ``link_used_up``."""
    from workflow.firms import members
    from workflow.knowing import sessions

    token = urlsplit(link.strip()).path.rpartition("/")[2]
    signed, _ = await sessions.sign_in_by_link(ports, token)
    # The link only told who it is: nobody is signed in by this.
    await sessions.sign_out(ports, signed.asker)
    person = signed.asker.person_id
    if end:
        for held in await Grant.filter(person_id=person, role=role, revoked_at=None):
            await members.revoke_grant(ports, held.id, by="system")
        return f"已免去{ROLES[role]}。"
    await members.grant(ports, person, role, organisation=organisation, by="system")
    where = f"，运营台在 {ports.links.page('/desk')}" if role is PlatformRole.OPERATOR else ""
    return f"已任命为{ROLES[role]}{where}。"
