"""The operator's queue in chat: what waits, with clause and deadline, for operators alone."""

from datetime import timedelta

import pytest

from bot import desk_wording as words
from bot import wording
from models import WeChatIdentity
from tests import rows
from tests.bot.conftest import STRANGER, ZHANG, Chat
from workflow.certifying.certificate_effects import REVOCATION
from workflow.intake.wording import TEXT_BYTES
from workflow.knowing.persons import person_of

pytestmark = pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)


@pytest.fixture
async def operator(chat: Chat) -> str:
    await chat.say("帮助", ZHANG)
    person = await person_of(chat.world.ports, await WeChatIdentity.get(openid=ZHANG))
    await rows.grant(person_id=person.id)
    return ZHANG


async def test_what_waits_is_told_with_its_clause_and_deadline_the_soonest_first(chat: Chat, operator: str) -> None:
    assert await chat.say("待办", operator) == words.NOTHING
    now = chat.world.clock.now()
    firm = await rows.enterprise(name="样例电缆有限公司")
    case = {"kind": REVOCATION, "title": "撤销立案：T/CMIF-2026-000001", "clause": "9.5.1(2)"}
    await rows.desk_item(**case, enterprise_id=firm.id)
    await rows.desk_item(title="公示投诉：样例电缆有限公司", clause="8.4(3)", enterprise_id=firm.id)
    await rows.desk_item(title="投诉", clause="8.4(3)", due_at=now + timedelta(days=2))
    await rows.desk_item(title="资料核验超期", clause="7.2(4)", due_at=now - timedelta(hours=1))
    await rows.desk_item(title="已办的", state="decided", decided_at=now, decision="noted")
    said = await chat.say("待办", operator)
    assert said is not None
    link, *lines = said.splitlines()
    assert "https://sample.test/go/" in link
    assert "待办 4 件" in link
    assert lines[:-1] == [
        "1) 资料核验超期（7.2(4)）", "已超期，截止时间是 2026 年 11 月 24 日 9:00",
        "2) 投诉（8.4(3)）", "截止 2026 年 11 月 26 日 10:00",
        "3) 撤销立案：T/CMIF-2026-000001（9.5.1(2)）", "样例电缆有限公司", "无期限：9.5.1 没有规定多久决定",
        "4) 公示投诉：样例电缆有限公司（8.4(3)）", "无期限：标准没有规定办理期限",
    ]  # fmt: skip


async def test_many_fit_into_one_message(chat: Chat, operator: str) -> None:
    firm = await rows.enterprise(name="样例长名" * 50)
    for _ in range(words.MOST_LISTED + 3):
        await rows.desk_item(title="长" * 200, enterprise_id=firm.id, due_at=chat.world.clock.now())
    said = await chat.say("待办", operator)
    assert said is not None
    assert len(said.encode()) <= TEXT_BYTES
    assert "另有 3 件" in said


async def test_to_anybody_else_it_is_a_word_like_others(chat: Chat) -> None:
    await rows.desk_item(title="投诉")
    assert await chat.say("待办", STRANGER) == wording.UNKNOWN_TEXT
