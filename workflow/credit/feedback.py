"""Customers' words on a firm's tracing service: filed, checked, in the firm's record; never in public (8.2, 8.3).

Who reads what:

* the firm's members: every published word, its day and mood and the verified firm it came from, never a person;
* whoever wrote it: their own, and where it stands;
* operators: what is held;
* everybody else: how many verified customers spoke well of the firm (:mod:`workflow.credit.credit_public`), nothing
  more.

Only a word of a verified customer that is not the firm itself counts for the record (8.2(2)); others are shown to the
firm as coming from a customer that was not verified.
"""

import secrets
from datetime import timedelta

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from models import Certificate, DeskItem, Feedback, FeedbackState, Mood, Staff, WeChatIdentity
from models.transactions import transaction
from standard.calendar import shanghai_day, shipped_calendar
from standard.names import fold
from standard.outcome import Finding, Outcome
from standard.profile import edition_on
from standard.windows import verification_deadline
from workflow.access import Asker, firm_by_code, firm_of_members, member_of, not_found
from workflow.context import Ports
from workflow.credit.credit_booking import credit_path
from workflow.credit.feedback_checks import CLAUSE, LONGEST, SHORTEST, checked
from workflow.desk import put_on_desk
from workflow.findings import plain_finding
from workflow.idempotency import key_among_all
from workflow.ports import ClaimedJob, Misconfigured, NotReachable, TextVerdict, WeChatError
from workflow.problems import Kind, Refused
from workflow.record import record_event
from workflow.telling.notices import tell_firm, tell_person
from workflow.transitions import Moved

CHECK = "feedback.check"
FEEDBACK = "feedback"
"""Kind of the desk item of a word that a person has to look at."""
PUBLISH, REFUSE = "publish", "refuse"
MOODS = {Mood.POSITIVE: "满意", Mood.NEUTRAL: "一般", Mood.NEGATIVE: "不满意"}
MOST_A_DAY = 5
"""Words of one person in a day."""
SAID_BEFORE = timedelta(days=30)
"""So long the same words are not taken for another customer's."""
_LATEST = 200
OPEN = (FeedbackState.CHECKING, FeedbackState.HELD)


async def give_feedback(
    ports: Ports, asker: Asker, uscc: str, mood: str, statement: str, key: str, *, as_firm: str = ""
) -> Feedback:
    """Put a word on a firm on record and have it checked; the same ``key`` again is the same word.

    ``as_firm``: the credit code of the customer for which they speak, as its member; it counts where it is verified.
    Refused: ``firm_unknown``, ``own_firm``, ``mood_unknown``, ``statement_length``, ``feedback_open``,
    ``too_many_feedback``.
    """
    key = key_among_all(f"person:{asker.person_id}", key)
    if (known := await Feedback.get_or_none(key=key)) is not None:
        return known
    supplier = await firm_by_code(uscc.strip().upper())
    if supplier is None or not await Certificate.exists(enterprise_id=supplier.id):
        advice = "没有查到这家企业的评价证书：请核对统一社会信用代码（7.6）"
        raise Refused(Kind.NOT_FOUND, "firm_unknown", advice, clause="7.6")
    if await Staff.exists(enterprise_id=supplier.id, person_id=asker.person_id, left_at=None):
        advice = "您是这家企业的成员，不能作为客户评价本企业（8.2(1)）"
        raise Refused(Kind.FORBIDDEN, "own_firm", advice, clause="8.2(1)")
    customer = (await firm_of_members(asker, as_firm))[0] if as_firm else None
    words = statement.strip()
    if mood not in set(Mood):
        advice = f"请选择：{'、'.join(MOODS.values())}"
        raise Refused(Kind.INVALID, "mood_unknown", advice, clause="8.2(1)", field="mood")
    if not SHORTEST <= len(words) <= LONGEST:
        advice = f"请写 {SHORTEST} 至 {LONGEST} 个字"
        raise Refused(Kind.INVALID, "statement_length", advice, clause="8.2(1)", field="statement")
    now = ports.clock.now()
    theirs = Feedback.filter(person_id=asker.person_id)
    if await theirs.filter(supplier_id=supplier.id, state__in=[str(one) for one in OPEN]).exists():
        advice = "您对这家企业的上一条反馈还在核对：请等结果出来再写"
        raise Refused(Kind.CONFLICT, "feedback_open", advice, clause=CLAUSE)
    if await theirs.filter(filed_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
        advice = f"每天最多写 {MOST_A_DAY} 条反馈：请明天再写"
        raise Refused(Kind.TOO_MANY, "too_many_feedback", advice, clause=CLAUSE, retry_after=3600)
    try:
        async with transaction():
            made = await Feedback.create(
                ref=secrets.token_urlsafe(9),
                key=key,
                supplier_id=supplier.id,
                customer_id=customer.id if customer and customer.verified_at else None,
                person_id=asker.person_id,
                mood=mood,
                statement=words,
                state=FeedbackState.CHECKING,
                filed_at=now,
            )
            await record_event(
                ports, "feedback:file", "feedback", made.id, actor=asker.actor, clause="8.2(1)",
                after={"supplier": supplier.id, "mood": mood},
            )  # fmt: skip
            await ports.queue.enqueue(
                CHECK, f"{CHECK}:{made.id}", {"feedback": made.id}, due=now, priority=5, max_attempts=10
            )
    except IntegrityError:
        if (known := await Feedback.get_or_none(key=key)) is not None:
            return known
        raise
    ports.bell.ring("jobs")
    return made


async def check(ports: Ports, job: ClaimedJob) -> None:
    """The job: look at the words, and have WeChat look where it can; then publish, hold or refuse them.

    Repeating it changes nothing: only a word that is being checked moves.
    """
    row = await Feedback.get(id=job.args["feedback"])
    findings: list[Finding] = []
    if row.state == FeedbackState.CHECKING:
        findings = [*checked(row.statement), *await _said_before(ports, row)]
        try:
            findings += await _by_wechat(ports, row)
        except WeChatError as problem:
            if job.attempts < job.max_attempts:
                await ports.queue.retry(
                    job, ports.clock.now() + timedelta(minutes=job.attempts), type(problem).__name__
                )
                return
            findings.append(Finding(CLAUSE, Outcome.UNCLEAR, "内容安全检查没有结果，由平台人工看过后再定（8.2(2)）。"))
    async with transaction():
        if not await ports.queue.finish(job):
            return
        row = await Feedback.filter(id=row.id).select_for_update().prefetch_related("supplier").get()
        if row.state == FeedbackState.CHECKING:
            await _decide(ports, row, findings)
    ports.bell.ring("jobs")


async def decide(ports: Ports, item: DeskItem, decision: str, reason: str, asker: Asker) -> None:
    """Inside the decision's transaction: the operator publishes what was held, or refuses it. Refused: ``went_on``."""
    row = await Feedback.filter(id=item.subject_id).select_for_update().prefetch_related("supplier").get()
    if row.state != FeedbackState.HELD:
        raise Refused(Kind.CONFLICT, "went_on", "这条反馈已经处理过了：请刷新", clause=CLAUSE)
    outcome, to = {
        PUBLISH: (Outcome.PASS, FeedbackState.PUBLISHED),
        REFUSE: (Outcome.FAIL, FeedbackState.REFUSED),
    }[decision]
    finding = Finding(CLAUSE, outcome, f"人工核对：{reason}（8.2(2)）。")
    await _turn(ports, row, to, [finding], actor=asker.actor)


async def published_of(asker: Asker, enterprise_id: int) -> list[Feedback]:
    """The words in the firm's record with the ``customer`` they came from, the newest first; for its members."""
    await member_of(asker, enterprise_id)
    words = Feedback.filter(supplier_id=enterprise_id, state=FeedbackState.PUBLISHED).order_by("-id").limit(_LATEST)
    return await words.prefetch_related("customer")


async def given_by(asker: Asker) -> list[Feedback]:
    """What they wrote themselves, the newest first, with the ``supplier``."""
    return await Feedback.filter(person_id=asker.person_id).order_by("-id").limit(_LATEST).prefetch_related("supplier")


async def own_feedback(asker: Asker, ref: str) -> Feedback:
    """One word of their own with its ``supplier``."""
    row = await Feedback.get_or_none(ref=ref, person_id=asker.person_id).prefetch_related("supplier")
    if row is None:
        raise not_found()
    return row


# --- the parts -------------------------------------------------------------------------------------------------------


async def _said_before(ports: Ports, row: Feedback) -> list[Finding]:
    """The same words again, whoever said them."""
    lately = Feedback.filter(filed_at__gt=ports.clock.now() - SAID_BEFORE, id__lt=row.id)
    said = lately.filter(supplier_id=row.supplier_id).exclude(state=FeedbackState.REFUSED)
    if not any(fold(other.statement) == fold(row.statement) for other in await said):
        return []
    reason = "同样的话最近已有人说过，由平台人工看过后再定（8.2(2)，R6）。"
    return [Finding(CLAUSE, Outcome.UNCLEAR, reason, ("R6",))]


async def _by_wechat(ports: Ports, row: Feedback) -> list[Finding]:
    """What WeChat's security check says, where there is a mini-program and the person was in it lately; the list of
    words stands alone elsewhere."""
    if not ports.sign_in.mini_app_id:
        return []
    identity = (
        await WeChatIdentity.filter(person_id=row.person_id, app_id=ports.sign_in.mini_app_id)
        .order_by("-last_seen_at")
        .first()
    )
    if identity is None:
        return []
    try:
        verdict = await ports.wechat.check_text(identity.openid, row.statement)
    except (NotReachable, Misconfigured):
        return []
    if verdict is TextVerdict.RISKY:
        return [Finding(CLAUSE, Outcome.FAIL, "内容不适宜公开：请改写后重新提交（8.2(2)）。")]
    if verdict is TextVerdict.REVIEW:
        reason = "内容需要人工看过后再定（8.2(2)，R6）。"
        return [Finding(CLAUSE, Outcome.UNCLEAR, reason, ("R6",))]
    return []


async def _decide(ports: Ports, row: Feedback, findings: list[Finding]) -> None:
    if await Staff.exists(enterprise_id=row.supplier_id, person_id=row.person_id, left_at=None):
        findings = [Finding(CLAUSE, Outcome.FAIL, "您已是这家企业的成员，反馈不纳入（8.2(2)）。")]
    outcomes = {finding.outcome for finding in findings}
    if Outcome.FAIL in outcomes:
        await _turn(ports, row, FeedbackState.REFUSED, findings, actor="system")
    elif Outcome.UNCLEAR in outcomes:
        await _turn(ports, row, FeedbackState.HELD, findings, actor="system")
        now = ports.clock.now()
        await put_on_desk(
            ports,
            f"{FEEDBACK}:{row.id}",
            FEEDBACK,
            "feedback",
            row.id,
            clause=CLAUSE,
            title=f"客户反馈待核对：{row.supplier.name}"[:200],
            detail={"statement": row.statement, "text": " ".join(finding.reason for finding in findings)},
            due_at=verification_deadline(edition_on(shanghai_day(now)), shipped_calendar(), now).ends,
            enterprise_id=row.supplier_id,
        )
    else:
        good = Finding(CLAUSE, Outcome.PASS, "核对通过（8.2(2)）。")
        await _turn(ports, row, FeedbackState.PUBLISHED, [good], actor="system")


async def _turn(ports: Ports, row: Feedback, to: FeedbackState, findings: list[Finding], *, actor: str) -> None:
    before, over = row.state, to not in OPEN
    plain = [plain_finding(finding) for finding in findings]
    changed = await Feedback.filter(id=row.id, state=row.state, version=row.version).update(
        state=to, version=F("version") + 1, findings=plain, decided_at=ports.clock.now() if over else None
    )
    if changed != 1:
        raise Moved
    row.state, row.version, row.findings = to, row.version + 1, plain
    await record_event(
        ports, "feedback:decide" if over else "feedback:hold", "feedback", row.id, actor=actor, clause=CLAUSE,
        before={"state": before}, after={"state": to},
    )  # fmt: skip
    if to is FeedbackState.PUBLISHED:
        body = f"一位客户的反馈已记入本企业档案：{MOODS[Mood(row.mood)]}。内容只有本企业成员可见（8.3）。"
        await tell_firm(
            ports, row.supplier_id, f"feedback:{row.id}", clause="8.2(2)", title="收到客户反馈", body=body,
            path=credit_path(row.supplier.uscc),
        )  # fmt: skip
    if to is FeedbackState.REFUSED:
        await tell_person(
            ports, row.person_id, f"feedback:{row.id}", clause=CLAUSE, title="您的反馈没有纳入",
            body=" ".join(finding.reason for finding in findings if finding.outcome is Outcome.FAIL), path="/my",
        )  # fmt: skip
