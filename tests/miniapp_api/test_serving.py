"""What every endpoint gets from its surroundings, shown on a few that do nothing else."""

import asyncio
import gzip
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient
from pydantic import Field, Json

from app.observe import observing
from config.logs import configure_logs
from config.settings import Settings
from miniapp_api import add_api, bodies, serving
from miniapp_api.chapter import Chapter, Rate
from miniapp_api.serving import Unchanged
from miniapp_api.shapes import Answer, Body, File, Form, Id, Path, Query, Said
from models import IdempotentRequest
from tests.miniapp_api.conftest import KEY, MOST, Start, problem, sign_in
from tests.workflow.world import World
from workflow.access import Asker
from workflow.context import Ports
from workflow.ports import Allowance, CacheUnavailable
from workflow.problems import Kind, Refused

pytestmark = pytest.mark.both

sample = Chapter("sample", "样例")
done: list[str] = []


class Numbered(Path):
    number: Id


class Words(Query):
    word: str = Field("", max_length=5)


class Order(Body):
    count: int = Field(ge=1)
    what: Said
    more: dict[str, Any] = Field(default_factory=dict)


class Parcel(Form):
    kind: str
    count: int = 1
    declared: Json[dict[str, str]] = Field(default_factory=dict)
    file: File


class Parcels(Form):
    files: list[File] = Field(default_factory=list)


class Done(Answer):
    said: str


@sample.get("/things/{number}", "看", public_seconds=60)
async def thing(path: Numbered, query: Words) -> Done:
    return Done(said=f"{path.number}{query.word}")


@sample.get("/states/{number}", "看现在的", public_seconds=0)
async def state(path: Numbered) -> Done:
    return Done(said=f"{path.number}")


@sample.post("/orders", "订", clause="7.1", status=201)
async def order(asker: Asker, body: Order, key: str) -> Done:
    done.append(key)
    if body.what == "break":
        raise ValueError("secret")
    if body.what == "refuse":
        raise Refused(
            Kind.CONFLICT, "no_room", "没有位置了", clause="7.1(2)", rows=("R43",), field="what", retry_after=3
        )
    if body.what == "away":
        raise CacheUnavailable("away")
    await asyncio.sleep(0.05)
    return Done(said=f"{asker.person_id if body.what == 'who' else ''}{body.count}")


@sample.post("/parcels", "寄", status=201)
async def parcel(ports: Ports, asker: Asker | None, body: Parcel, key: str) -> Done:
    return Done(said=f"{body.kind} {body.file.name} {len(body.file.data)} {body.declared} {body.count}")


@sample.post("/parcels/many", "寄多件")
async def parcels(body: Parcels) -> Done:
    return Done(said=",".join(f"{file.name}={file.data.decode()}" for file in body.files))


@sample.post("/changes", "改")
async def change(unchanged: Unchanged) -> Done:
    unchanged.since(Done(said="1"))
    return Done(said="changed")


@sample.delete("/things/{number}", "删")
async def drop(path: Numbered) -> None:
    return None


@pytest.fixture(autouse=True)
def _nothing_done() -> None:
    done.clear()


@pytest.fixture
async def client(world: World, settings: Settings, aiohttp_client: Start) -> TestClient:
    app = web.Application()
    add_api(app, settings, world.ports, [sample])
    return await aiohttp_client(app)


@pytest.fixture
async def signed_in(world: World) -> dict[str, str]:
    return await somebody(world)


async def somebody(world: World) -> dict[str, str]:
    return {**(await sign_in(world)).headers, "Idempotency-Key": KEY}


async def test_a_public_answer_may_be_kept_and_is_not_sent_twice(client: TestClient) -> None:
    answer = await client.get("/api/v1/things/7?word=a")
    assert (answer.status, await answer.json()) == (200, {"said": "7a"})
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    now = await client.get("/api/v1/states/7")
    assert now.headers["Cache-Control"] == "public, no-cache"
    tag = answer.headers["ETag"]
    again = await client.get("/api/v1/things/7?word=a", headers={"If-None-Match": f'W/"x", {tag}'})
    assert (again.status, await again.read(), again.headers["ETag"]) == (304, b"", tag)
    other = await client.get("/api/v1/things/8?word=a", headers={"If-None-Match": tag})
    assert other.status == 200


@pytest.mark.parametrize("number", ["x", "0", "9" * 30, "1%00", "%FF", "1.5"])
async def test_a_path_that_cannot_name_anything_is_not_found(client: TestClient, number: str) -> None:
    assert (await problem(await client.get(f"/api/v1/things/{number}"), 404))["code"] == "not_found"


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("word=abcdef", "word", "string_too_long"),
        ("wort=a", "wort", "extra_forbidden"),
        ("word=%00", "word", "control_characters"),
        ("word=a%E2%80%AEb", "word", "control_characters"),
    ],
)
async def test_a_wrong_query_is_told_by_field(client: TestClient, query: str, field: str, code: str) -> None:
    told = await problem(await client.get(f"/api/v1/things/7?{query}"), 422)
    assert (told["code"], told["field"]) == ("invalid", field)
    assert told["fields"][0]["code"] == code
    assert told["detail"].startswith(f"{field}：")


async def test_a_place_or_a_method_that_is_not_there_is_a_problem_too(client: TestClient) -> None:
    assert (await problem(await client.get("/api/v1/nothing"), 404))["code"] == "no_such_place"
    answer = await client.put("/api/v1/things/7")
    told = await problem(answer, 405)
    assert (told["code"], answer.headers["Allow"]) == ("no_such_method", "DELETE, GET")
    assert "可用 DELETE, GET" in told["detail"]


async def test_whoever_is_not_signed_in_is_asked_to(client: TestClient) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer nobody"},
        {"Authorization": "Basic eA=="},
        {"Authorization": "Bearer"},
    ):
        answer = await client.post("/api/v1/orders", json={}, headers=headers)
        assert (await problem(answer, 401))["code"] == "sign_in"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ('{"what": "x"}', "count", "missing"),
        ('{"what": "x", "count": "1"}', "count", "int_type"),
        ('{"what": "x", "count": true}', "count", "int_type"),
        ('{"what": "x", "count": 0}', "count", "greater_than_equal"),
        ('{"what": "  ", "count": 1}', "what", "blank"),
        ('{"what": "x\\u0000", "count": 1}', "what", "control_characters"),
        ('{"what": "样例\\u202e级AAA", "count": 1}', "what", "control_characters"),
        ('{"what": "x", "count": 1, "more": {"a": ["\\u0001"]}}', "more", "control_characters"),
        ('{"what": "x", "count": 1, "extra": 1}', "extra", "extra_forbidden"),
        ('{"count": NaN, "what": "x"}', "count", "int_type"),
        ("[]", "body", "model_type"),
    ],
)
async def test_a_body_is_read_strictly(
    client: TestClient, signed_in: dict[str, str], body: str, field: str, code: str
) -> None:
    answer = await client.post("/api/v1/orders", data=body, headers={**signed_in, "Content-Type": "application/json"})
    told = await problem(answer, 422)
    assert (told["field"], told["fields"][0]["code"]) == (field, code)
    assert not done
    assert await IdempotentRequest.all().count() == 0


async def test_a_body_that_is_none(client: TestClient, signed_in: dict[str, str], monkeypatch: Any) -> None:
    json_type = {**signed_in, "Content-Type": "application/json"}
    for body in ("{", "", "\xff"):
        answer = await client.post("/api/v1/orders", data=body.encode("latin-1"), headers=json_type)
        assert (await problem(answer, 400))["code"] == "not_json", body
    answer = await client.post("/api/v1/orders", data="count=1", headers={**signed_in, "Content-Type": "text/plain"})
    assert (await problem(answer, 415))["code"] == "wrong_media_type"
    answer = await client.post("/api/v1/orders", data="[" + " " * bodies.MOST_JSON, headers=json_type)
    assert (await problem(answer, 413))["code"] == "too_large"

    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 4096

    answer = await client.post("/api/v1/orders", data=endless(), headers=json_type)
    assert answer.status == 413
    monkeypatch.setattr(bodies, "SECONDS", 0.05)

    async def slow() -> Any:
        yield b"{"
        await asyncio.sleep(1)

    answer = await client.post("/api/v1/orders", data=slow(), headers=json_type)
    assert (await problem(answer, 408))["code"] == "too_slow"


@pytest.mark.parametrize("path", ["orders", "parcels"])
async def test_a_packed_body_is_not_unpacked(client: TestClient, signed_in: dict[str, str], path: str) -> None:
    kind = "application/json" if path == "orders" else "multipart/form-data; boundary=b"
    headers = {**signed_in, "Content-Type": kind, "Content-Encoding": "gzip"}
    answer = await client.post(f"/api/v1/{path}", data=gzip.compress(b" " * 10**7), headers=headers)
    assert (await problem(answer, 415))["code"] == "packed"
    assert not done


async def test_a_body_that_breaks_off_is_nobodys_fault(
    client: TestClient, signed_in: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    for path, kind in (("orders", "application/json"), ("parcels", "multipart/form-data; boundary=b")):
        head = [f"POST /api/v1/{path} HTTP/1.1", "Host: x", "Content-Length: 500", f"Content-Type: {kind}"]
        head += [f"{name}: {value}" for name, value in signed_in.items()]
        _, writer = await asyncio.open_connection(client.host, client.port)
        writer.write("\r\n".join([*head, "", "--b\r\n"]).encode())
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        await writer.wait_closed()
    assert (await client.post("/api/v1/orders", json={"count": 1, "what": "x"}, headers=signed_in)).status == 201
    assert not caplog.records


async def test_a_refusal_keeps_its_clause_and_gives_the_key_back(client: TestClient, signed_in: dict[str, str]) -> None:
    for _ in range(2):
        answer = await client.post("/api/v1/orders", json={"count": 1, "what": "refuse"}, headers=signed_in)
        told = await problem(answer, 409)
        assert answer.headers["Retry-After"] == "3"
        assert answer.headers["RateLimit-Limit"] == "60"
        assert told == {
            "type": "about:blank",
            "title": "与当前状态不符",
            "status": 409,
            "code": "no_room",
            "detail": "没有位置了",
            "clause": "7.1(2)",
            "rows": ["R43"],
            "field": "what",
            "fields": [],
        }
    assert done == [KEY, KEY]


async def test_what_we_did_not_expect_is_not_told(client: TestClient, signed_in: dict[str, str], caplog: Any) -> None:
    answer = await client.post("/api/v1/orders", json={"count": 1, "what": "break"}, headers=signed_in)
    told = await problem(answer, 500)
    assert told["code"] == "trouble"
    assert "secret" not in json.dumps(told)
    assert "secret" in caplog.text
    assert await IdempotentRequest.all().count() == 0


@contextmanager
def logging_as_in_production() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    configure_logs("INFO", as_json=True)
    try:
        yield
    finally:
        root.handlers[:], root.level = before[0], before[1]


async def test_trouble_is_answered_and_logged_under_one_number_and_tokens_are_not(
    world: World,
    settings: Settings,
    signed_in: dict[str, str],
    aiohttp_client: Start,
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = web.Application(middlewares=[observing])
    add_api(app, settings, world.ports, [sample])
    client = await aiohttp_client(app)
    with logging_as_in_production():
        answer = await client.post("/api/v1/orders", json={"count": 1, "what": "break"}, headers=signed_in)
    told = await problem(answer, 500)
    assert told["instance"] == answer.headers["X-Request-Id"]
    assert told["instance"] in told["detail"]
    written = capsys.readouterr().err
    lines = {line["event"]: line for line in map(json.loads, written.splitlines())}
    failed, request = lines["an endpoint failed"], lines["request"]
    assert (failed["level"], failed["request"]) == ("error", told["instance"])
    assert (request["route"], request["status"], request["request"]) == ("/api/v1/orders", 500, told["instance"])
    assert signed_in["Authorization"].split()[1] not in written


async def test_what_is_away_is_a_503(client: TestClient, signed_in: dict[str, str]) -> None:
    answer = await client.post("/api/v1/orders", json={"count": 1, "what": "away"}, headers=signed_in)
    assert (await problem(answer, 503))["code"] == "unavailable"
    assert answer.headers["Retry-After"] == "5"


async def test_the_same_request_again_is_done_once_and_answered_the_same(
    client: TestClient, signed_in: dict[str, str]
) -> None:
    first = await client.post("/api/v1/orders", json={"count": 1, "what": "x"}, headers=signed_in)
    again = await client.post("/api/v1/orders", json={"what": "x", "count": 1}, headers=signed_in)
    assert (first.status, again.status) == (201, 201)
    assert await first.json() == await again.json() == {"said": "1"}
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert done == [KEY]
    other = await client.post("/api/v1/orders", json={"count": 2, "what": "x"}, headers=signed_in)
    told = await problem(other, 422)
    assert (told["code"], told["field"]) == ("idempotency_key_reused", "Idempotency-Key")


async def test_the_same_request_twice_at_once_is_done_once(client: TestClient, signed_in: dict[str, str]) -> None:
    answers = await asyncio.gather(
        *(client.post("/api/v1/orders", json={"count": 1, "what": "x"}, headers=signed_in) for _ in range(5))
    )
    # Whoever comes while it is done is told so; whoever comes after is answered the same.
    statuses = [answer.status for answer in answers]
    assert {201} <= set(statuses) <= {201, 409}
    replayed = sum(answer.headers.get("Idempotency-Replayed") == "true" for answer in answers)
    assert replayed == statuses.count(201) - 1
    for answer in answers:
        if answer.status == 409:
            assert (await problem(answer, 409))["code"] == "request_in_progress"
    assert done == [KEY]


async def test_a_key_is_its_persons_own(client: TestClient, world: World, signed_in: dict[str, str]) -> None:
    other = await somebody(world)
    for headers in (signed_in, other):
        answer = await client.post("/api/v1/orders", json={"count": 1, "what": "who"}, headers=headers)
        assert answer.status == 201
        assert "Idempotency-Replayed" not in answer.headers


@pytest.mark.parametrize("key", [None, "", "short", "x" * 65, "with space in it!!", "中" * 20])
async def test_without_a_key_nothing_is_made(client: TestClient, signed_in: dict[str, str], key: str | None) -> None:
    del signed_in["Idempotency-Key"]
    headers = signed_in if key is None else {**signed_in, "Idempotency-Key": key}
    answer = await client.post("/api/v1/orders", json={"count": 1, "what": "x"}, headers=headers)
    assert (await problem(answer, 400))["code"] == "idempotency_key_missing"
    assert not done


async def test_a_form_brings_its_file(client: TestClient) -> None:
    def form(count: str = "2") -> FormData:
        made = FormData(quote_fields=False)
        made.add_field("kind", "照片")
        made.add_field("count", count)
        made.add_field("declared", '{"a": "b"}')
        made.add_field("file", b"\x00\xff", filename="../合格证.jpg", content_type="image/jpeg")
        return made

    headers = {"Idempotency-Key": KEY}
    answer = await client.post("/api/v1/parcels", data=form(), headers=headers)
    assert (answer.status, await answer.json()) == (201, {"said": "照片 合格证.jpg 2 {'a': 'b'} 2"})
    again = await client.post("/api/v1/parcels", data=form(), headers=headers)
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    other = await client.post("/api/v1/parcels", data=form("3"), headers=headers)
    assert (await problem(other, 422))["code"] == "idempotency_key_reused"


async def test_a_form_may_bring_several_files_or_none(client: TestClient) -> None:
    form = FormData()
    form.add_field("files", b"1", filename="a")
    form.add_field("files", b"2", filename="b")
    assert await (await client.post("/api/v1/parcels/many", data=form)).json() == {"said": "a=1,b=2"}
    empty = FormData(default_to_multipart=True)
    empty.add_field("files", "not a file")
    assert await (await client.post("/api/v1/parcels/many", data=empty)).json() == {"said": "=not a file"}


async def test_a_form_that_is_wrong(client: TestClient) -> None:
    headers = {"Idempotency-Key": KEY}
    form = FormData(default_to_multipart=True)
    form.add_field("kind", "x")
    told = await problem(await client.post("/api/v1/parcels", data=form, headers=headers), 422)
    assert (told["code"], told["field"]) == ("invalid", "file")
    form = FormData()
    form.add_field("kind", "x")
    form.add_field("file", b"x" * (MOST + 1), filename="large")
    assert (await client.post("/api/v1/parcels", data=form, headers=headers)).status == 413
    form = FormData()
    form.add_field("kind", "x" * (bodies.MOST_JSON + 1))
    form.add_field("file", b"x", filename="a")
    assert (await client.post("/api/v1/parcels", data=form, headers=headers)).status == 413
    form_type = {**headers, "Content-Type": "multipart/form-data; boundary=b"}
    for body in (b"", b"--b\r\n", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", b"nonsense"):
        answer = await client.post("/api/v1/parcels", data=body, headers=form_type)
        await problem(answer, 400)
    answer = await client.post("/api/v1/parcels", data=b"x", headers={**headers, "Content-Type": "multipart/form-data"})
    assert (await problem(answer, 400))["code"] == "not_a_form"


async def test_if_match_insists_on_what_was_seen(client: TestClient) -> None:
    seen = serving.etag(b'{"said":"1"}')
    for header in ({}, {"If-Match": "*"}, {"If-Match": seen}, {"If-Match": f'"x", {seen.removeprefix("W/")}'}):
        assert (await client.post("/api/v1/changes", headers=header)).status == 200
    answer = await client.post("/api/v1/changes", headers={"If-Match": 'W/"old"'})
    assert (await problem(answer, 412))["code"] == "changed"


async def test_nothing_is_answered_with_nothing(client: TestClient) -> None:
    answer = await client.delete("/api/v1/things/7")
    assert (answer.status, await answer.read(), answer.headers["Cache-Control"]) == (204, b"", "private, no-store")


async def test_limits_are_each_persons_own(
    client: TestClient, world: World, settings: Settings, signed_in: dict[str, str]
) -> None:
    settings.api.reads_per_minute = 2
    settings.api.writes_per_minute = 2
    left = []
    for _ in range(3):
        answer = await client.get("/api/v1/things/7")
        left.append((answer.status, answer.headers["RateLimit-Limit"], answer.headers["RateLimit-Remaining"]))
    assert left == [(200, "2", "1"), (200, "2", "0"), (429, "2", "0")]
    told = await problem(answer, 429)
    assert told["code"] == "too_many"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    for headers in (signed_in, await somebody(world)):
        statuses = [(await client.post("/api/v1/orders", json={}, headers=headers)).status for _ in range(3)]
        assert statuses == [422, 422, 429]
    assert [(await client.post("/api/v1/orders", json={})).status for _ in range(3)] == [401, 401, 429]


async def test_behind_a_proxy_the_address_is_the_one_the_proxy_saw(client: TestClient, settings: Settings) -> None:
    settings.api.reads_per_minute = 1

    async def ask(forwarded: str) -> int:
        return (await client.get("/api/v1/things/7", headers={"X-Forwarded-For": forwarded})).status

    assert [await ask("1.1.1.1"), await ask("2.2.2.2")] == [200, 429]
    settings.api.proxies = 1
    assert [await ask("2001:db8::1"), await ask("2001:db8::2"), await ask("2001:db8:0:1::1")] == [200, 429, 200]
    assert [await ask("not an address"), await ask("another")] == [200, 429]
    assert [await ask("9.9.9.9, 1.1.1.1"), await ask("8.8.8.8, 1.1.1.1"), await ask("9.9.9.9, 3.3.3.3")] == [
        200,
        429,
        200,
    ]


def test_every_rate_is_a_setting_with_its_window(settings: Settings) -> None:
    assert set(settings.api.model_dump()) == {*Rate, "proxies"}
    assert {rate: rate.seconds for rate in Rate if rate.seconds != 60} == {Rate.COMPLAINT: 3600}


async def test_nobody_is_turned_away_because_nobody_counts(
    world: World, settings: Settings, aiohttp_client: Start
) -> None:
    class Away:
        async def hit(self, key: str, limit: int, seconds: int) -> Allowance:
            raise CacheUnavailable("ConnectionError")

    app = web.Application()
    add_api(app, settings, replace(world.ports, limiter=Away()), [sample])
    answer = await (await aiohttp_client(app)).get("/api/v1/things/7")
    assert answer.status == 200
    assert "RateLimit-Limit" not in answer.headers


async def test_the_document_is_served(client: TestClient) -> None:
    answer = await client.get("/api/openapi.json")
    document = await answer.json()
    assert document["openapi"] == "3.1.0"
    operation = document["paths"]["/api/v1/orders"]["post"]
    assert operation["description"] == "依据：7.1"
    assert set(operation["responses"]) == {
        "201", "400", "401", "403", "404", "405", "408", "409", "410", "413", "415", "422", "429", "500", "503",
    }  # fmt: skip
    assert document["components"]["schemas"]["Order"]["additionalProperties"] is False


def test_an_endpoint_that_asks_for_what_there_is_not_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="takes weather"):

        @Chapter("x", "x").get("/x", "x")
        async def endpoint(weather: str) -> Done:
            return Done(said=weather)

    with pytest.raises(TypeError, match="do not fit"):

        @Chapter("x", "x").get("/x", "x")
        async def other() -> None:
            return None
