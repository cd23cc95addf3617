"""One contract, two databases: what :class:`workflow.ports.FirmIndex` promises, on both."""

import random
from collections.abc import Iterable

import pytest
from tortoise.connection import get_connection

from gateways import firm_index
from gateways.firm_index import TableFirmIndex
from gateways.firm_keys import FirmKeys, fold, key, past
from models import Enterprise, FirmName
from models.transactions import transaction
from tests import rows
from tests.conftest import Database
from workflow.ports import CursorInvalid

SHIFAN = "上海示范电线缆有限公司"
TAILS = ("有限公司", "有限责任公司", "股份有限公司")


@pytest.fixture
def index(database: Database) -> TableFirmIndex:
    return TableFirmIndex()


async def put(index: TableFirmIndex, *names: str, **given: str) -> list[int]:
    """Firms of these names, in the index; their ids in the same order."""
    firms = [await rows.enterprise(name=name, **given) for name in names]
    async with transaction():
        for firm in firms:
            await index.record(firm.id)
    return [firm.id for firm in firms]


async def all_pages(index: TableFirmIndex, text: str, limit: int) -> list[int]:
    """What the pages of one text hold, one after the other."""
    found, after, pages = [], None, 0
    while True:
        page, after = await index.find(text, limit=limit, after=after)
        assert len(page) <= limit
        found += page
        pages += 1
        if after is None:
            return found
        assert pages < 1000


async def keys_in_table() -> int:
    return int((await get_connection("default").execute_query_dict("SELECT count(*) AS n FROM firm_key"))[0]["n"])


@pytest.mark.parametrize(
    "text",
    [
        "示", "示范", "电线缆", "缆有限公司", SHIFAN, "上海示范电线缆 有限公司", "（上海）示范", "示范　电线",  # name
        "shifan", "SHANGHAI", "shifandianxianlan", "shif", "shi fan dian xian", "shìfàn", "lanyouxiangongsi",  # sound
        "sfdxl", "shsf", "sf", "dxlyxgs",  # initials
        "91310000MA1FL00007", "913100", "91310000ma1fl", "９１３１００００ＭＡ１",  # credit code
        "上海 线缆", "缆 上海", "shanghai 线缆", "shanghai xianlan", "示范 有限公司", "示范 sh",  # words apart
        "上海shifan", "shifan电线缆",  # mixed
        "示泛电线", "师范电线缆",  # other characters of the same sound
        "示范线缆", "上海示范电缆", "示苑电线缆", "上海示范电的线缆有限公司", "上海示范电线塔",  # one mistake
    ],
)  # fmt: skip
async def test_a_firm_is_found_by(index: TableFirmIndex, text: str) -> None:
    await put(index, "宁波样例阀门有限公司", uscc="913302000000000001")
    await put(index, "重庆其他开关股份有限公司", uscc="915000000000000002")
    (wanted,) = await put(index, SHIFAN, uscc="91310000MA1FL00007")
    assert await index.find(text, limit=20) == ([wanted], None)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "。，！", "%", "_", "示%缆", "'; DROP TABLE firm_key; --", "\x00", "\x00\x01\x1f", "🧨", "\ud800",
        "\ufffe\uffff", "a" * 100_000, "缆" * 5_000, "缆 " * 5_000, "()" * 300, "\u202e\u200b", "ｱｲｳ", "٣٤٥",
        "𠮷" * 200,
        "hanghai", "hifan", "hg", "x" * 65, "1" * 65, "示" * 65, "zz",
    ],
)  # fmt: skip
async def test_what_means_no_firm_finds_none(index: TableFirmIndex, text: str) -> None:
    await put(index, SHIFAN)
    assert await index.find(text, limit=20) == ([], None)


async def test_signs_between_characters_are_no_wildcards_but_left_out(index: TableFirmIndex) -> None:
    (wanted, _) = await put(index, SHIFAN, "上海示意范例有限公司")
    assert await index.find("示%范_电\x00线🧨缆'", limit=20) == ([wanted], None)


async def test_a_name_longer_than_its_keys_is_found_whole_and_from_within(index: TableFirmIndex) -> None:
    letters = random.Random(5).choices("东西南北中上下左右前后", k=150)
    name, other = "".join(letters) + "有限公司", "".join(letters[:100]) + "其他有限公司"
    wanted, second = await put(index, name, other)
    assert await index.find(name, limit=20) == ([wanted], None)
    assert await index.find(name[7:140], limit=20) == ([wanted], None)
    assert sorted((await index.find(name[:90], limit=20))[0]) == [wanted, second]
    said = "".join(FirmKeys.of(name, "").readings.split("/")[0].split())
    assert await index.find(said[:190], limit=20) == ([wanted, second], None)


async def test_the_name_that_begins_so_comes_before_the_one_that_holds_it(index: TableFirmIndex) -> None:
    holds, whole, begins = await put(index, "上海示范有限公司", "示范", "示范电缆有限公司")
    assert await index.find("示范", limit=20) == ([whole, begins, holds], None)


async def test_sound_comes_before_initials(index: TableFirmIndex) -> None:
    initials, sound = await put(index, "苏杭阀门有限公司", "上阀有限公司")
    assert await index.find("sh", limit=20) == ([sound, initials], None)


async def test_near_names_come_after_exact_ones_and_only_where_these_fill_no_page(index: TableFirmIndex) -> None:
    one_off, alike, exact = await put(index, "师道线缆有限公司", "示道电缆有限公司", "师道电缆有限公司")
    assert await index.find("师道电缆", limit=20) == ([exact, alike, one_off], None)
    assert (await index.find("师道电缆", limit=1))[0] == [exact]
    assert await all_pages(index, "师道电缆", 1) == [exact]


async def test_a_firm_is_told_once_though_it_answers_in_many_ways(index: TableFirmIndex) -> None:
    (one,) = await put(index, "缆缆缆兰兰兰览览览缆lanlanlan有限公司")
    for text in ("缆", "缆缆", "lan", "l", "ll", "lanlan", "兰"):
        assert await index.find(text, limit=20) == ([one], None), text


@pytest.mark.parametrize("name", ["重庆长城阀门", "厦门开关", "乐清电器", "长沙单氏", "朝阳区曾家", "绿源", "ABB电气"])
@pytest.mark.parametrize("spoken", [True, False])
async def test_each_usual_reading_of_a_character_is_known(index: TableFirmIndex, name: str, spoken: bool) -> None:
    said = {
        "重庆长城阀门": ("chongqingchangcheng", "zhongqing"),
        "厦门开关": ("xiamen", "shamen"),
        "乐清电器": ("yueqing", "leqing"),
        "长沙单氏": ("changshadan", "changshashan"),
        "朝阳区曾家": ("chaoyangqu", "zengjia"),
        "绿源": ("lvyuan", "lüyuan"),
        "ABB电气": ("abbdianqi", "bbdq"),
    }
    (one,) = await put(index, name + "有限公司")
    assert (await index.find(said[name][not spoken], limit=20))[0] == [one]


async def test_the_usual_tail_is_answered_in_the_order_of_names(index: TableFirmIndex) -> None:
    names = sorted(f"样例{place}{tail}" for place in "甲乙丙丁" for tail in TAILS)
    ids = await put(index, *names)
    by_name = sorted(zip([key("n", fold(name), begins=True) for name in names], ids, strict=True))
    assert await all_pages(index, "公司", 5) == [one for _, one in by_name]
    assert sorted(await all_pages(index, "有限责任公司", 3)) == sorted(ids[n] for n in range(12) if "责任" in names[n])
    assert sorted(await all_pages(index, "gufenyouxiangongsi", 20)) == sorted(
        ids[n] for n in range(12) if "股份" in names[n]
    )
    assert sorted(await all_pages(index, "gongsi", 20)) == sorted(ids)


@pytest.mark.parametrize("limit", [1, 7])
@pytest.mark.parametrize(
    "text", ["示", "电缆", "公司", "上海 电缆", "dian", "d", "sh", "shanghai", "示 dx", "913100", "有"]
)
async def test_pages_hold_every_firm_that_answers_once(
    index: TableFirmIndex, text: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firm_index, "_EXAMINED", 8)
    names = sample_names(40)
    async with transaction():
        for number, name in enumerate(names):
            await put(index, name, uscc=f"9131{number % 5:02d}0000{number:08d}")
    whole, after = await index.find(text, limit=1000)
    assert after is None or len(whole) < len(names)
    paged = await all_pages(index, text, limit)
    assert len(paged) == len(set(paged)) > 0
    monkeypatch.setattr(firm_index, "_EXAMINED", 10**6)
    whole, after = await index.find(text, limit=1000)
    assert after is None
    exact = [one for one in whole if await answers(one, text)]
    assert [one for one in paged if await answers(one, text)] == exact
    if not text.isascii() and " " not in text:
        assert set(exact) == {firm.id for firm in await Enterprise.all() if text in firm.name}


async def test_a_firm_that_comes_between_two_pages_moves_no_other(index: TableFirmIndex) -> None:
    ids = await put(index, *(f"示范{n}有限公司" for n in "丙丁戊己"))
    first, after = await index.find("示范", limit=2)
    await put(index, *(f"示范{n}有限公司" for n in "一三有缆"), "上海示范有限公司")
    rest, _ = await index.find("示范", limit=20, after=after)
    assert set(first).isdisjoint(rest)
    assert set(ids) <= {*first, *rest}


@pytest.mark.parametrize(
    "cursor",
    [
        "", "x", "an1.1.", "an1.1.AAAA", "an1.-2.TgAA", "an1.99999999999999999999.TgAA", "zz.1.TgAA", "an1.1.====",
        "w9.1.TgAA", "an1.１.TgAA", "an1.1.TgA" + "A" * 500,
    ],
)  # fmt: skip
async def test_a_cursor_of_no_page_is_refused(index: TableFirmIndex, cursor: str) -> None:
    await put(index, SHIFAN)
    with pytest.raises(CursorInvalid):
        await index.find("示范", limit=20, after=cursor)


async def test_a_cursor_leads_nowhere_in_another_question(index: TableFirmIndex) -> None:
    await put(index, SHIFAN, "示范电器有限公司", "示范阀门有限公司")
    _, after = await index.find("示范", limit=1)
    assert after is not None
    with pytest.raises(CursorInvalid):
        await index.find("上海", limit=1, after=after)


async def test_recording_again_changes_nothing(index: TableFirmIndex) -> None:
    (one,) = await put(index, SHIFAN)
    before = await keys_in_table()
    async with transaction():
        await index.record(one)
    assert (await keys_in_table(), await FirmName.all().count()) == (before, 1)
    assert before == len(FirmKeys.of(SHIFAN, "1" * 18).keys)


async def test_what_is_rolled_back_is_not_found(index: TableFirmIndex) -> None:
    firm = await rows.enterprise(name=SHIFAN)

    async def cut_off() -> None:
        async with transaction():
            await index.record(firm.id)
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        await cut_off()
    assert await index.find("示范", limit=20) == ([], None)
    assert await keys_in_table() == 0


async def test_a_renamed_firm_is_found_by_its_new_name_only(index: TableFirmIndex) -> None:
    (one,) = await put(index, SHIFAN)
    await Enterprise.filter(id=one).update(name="上海样例电缆有限公司")
    async with transaction():
        await index.renamed(one)
    for text in ("示范", "shifan", "sfdxl", SHIFAN):
        assert await index.find(text, limit=20) == ([], None)
    assert await index.find("上海样例", limit=20) == ([one], None)
    firm = await Enterprise.get(id=one)
    assert await keys_in_table() == len(FirmKeys.of(firm.name, firm.uscc).keys)


async def test_a_rename_makes_no_firm_public(index: TableFirmIndex) -> None:
    firm = await rows.enterprise(name=SHIFAN)
    async with transaction():
        await index.renamed(firm.id)
    assert await index.find("示范", limit=20) == ([], None)


def test_the_end_of_a_stretch_is_behind_everything_in_it() -> None:
    for begin in (b"N", b"n\x00\xff", b"n\xff\xff", "n缆".encode("utf-16-be")):
        assert begin < past(begin)
        assert begin + b"\xff" * 9 < past(begin)
        assert not past(begin).startswith(begin)


async def answers(enterprise_id: int, text: str) -> bool:
    """Whether the firm answers exactly, as a person would see it."""
    firm = await Enterprise.get(id=enterprise_id)
    keys = FirmKeys.of(firm.name, firm.uscc)
    return all(
        word in keys.folded or firm.uscc.startswith(word) or keys.sounds_like(word) or keys.has_initials(word)
        for word in text.split()
    )


def sample_names(count: int) -> Iterable[str]:
    chance = random.Random(3)
    return [
        chance.choice(("上海", "宁波", ""))
        + "".join(chance.choices("示范电样例", k=2))
        + chance.choice(("电缆", "电线", "阀门"))
        + chance.choice(TAILS)
        for _ in range(count)
    ]  # fmt: skip
