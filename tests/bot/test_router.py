"""Routes, filters and dialogs: the first that fits answers."""

import asyncio
import re

import pytest

from bot.dialogs import Dialogs, in_dialog
from bot.replies import Reply, Text
from bot.router import Context, Dispatcher, Router, text_is, text_matches
from bot.updates import Click, Image, Location, Update, parse
from bot.updates import Text as TextUpdate
from gateways.cache import MemoryCache
from tests.bot.wechat import event, text_message

Answer = Reply | None


class Person:
    """Somebody who writes to a router."""

    def __init__(self, router: Router[str], cache: MemoryCache | None = None, openid: str = "oA") -> None:
        self.cache = cache or MemoryCache()
        self.dispatcher = Dispatcher(router, dialogs=Dialogs(self.cache, "wx"), services="services")
        self.openid = openid

    async def says(self, content: str) -> str | None:
        return await self.does(text_message(content, openid=self.openid).encode())

    async def does(self, body: bytes) -> str | None:
        reply = await self.dispatcher(parse(body), 4.5)
        assert reply is None or isinstance(reply, Text)
        return reply.content if reply else None


def answering(router: Router[str], text: str, kind: type[Update], *filters: object, **equal: object) -> None:
    @router.on(kind, *filters, **equal)  # type: ignore[arg-type]
    async def answer(_context: Context[str]) -> Answer:
        return Text(text)


async def test_the_first_that_fits_answers_and_nothing_is_an_answer_too() -> None:
    router = Router[str]()
    answering(router, "help", TextUpdate, text_is("帮助", "help", "?"))
    answering(router, "number", TextUpdate, text_matches(r"\d+"))
    answering(router, "also number", TextUpdate, text_matches(re.compile(r"\d+")))
    answering(router, "click", Click, key="menu.a")
    person = Person(router)
    for text in ("帮助", " 帮助。", "HELP", "ｈｅｌｐ！", "？", "help!"):
        assert await person.says(text) == "help"
    assert await person.says(" 12 ") == "number"
    assert await person.says("12x") is None
    assert await person.does(event("CLICK", "<EventKey>menu.a</EventKey>")) == "click"
    assert await person.does(event("CLICK", "<EventKey>menu.b</EventKey>")) is None


async def test_filters_join() -> None:
    router = Router[str]()
    answering(router, "both", TextUpdate, text_matches("a.*") & text_matches(".*z"))
    answering(router, "either", TextUpdate, text_is("b") | text_is("c"))
    answering(router, "neither", TextUpdate, ~text_matches("d.*"))
    person = Person(router)
    assert [await person.says(text) for text in ("abz", "b", "c", "abc", "d")] == [
        "both",
        "either",
        "either",
        "neither",
        None,
    ]


async def test_handlers_take_the_context_or_the_update_too() -> None:
    router = Router[str]()

    @router.on(TextUpdate, text_is("a"))
    @router.on(Click, key="a")
    async def one(context: Context[str]) -> Answer:
        return Text(f"{context.services} {type(context.update).__name__}")

    @router.on(TextUpdate)
    async def two(context: Context[str], update: TextUpdate) -> Answer:
        assert context.update is update
        return Text(update.content)

    person = Person(router)
    assert await person.says("a") == "services Text"
    assert await person.does(event("CLICK", "<EventKey>a</EventKey>")) == "services Click"
    assert await person.says("xyz") == "xyz"
    with pytest.raises(TypeError, match="handler takes"):

        @router.on(TextUpdate)
        async def three(_a: int, _b: int, _c: int) -> Answer:
            return None


def test_a_misspelt_field_is_told_when_it_is_written() -> None:
    with pytest.raises(TypeError, match="Click has no field keys"):
        Router[str]().on(Click, keys="a")


async def test_routers_are_part_of_routers_and_the_last_takes_what_is_left() -> None:
    inner, middle, outer = Router[str](), Router[str](), Router[str]()
    answering(inner, "inner", TextUpdate, text_is("a"))
    middle.include(inner)
    answering(outer, "before", TextUpdate, text_is("b"))
    outer.include(middle)
    answering(outer, "after", TextUpdate, text_is("a"))
    answering(outer, "anything", Update)
    person = Person(outer)
    assert [await person.says(text) for text in "abc"] == ["inner", "before", "anything"]
    assert await person.does(event("some_new_event")) == "anything"
    for router in (inner, middle, outer):
        with pytest.raises(ValueError, match="part of itself"):
            inner.include(router)


async def test_a_kind_is_matched_with_its_children_only() -> None:
    router = Router[str]()
    answering(router, "image", Image)
    answering(router, "place", Location)
    assert await Person(router).says("text") is None


async def test_an_error_reaches_the_callback() -> None:
    router = Router[str]()

    @router.on(Update)
    async def fail(_context: Context[str]) -> Answer:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await Person(router).says("a")


async def test_seconds_left() -> None:
    router = Router[str]()
    left: list[float] = []

    @router.on(Update)
    async def look(context: Context[str]) -> Answer:
        left.append(context.seconds_left)
        await asyncio.sleep(0.03)
        left.append(context.seconds_left)
        return None

    await Dispatcher(router, dialogs=Dialogs(MemoryCache(), "wx"), services="")(parse(text_message().encode()), 0.02)
    assert 0 < left[0] <= 0.02
    assert left[1] == 0


def conversation() -> Router[str]:
    router = Router[str]()

    @router.on(TextUpdate, text_is("size"))
    async def ask(context: Context[str]) -> Answer:
        await context.dialog.enter("size", unit="毫米")
        return Text("which?")

    @router.on(TextUpdate, in_dialog("size") & text_is("quit"))
    async def leave(context: Context[str]) -> Answer:
        await context.dialog.clear()
        return Text("left")

    @router.on(TextUpdate, in_dialog("size", "other"))
    async def told(context: Context[str], update: TextUpdate) -> Answer:
        return Text(f"{update.content} {context.dialog.data['unit']}")

    @router.on(TextUpdate, in_dialog())
    async def elsewhere(context: Context[str]) -> Answer:
        return Text(f"in {context.dialog.state}")

    return router


async def test_a_dialog_lasts_over_turns_for_one_person() -> None:
    cache = MemoryCache()
    one, two = Person(conversation(), cache), Person(conversation(), cache, openid="oB")
    assert await one.says("100") is None
    assert await one.says("size") == "which?"
    assert await two.says("100") is None
    assert await one.says("100") == "100 毫米"
    assert await one.says("quit") == "left"
    assert await one.says("100") is None


async def test_a_dialog_runs_out_and_belongs_to_one_account() -> None:
    cache = MemoryCache()
    short = Dialogs(cache, "wx", seconds=0.03)
    await (await short.of("oA")).enter("size")
    assert (await short.of("oA")).state == "size"
    assert (await Dialogs(cache, "wx2").of("oA")).state is None
    await asyncio.sleep(0.05)
    assert (await short.of("oA")).state is None


async def test_a_dialog_after_clear_is_none_at_once() -> None:
    dialog = await Dialogs(MemoryCache(), "wx").of("oA")
    await dialog.enter("size", a=1)
    assert (dialog.state, dialog.data) == ("size", {"a": 1})
    await dialog.clear()
    assert (dialog.state, dialog.data) == (None, {})


@pytest.mark.parametrize("kept", [b"", b"x", b"[]", b"{}", b'{"state": 1, "data": {}}', b'{"state": "a", "data": 1}'])
async def test_a_dialog_that_cannot_be_read_is_none(kept: bytes) -> None:
    class Kept(MemoryCache):
        async def get(self, key: str) -> bytes | None:
            assert "oA" not in key
            return kept

    assert (await Dialogs(Kept(), "wx").of("oA")).state is None


async def test_whoever_notes_every_update_does_so_once_before_it_is_answered() -> None:
    router, inner, noted = Router[str](), Router[str](), []

    @router.first_of_all
    async def note(context: Context[str]) -> None:
        noted.append(type(context.update).__name__)

    @router.on(TextUpdate, text_is("again"))
    async def again(context: Context[str]) -> Answer:
        noted.append("answered")
        return await inner.handle(context)

    answering(inner, "inner", TextUpdate)
    person = Person(router)
    assert await person.says("again") == "inner"
    assert await person.does(event("CLICK", "<EventKey>menu.b</EventKey>")) is None
    assert noted == ["Text", "answered", "Click"]
