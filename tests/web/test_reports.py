"""Photo reports and uploads: who may see what, and what a person finds there."""

from io import BytesIO

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient

from inspection.report import PictureRefused
from jobs.worker import Worker
from models import Inspection, UploadLink
from tests.workflow.world import World, report
from workflow.answering import originals, photos, upload_links
from workflow.knowing import people

pytestmark = pytest.mark.both

JPEG = b"\xff\xd8\xff\xe0 certificate"
OPENID = "o" + "a" * 27


async def judged(world: World, data: bytes = JPEG, size: tuple[float, float] | None = None) -> Inspection:
    identity = await people.meet(world.ports, OPENID)
    if size:
        await people.remember_size(identity, *size)
        identity = await people.meet(world.ports, OPENID)
    world.wechat.pictures["m"] = data
    await photos.receive(world.ports, identity, f"m{hash(data)}{size}", "", "m")
    await world.settle()
    return await Inspection.all().order_by("-id").first()


def path(url: str) -> str:
    return url.removeprefix("https://sample.test")


async def test_a_signed_link_shows_the_report_and_its_picture(world: World, client: TestClient) -> None:
    world.inspector.look = lambda request: report(request, side_mm=17.8)
    inspection = await judged(world, size=(100, 70))
    async with client.get(path(world.ports.links.report(inspection.ref))) as answer:
        page = await answer.text()
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
    assert "二维码边长 17.8 mm，要求 ≥ 20 mm（D.3.1）" in page
    assert "R27" in page
    async with client.get(path(world.ports.links.picture(inspection.ref))) as answer:
        assert await answer.read() == b"\xff\xd8\xffmarked"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda url: url.split("?", maxsplit=1)[0],
        lambda url: url[:-1] + ("A" if url[-1] != "A" else "B"),
        lambda url: url.replace("t=", "t=9"),
        lambda url: url.replace("/r/", "/r/x"),
        lambda url: url.replace("t=", "t=²"),
        lambda url: url + "é",
    ],
)
async def test_a_link_that_we_did_not_make_opens_nothing(world: World, client: TestClient, spoil) -> None:  # type: ignore[no-untyped-def]
    inspection = await judged(world)
    for link in (world.ports.links.report(inspection.ref), world.ports.links.picture(inspection.ref)):
        async with client.get(spoil(path(link)), allow_redirects=False) as answer:
            assert answer.status == 404


async def test_a_pictures_link_is_not_a_reports(world: World, client: TestClient) -> None:
    inspection = await judged(world)
    query = world.ports.links.picture(inspection.ref).split("?")[1]
    async with client.get(f"/r/{inspection.ref}?{query}") as answer:
        assert answer.status == 404


async def test_an_old_reports_link_leads_to_the_newer_one(world: World, client: TestClient) -> None:
    older = await judged(world)
    identity = await people.meet(world.ports, OPENID)
    token = (await upload_links.link_for_original(world.ports, identity, await photos.latest(identity))).rsplit("/", 1)[
        1
    ]
    worker = Worker(world.ports, 1)
    worker.start()
    form = FormData()
    form.add_field("photo", JPEG + b" original", filename="IMG_1.jpg", content_type="image/jpeg")
    async with client.post(f"/u/{token}", data=form, allow_redirects=False) as answer:
        assert answer.headers["Location"] == f"/u/{token}"
    await worker.stop()
    newer = await Inspection.all().order_by("-id").first()
    assert newer.supersedes_id == older.id
    async with client.get(f"/u/{token}", allow_redirects=False) as answer:
        assert answer.headers["Location"] == world.ports.links.report(newer.ref)
    async with client.get(path(world.ports.links.report(older.ref)), allow_redirects=False) as answer:
        assert answer.headers["Location"] == world.ports.links.report(newer.ref)


async def test_an_upload_link_works_once(world: World, client: TestClient) -> None:
    identity = await people.meet(world.ports, OPENID)
    token = (await upload_links.link_for_original(world.ports, identity, None)).rsplit("/", 1)[1]
    async with client.get(f"/u/{token}") as answer:
        assert "选择或拍摄照片" in await answer.text()
    world.inspector.look = _refuse
    worker = Worker(world.ports, 1)
    worker.start()
    for _ in range(2):
        form = FormData()
        form.add_field("photo", JPEG, filename="a.jpg", content_type="image/jpeg")
        async with client.post(f"/u/{token}", data=form) as answer:
            assert "动图不能检查" in await answer.text()
    await worker.stop()
    assert len(world.inspector.asked) == 1


async def test_a_file_that_is_no_picture_leaves_the_link_usable(world: World, client: TestClient) -> None:
    identity = await people.meet(world.ports, OPENID)
    token = (await upload_links.link_for_original(world.ports, identity, None)).rsplit("/", 1)[1]
    form = FormData()
    form.add_field("photo", b"PK\x03\x04 sample", filename="a.zip", content_type="application/zip")
    async with client.post(f"/u/{token}", data=form) as answer:
        assert answer.status == 415
        assert "这不是图片文件" in await answer.text()
    assert (await UploadLink.first()).used_at is None


def _refuse(_request: object) -> None:
    raise PictureRefused("picture_animated", "动图不能检查")


@pytest.mark.parametrize(("size", "status", "words"), [(0, 400, "没有收到文件"), (20 * 10**6 + 1, 413, "没有收下")])
async def test_a_file_that_is_none_or_too_large_leaves_the_link_usable(
    world: World, client: TestClient, size: int, status: int, words: str
) -> None:
    identity = await people.meet(world.ports, OPENID)
    token = (await upload_links.link_for_original(world.ports, identity, None)).rsplit("/", 1)[1]
    form = FormData()
    form.add_field("photo", BytesIO(b"x" * size), filename="a.jpg", content_type="image/jpeg")
    async with client.post(f"/u/{token}", data=form) as answer:
        assert answer.status == status
        assert words in await answer.text()
    assert (await UploadLink.first()).used_at is None


@pytest.mark.parametrize("body", [b"", b"{}", b"--x\r\n\r\n"])
async def test_a_form_that_is_none_is_refused_gently(world: World, client: TestClient, body: bytes) -> None:
    identity = await people.meet(world.ports, OPENID)
    token = (await upload_links.link_for_original(world.ports, identity, None)).rsplit("/", 1)[1]
    for kind in ("application/json", "multipart/form-data", "multipart/form-data; boundary=x"):
        async with client.post(f"/u/{token}", data=body, headers={"Content-Type": kind}) as answer:
            assert answer.status == 400


@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionParam")
@pytest.mark.filterwarnings("ignore::aiohttp.BadContentDispositionHeader")
@pytest.mark.parametrize(
    "body",
    [
        b'--x\r\nContent-Disposition: form-data; name="photo"; filename="\xd5\xd5.jpg"\r\n\r\nhello\r\n--x--\r\n',
        b"--x\r\nContent-Disposition: form-data; name=photo; filename*=utf-8''%ED%A0%80\r\n\r\nhello\r\n--x--\r\n",
        b"--x\r\nContent-Disposition: form-data; name=photo; filename*=utf-8''%00a\r\n\r\nhello\r\n--x--\r\n",
        b"--x\r\nno colon here\r\n\r\nhello\r\n--x--\r\n",
        b"--x\r\nA: " + b"a" * 20_000 + b"\r\n\r\nhello\r\n--x--\r\n",
        b"--x\r\n" + b"A: b\r\n" * 500 + b"\r\nhello\r\n--x--\r\n",
        b"--x\r\nContent-Disposition: form-data; name=photo\r\nContent-Encoding: gzip\r\n\r\nhi\r\n--x--\r\n",
    ],
)
async def test_no_form_is_answered_with_a_fault_of_ours(world: World, client: TestClient, body: bytes) -> None:
    identity = await people.meet(world.ports, OPENID)
    token = (await upload_links.link_for_original(world.ports, identity, None)).rsplit("/", 1)[1]
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    async with client.post(f"/u/{token}", data=body, headers=kind, allow_redirects=False) as answer:
        assert answer.status in {303, 400, 415}


async def test_a_used_link_opens_nothing_after_its_time(world: World, client: TestClient) -> None:
    identity = await people.meet(world.ports, OPENID)
    token = (await upload_links.link_for_original(world.ports, identity, None)).rsplit("/", 1)[1]
    link = await upload_links.open_link(world.ports, token)
    await originals.receive_original(world.ports, link, JPEG, "IMG.jpg")
    await world.settle()
    async with client.get(f"/u/{token}", allow_redirects=False) as answer:
        assert answer.status == 303
    world.clock.advance(hours=2)
    async with client.get(f"/u/{token}", allow_redirects=False) as answer:
        assert answer.status == 404


async def test_the_notice_on_personal_information_is_there(client: TestClient) -> None:
    async with client.get("/privacy") as answer:
        assert answer.status == 200
        assert "24 小时" in await answer.text()
