"""Anybody's questions: firms, certificates and their files."""

from aiohttp import FormData
from aiohttp.test_utils import TestClient

from models import Application, Certificate, Enterprise, Publication
from tests.miniapp_api.conftest import FIRM, answered, problem
from tests.miniapp_api.test_publications import published
from tests.workflow.world import World
from workflow.certifying import certificates
from workflow.certifying.certificates import ISSUE


async def certified(world: World, firm: Enterprise) -> Certificate:
    """A certificate of the firm, issued and signed by the jobs."""
    public = await published(world, firm)
    await Publication.filter(id=public.id).update(state="confirmed")
    await Application.filter(id=public.application_id).update(state="confirmed", grade="AA")
    await world.ports.firms.record(firm.id)
    now = world.clock.now()
    await world.ports.queue.enqueue(ISSUE, f"{ISSUE}:{public.id}", {"application": public.application_id}, due=now)
    for work in (certificates.issue, certificates.render):
        (job,) = await world.ports.queue.claim(1, 60)
        await work(world.ports, job)
    return await Certificate.get(application_id=public.application_id)


async def test_a_certificate_is_found_read_and_downloaded_by_anybody(
    client: TestClient, world: World, firm: Enterprise
) -> None:
    made = await certified(world, firm)
    found = await answered(await client.get("/api/v1/firms", params={"q": "样例电缆"}))
    assert [(one["uscc"], one["certificate"]["number"]) for one in found["items"]] == [(FIRM, made.number)]
    by_number = await answered(await client.get("/api/v1/firms", params={"q": made.number}))
    assert by_number["items"] == found["items"]
    record = await answered(await client.get(f"/api/v1/firms/{FIRM}/record"))
    assert [one["number"] for one in record["certificates"]] == [made.number]
    assert len(record["publications"]) == 1
    path = f"/api/v1/certificates/{made.number.replace('/', '-')}"
    shown = await answered(await client.get(path))
    assert (shown["number"], shown["grade"], shown["alive"], shown["pdf_ready"]) == (made.number, "AA", True, True)
    assert shown["history"][0]["on"] == "2026-11-24"
    pdf = await client.get(f"{path}/pdf")
    assert (pdf.status, pdf.content_type) == (200, "application/pdf")
    assert pdf.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''T-CMIF-2026-")
    assert (await client.get(f"{path}/pdf?revision=1")).status == 200
    await problem(await client.get(f"{path}/pdf?revision=99"), 404)
    png = await client.get(f"{path}/png")
    assert (png.status, png.content_type, (await png.read())[:4]) == (200, "image/png", b"\x89PNG")
    again = await client.get(f"{path}/png", headers={"If-None-Match": png.headers["ETag"]})
    assert again.status == 304


async def test_a_file_is_told_from_an_altered_one_and_a_foreign_one(
    client: TestClient, world: World, firm: Enterprise
) -> None:
    made = await certified(world, firm)
    pdf = await (await client.get(f"/api/v1/certificates/{made.number.replace('/', '-')}/pdf")).read()

    async def verify(data: bytes) -> tuple[str, str | None]:
        form = FormData()
        form.add_field("file", data, filename="证书.pdf")
        told = await answered(await client.post("/api/v1/verifications", data=form))
        assert told["sentence"]
        return told["outcome"], told["certificate"] and told["certificate"]["number"]

    assert await verify(pdf) == ("current", made.number)
    assert await verify(pdf.replace(b"\nsigned ", b" \nsigned ")) == ("altered", made.number)
    assert await verify(b"%PDF-1.7 something else") == ("not_ours", None)
    assert await verify(b"hello") == ("not_ours", None)


async def test_what_is_not_there_is_said_with_its_clause(client: TestClient) -> None:
    for path in ("certificates/T-CMIF-2026-000009", "certificates/x/pdf", f"firms/{FIRM}/record"):
        assert (await problem(await client.get(f"/api/v1/{path}"), 404))["clause"] == "7.6"
    assert (await answered(await client.get("/api/v1/firms", params={"q": "没有这家"}))) == {"items": [], "next": None}
    bad = await client.get("/api/v1/firms", params={"q": "样例", "after": "nonsense"})
    assert (await problem(bad, 422))["field"] == "after"


async def test_a_page_of_ours_is_signed_for_wechat_and_no_other(client: TestClient) -> None:
    signed = await answered(await client.get("/api/v1/wechat/js-sdk", params={"url": "https://sample.test/my"}))
    assert set(signed) == {"appId", "timestamp", "nonceStr", "signature"}
    foreign = await client.get("/api/v1/wechat/js-sdk", params={"url": "https://example.com/"})
    assert (await problem(foreign, 422))["field"] == "url"
