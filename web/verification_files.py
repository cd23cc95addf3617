"""Files that WeChat asks to find at the root of a domain before it lets pages, links or a mini-program use it.

``MP_verify_*.txt`` for the service account's pages, ``<random>.txt`` for the mini-program's web views and QR rules: the
operator puts them into one folder, as they were downloaded.
"""

import asyncio
from pathlib import Path

from aiohttp import web

_NAME = r"[A-Za-z0-9_-]{4,64}\.txt"
_LARGEST = 1024
_FOLDER = web.AppKey("verification_files", Path)


def add_verification_files(app: web.Application, folder: Path | None) -> None:
    """Serve the folder's .txt files at the root of ``app``; without a folder nothing is served."""
    if folder is None:
        return
    app[_FOLDER] = folder
    app.router.add_get(f"/{{name:{_NAME}}}", verification_file)


async def verification_file(request: web.Request) -> web.StreamResponse:
    """One file, as it lies in the folder now: a new one needs no restart."""
    text = await asyncio.to_thread(_read, request.app[_FOLDER] / request.match_info["name"])
    if text is None:
        raise web.HTTPNotFound
    return web.Response(body=text, content_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})


def _read(path: Path) -> bytes | None:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST:
            return None
        return path.read_bytes()
    except OSError:
        return None
