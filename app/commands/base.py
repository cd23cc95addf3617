"""What every command shares: the application they hang on, and settings read with gentle words for what is wrong."""

import json
from pathlib import Path
from tomllib import TOMLDecodeError

import typer
from pydantic import ValidationError

from config.settings import Settings

cli = typer.Typer(
    help="追溯：重点工业产品质量追溯能力评价（T/ZGJDJX—3—2026）的服务号与后端。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def settings_or_exit() -> Settings:
    """The settings; where they are wrong, Chinese sentences on stderr and exit code 2."""
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


def cannot(path: Path, code: str, advice: str, *, as_json: bool) -> None:
    """Say why a file was not taken: its stable code and a Chinese sentence, as JSON where JSON is asked for."""
    if as_json:
        typer.echo(json.dumps({"file": str(path), "refused": {"code": code, "advice": advice}}, ensure_ascii=False))
    else:
        typer.echo(f"{path}：{advice}", err=True)
