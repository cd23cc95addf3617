"""The register that anybody asks: reindex-firms."""

import asyncio

import typer

from app.commands.base import cli, settings_or_exit
from models.database import SchemaBehind, UnknownDatabase


@cli.command("reindex-firms")
def reindex_firms() -> None:
    """重建企业检索：升级改变了检索键之后，或怀疑检索不全时运行（7.6）。

    只收有公示结果或证书的企业；一个事务内完成，期间查询照常，写入在 SQLite 上要等待。
    """
    from gateways.firm_index import TableFirmIndex
    from models.database import open_database

    async def run(url: str) -> int:
        async with open_database(url, migrate=False):
            return await TableFirmIndex().reindex()

    try:
        count = asyncio.run(run(settings_or_exit().resolved_database_url()))
    except (SchemaBehind, UnknownDatabase) as problem:
        typer.echo(str(problem), err=True)
        raise typer.Exit(1) from None
    typer.echo(f"已收入 {count} 家有公开结果或证书的企业。")
