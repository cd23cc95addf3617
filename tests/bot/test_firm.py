"""Members of a firm in the chat: invitations typed and scanned, the link to the pages, and whose firm it is."""

import re
from typing import Any

import pytest

from bot import updates, wording
from models import Enterprise, Staff, StaffRole, WeChatIdentity
from tests import rows
from tests.bot.conftest import STRANGER, ZHANG, Chat
from tests.workflow.firms import Somebody, member
from tests.workflow.upgrading import upgrading
from workflow.firms import members
from workflow.knowing import sessions
from workflow.knowing.people import meet
from workflow.knowing.persons import person_of


async def invitation(chat: Chat, role: StaffRole = StaffRole.STAFF, **firm: Any) -> tuple[Enterprise, Somebody, str]:
    enterprise = await rows.enterprise(**firm)
    owner = await member(chat.world, enterprise, StaffRole.OWNER)
    code, _ = await members.invite(chat.world.ports, owner.asker, enterprise.id, role)
    return enterprise, owner, code


@pytest.mark.parametrize("typed", ["加入 {0}{1}", "加入{0} {1}", "邀请码：{0}-{1}", "加入 {0}{1} 李工（样例）"])
async def test_a_typed_code_joins_the_firm(chat: Chat, typed: str) -> None:
    firm, _, code = await invitation(chat, name="样例电缆")
    answer = await chat.say(typed.format(code[:4].lower(), code[4:]))
    assert "您已是样例电缆的办理人员" in answer
    identity = await WeChatIdentity.get(openid=STRANGER).prefetch_related("staff")
    assert identity.staff.enterprise_id == firm.id
    assert identity.staff.name == ("李工(样例)" if "李工" in typed else "")
    assert "样例电缆" in await chat.say("企业")


async def test_a_scanned_code_joins_a_follower_and_whoever_follows_by_it(chat: Chat) -> None:
    firm, owner, code = await invitation(chat)
    assert "您已是" in await chat.send(STRANGER, updates.Scan, scene=f"inv_{code}")
    second, _ = await members.invite(chat.world.ports, owner.asker, firm.id, StaffRole.VIEWER)
    answer = await chat.send(ZHANG, updates.Subscribe, scene=f"inv_{second}")
    assert "查看人员" in answer
    assert wording.NOTICE in answer
    assert await Staff.filter(enterprise_id=firm.id, left_at=None).count() == 3


async def test_a_wrong_code_says_so_and_another_scene_is_a_scan_as_before(chat: Chat) -> None:
    assert "没有这个邀请码" in await chat.say("加入 AAAA3333")
    assert "没有这个邀请码" in await chat.send(STRANGER, updates.Scan, scene="inv_AAAA3333")
    assert await chat.send(STRANGER, updates.Scan, scene="firm-7") == wording.HELP
    assert await chat.say("加入") == wording.HOW_TO_JOIN
    assert wording.NOTICE in await chat.send(STRANGER, updates.Subscribe, scene="firm-7")


@pytest.mark.parametrize("words", ["登录", "网页", "登录。"])
async def test_a_link_leads_to_the_pages_once(chat: Chat, words: str) -> None:
    answer = await chat.say(words)
    assert "10 分钟内有效" in answer
    token = re.search(r"https://sample\.test/go/([\w-]+)", answer)[1]
    signed_in, target = await sessions.sign_in_by_link(chat.world.ports, token)
    identity = await WeChatIdentity.get(openid=STRANGER)
    assert (signed_in.asker.person_id, target) == (identity.person_id, "/my")


async def test_a_join_link_joins(chat: Chat) -> None:
    token = re.search(r"/go/([\w-]+)", await chat.say("关联账号"))[1]
    other = await person_of(chat.world.ports, await meet(chat.world.ports, "m1", app_id="wxsamplemini"))
    here = await sessions.sign_in_link(chat.world.ports, await WeChatIdentity.get(openid="m1"))
    signed_in, _ = await sessions.sign_in_by_link(chat.world.ports, here.rsplit("/", 1)[1])
    joined, _ = await sessions.sign_in_by_link(chat.world.ports, token, signed_in=signed_in.asker)
    assert (await WeChatIdentity.get(openid=STRANGER)).person_id == joined.asker.person_id
    assert joined.asker.person_id in {other.id, (await WeChatIdentity.get(openid="m1")).person_id}


async def test_one_says_for_which_firm_the_chat_speaks(chat: Chat) -> None:
    assert await chat.say("切换企业") == wording.STRANGER_FIRM
    for name in ("样例甲", "样例乙"):
        _, _, code = await invitation(chat, name=name)
        await chat.say(f"加入 {code}")
    listed = await chat.say("切换企业")
    assert "1) 样例乙" in listed
    assert "2) 样例甲（当前）" in listed
    assert await chat.say("切换企业 3") == listed
    assert "现在为样例乙办理" in await chat.say("切换企业1")
    assert "样例乙" in await chat.say("企业")


async def test_the_word_in_a_sentence_is_no_command(chat: Chat) -> None:
    for words in ("我想加入你们公司", "加入 12345678 12345678 12345678", "怎么登录小程序"):
        assert await chat.say(words) == wording.UNKNOWN_TEXT


async def test_a_firm_is_told_of_the_upgrade_review_and_then_how_far_it_is(chat: Chat) -> None:
    """8.5(3)."""
    case = await upgrading(chat.world)
    who = await member(chat.world, case.one.firm, StaffRole.STAFF)
    staff = await Staff.get(person_id=who.person.id)
    await WeChatIdentity.filter(id=who.identity.id).update(staff_id=staff.id)
    said = await chat.say("怎样升级", who.identity.openid)
    assert "证书：B 级" in said
    assert ">申请升级复核</a>" in said
    await case.open()
    said = await chat.say("企业", who.identity.openid)
    assert "升级复核：A 级：已交 0 项，共 17 项\n请按清单交齐 A 级资料并提交" in said
    assert ">打开升级复核</a>" in said
