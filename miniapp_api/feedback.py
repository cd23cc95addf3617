"""Customers' words on a firm's tracing service; what they say is the firm's to read, nobody else's (8.2, 8.3)."""

from typing import Literal

from pydantic import Field

from miniapp_api.chapter import Chapter
from miniapp_api.findings import FindingShown, findings_of
from miniapp_api.firms import FirmPath
from miniapp_api.shapes import Answer, Body, Moment, Said, Uscc
from models import Feedback, FeedbackState, Mood
from workflow.access import Asker, firm_of_members
from workflow.context import Ports
from workflow.credit import feedback
from workflow.credit.feedback_checks import LONGEST, SHORTEST

chapter = Chapter("feedback", "客户反馈")


class GivingFeedback(Body):
    mood: Literal["positive", "neutral", "negative"] = Field(description="满意、一般、不满意")
    statement: Said = Field(min_length=SHORTEST, max_length=LONGEST)
    as_firm: Uscc | None = Field(None, description="代表哪家采购单位：须是它的成员；实名的才计入档案（8.2(2)）")


class FeedbackGiven(Answer):
    """A word of one's own."""

    ref: str
    supplier_uscc: str
    supplier_name: str
    mood: Mood
    statement: str
    state: FeedbackState = Field(description="checking 核对中，held 人工核对，published 已记入，refused 没有纳入")
    filed_at: Moment
    findings: list[FindingShown]


class FeedbackShown(Answer):
    """A word in the firm's record; never who wrote it."""

    mood: Mood
    statement: str
    customer: str = Field(description="实名的采购单位；没有核实的为空")
    filed_at: Moment


class GivenFeedback(Answer):
    items: list[FeedbackGiven]


class FeedbackInRecord(Answer):
    items: list[FeedbackShown]


@chapter.post("/firms/{uscc}/feedback", "写一条反馈", status=201, clause="8.2(1)")
async def give_feedback(ports: Ports, asker: Asker, path: FirmPath, body: GivingFeedback, key: str) -> FeedbackGiven:
    made = await feedback.give_feedback(
        ports, asker, path.uscc, body.mood, body.statement, key, as_firm=body.as_firm or ""
    )
    return _given(await feedback.own_feedback(asker, made.ref))


@chapter.get("/feedback", "我写的反馈，最新的在前", clause="8.2(1)")
async def my_feedback(asker: Asker) -> GivenFeedback:
    return GivenFeedback(items=[_given(one) for one in await feedback.given_by(asker)])


@chapter.get("/firms/{uscc}/feedback", "本企业收到的反馈（成员可见）", clause="8.2(2)，8.3")
async def feedback_of_firm(asker: Asker, path: FirmPath) -> FeedbackInRecord:
    firm, _ = await firm_of_members(asker, path.uscc)
    return FeedbackInRecord(
        items=[
            FeedbackShown(
                mood=Mood(one.mood),
                statement=one.statement,
                customer=one.customer.name if one.customer else "",
                filed_at=one.filed_at,
            )
            for one in await feedback.published_of(asker, firm.id)
        ]
    )


def _given(row: Feedback) -> FeedbackGiven:
    return FeedbackGiven(
        ref=row.ref,
        supplier_uscc=row.supplier.uscc,
        supplier_name=row.supplier.name,
        mood=Mood(row.mood),
        statement=row.statement,
        state=FeedbackState(row.state),
        filed_at=row.filed_at,
        findings=findings_of(row.findings),
    )
