"""A customer's word: checked by itself, held where a person must look, read by the firm alone (8.2, 8.3)."""

import pytest

from models import DeskItem, Feedback, FeedbackState, InboxEntry, Job, PlatformRole, StaffRole
from tests import rows
from tests.workflow.graded import member
from tests.workflow.living import Living, living
from tests.workflow.test_publicity import refused
from tests.workflow.world import World
from workflow import decisions
from workflow.access import Asker
from workflow.credit import feedback
from workflow.credit.credit_public import public_credit
from workflow.credit.feedback_checks import checked
from workflow.firms import members
from workflow.ports import NotReachable, TextVerdict, Unavailable

GOOD = "扫码就能查到批次和检验结果，很方便"


@pytest.fixture
async def maker(world: World) -> Living:
    return await living(name="样例电缆有限公司")


async def somebody(world: World, *, in_mini_program: bool = False) -> Asker:
    person = await rows.person()
    if in_mini_program:
        await rows.identity(app_id=world.ports.sign_in.mini_app_id, person_id=person.id, openid=f"o{person.id}")
    return Asker(person.id)


async def say(
    world: World, maker: Living, who: Asker, words: str = GOOD, mood: str = "positive", **more: str
) -> Feedback:
    key = f"key-{await Feedback.all().count()}"
    made = await feedback.give_feedback(world.ports, who, maker.firm.uscc, mood, words, key, **more)
    await world.work()
    await made.refresh_from_db()
    return made


@pytest.mark.parametrize(
    ("words", "held_for"),
    [
        (GOOD, ""),
        ("查询页面打不开，催了三次没有人管，希望改进", ""),
        ("你们这些骗 子，一点都不专业", "辱骂"),
        ("加 微 信 abc123 了解更多优惠", "广告"),
        ("详情见 https://example.test/a 页面说明", "网址"),
        ("联系我 13800000000 谈一谈合作", "电话"),
        ("好好好好好好好好好好", "重复"),
        ("。。。。。。。。", "重复"),
    ],
)
def test_what_words_alone_tell(words: str, held_for: str) -> None:
    found = " ".join(finding.reason for finding in checked(words))
    assert (held_for in found) if held_for else not found


async def test_a_good_word_stands_in_the_firms_record_and_nowhere_else(world: World, maker: Living) -> None:
    customer = await rows.enterprise(name="样例采购集团", verified_at=world.clock.now())
    buyer = await member(customer)
    made = await say(world, maker, buyer, as_firm=customer.uscc)
    assert (made.state, made.customer_id) == (FeedbackState.PUBLISHED, customer.id)
    (shown,) = await feedback.published_of(maker.asker, maker.firm.id)
    assert (shown.statement, shown.customer and shown.customer.name) == (GOOD, "样例采购集团")
    assert await InboxEntry.filter(person_id=maker.asker.person_id, title="收到客户反馈").count() == 1
    await refused(feedback.published_of(buyer, maker.firm.id), "not_found")
    public = await public_credit(world.ports, maker.firm.uscc)
    assert public.praised_by == 1
    assert GOOD not in str(public)
    assert "样例采购集团" not in str(public)


async def test_only_verified_customers_count_in_public_each_once(world: World, maker: Living) -> None:
    customer = await rows.enterprise(name="样例采购集团", verified_at=world.clock.now())
    buyer, unverified = await member(customer), await rows.enterprise(name="样例未实名")
    await say(world, maker, buyer, as_firm=customer.uscc)
    await say(world, maker, buyer, "批次信息齐全，查询也快", as_firm=customer.uscc)
    await say(world, maker, await somebody(world), "服务热情，随叫随到")
    await say(world, maker, await member(unverified), "信息更新很及时", as_firm=unverified.uscc)
    await say(world, maker, await member(customer), "数据上传慢，常常查不到", "negative", as_firm=customer.uscc)
    assert await Feedback.filter(state=FeedbackState.PUBLISHED).count() == 5
    assert (await public_credit(world.ports, maker.firm.uscc)).praised_by == 1


async def test_what_is_doubtful_an_operator_publishes_or_refuses(world: World, maker: Living) -> None:
    ops = await somebody(world)
    await members.grant(world.ports, ops.person_id, PlatformRole.OPERATOR, by="system")
    for decision, state in (("publish", FeedbackState.PUBLISHED), ("refuse", FeedbackState.REFUSED)):
        who = await somebody(world)
        made = await say(world, maker, who, f"他们说话像骗子一样，{decision}")
        assert made.state == FeedbackState.HELD
        assert made.statement not in {one.statement for one in await feedback.published_of(maker.asker, maker.firm.id)}
        item = await DeskItem.get(kind=feedback.FEEDBACK, state="open")
        await decisions.decide(world.ports, ops, item.ref, decision, "已看过")
        await made.refresh_from_db()
        assert made.state == state
        told = await InboxEntry.filter(person_id=who.person_id).count()
        assert told == (decision == "refuse")


async def test_the_same_words_again_are_held(world: World, maker: Living) -> None:
    await say(world, maker, await somebody(world))
    assert (await say(world, maker, await somebody(world), f" {GOOD}！")).state == FeedbackState.HELD


@pytest.mark.parametrize(
    ("verdict", "state"),
    [(TextVerdict.PASS, "published"), (TextVerdict.REVIEW, "held"), (TextVerdict.RISKY, "refused")],
)
async def test_wechat_looks_where_the_person_is_in_the_mini_program(
    world: World, maker: Living, verdict: TextVerdict, state: str
) -> None:
    world.wechat.verdicts[GOOD] = verdict
    who = await somebody(world, in_mini_program=True)
    assert (await say(world, maker, who)).state == state
    assert world.wechat.checked == [(f"o{who.person_id}", GOOD)]


async def test_the_list_alone_decides_where_wechat_cannot_look(world: World, maker: Living) -> None:
    world.wechat.trouble.append(("check", NotReachable(61010, "code is expired")))
    assert (await say(world, maker, await somebody(world, in_mini_program=True))).state == FeedbackState.PUBLISHED
    assert (await say(world, maker, await somebody(world), "查询很快，信息完整")).state == FeedbackState.PUBLISHED
    assert world.wechat.checked == []


async def test_while_wechat_is_away_it_is_asked_again_and_at_last_a_person(world: World, maker: Living) -> None:
    for _ in range(10):
        world.wechat.trouble.append(("check", Unavailable(-1, "system busy")))
    made = await say(world, maker, await somebody(world, in_mini_program=True))
    assert made.state == FeedbackState.CHECKING
    for _ in range(10):
        world.clock.advance(minutes=10)
        await world.work()
    await made.refresh_from_db()
    assert made.state == FeedbackState.HELD
    assert (await Job.get(kind=feedback.CHECK)).done_at is not None


async def test_who_may_not_and_how_often(world: World, maker: Living) -> None:
    who = await somebody(world)
    await refused(say(world, maker, maker.asker), "own_firm")
    await refused(say(world, maker, who, "短"), "statement_length")
    await refused(say(world, maker, who, mood="angry"), "mood_unknown")
    await refused(say(world, maker, who, as_firm=(await rows.enterprise()).uscc), "not_found")
    await refused(say(world, maker, who, as_firm="0" * 500), "not_found")
    unknown = feedback.give_feedback(world.ports, who, "91310000MA0000007L", "positive", GOOD, "k" * 8)
    await refused(unknown, "firm_unknown")
    first = await feedback.give_feedback(world.ports, who, maker.firm.uscc, "positive", GOOD, "k" * 8)
    again = await feedback.give_feedback(world.ports, who, maker.firm.uscc, "positive", GOOD, "k" * 8)
    assert first.id == again.id
    other = feedback.give_feedback(world.ports, who, maker.firm.uscc, "positive", "又想到一条补充", "l" * 8)
    await refused(other, "feedback_open")
    await world.work()
    for number in range(feedback.MOST_A_DAY - 1):
        await say(world, maker, who, f"第 {number} 批电缆的检验报告都能查到")
    await refused(say(world, maker, who, "今天的最后一条反馈"), "too_many_feedback")


async def test_whoever_joins_the_firm_meanwhile_is_no_customer(world: World, maker: Living) -> None:
    who = await somebody(world)
    made = await feedback.give_feedback(world.ports, who, maker.firm.uscc, "positive", GOOD, "k" * 8)
    await rows.staff(enterprise_id=maker.firm.id, person_id=who.person_id, role=StaffRole.VIEWER)
    await world.work()
    await made.refresh_from_db()
    assert made.state == FeedbackState.REFUSED
