"""WeChat finds its files at the root of the domain, and nobody finds anything else there."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from web.verification_files import add_verification_files


async def get(folder: Path | None, path: str) -> tuple[int, str]:
    app = web.Application()
    add_verification_files(app, folder)
    async with TestClient(TestServer(app, host="127.0.0.1")) as client, client.get(path) as response:
        return response.status, await response.text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "MP_verify_abCD1234.txt").write_text("abCD1234")
    (folder / "Xy12.txt").write_text("0123456789abcdef")
    (folder / "large.txt").write_text("x" * 2000)
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "notes.md").write_text("notes")
    return folder


async def test_what_lies_in_the_folder_is_served_as_it_is(folder: Path) -> None:
    assert await get(folder, "/MP_verify_abCD1234.txt") == (200, "abCD1234")
    assert await get(folder, "/Xy12.txt") == (200, "0123456789abcdef")


@pytest.mark.parametrize(
    "path", ["/none.txt", "/notes.md", "/large.txt", "/link.txt", "/..%2Fsecret.txt", "/..%5Csecret.txt", "/a/b.txt"]
)
async def test_nothing_else_is(folder: Path, path: str) -> None:
    assert (await get(folder, path))[0] == 404


async def test_without_a_folder_there_is_no_file(folder: Path) -> None:
    assert (await get(None, "/Xy12.txt"))[0] == 404
