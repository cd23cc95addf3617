"""A photo's road, step by step and interrupted at each of them."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from inspection.report import Inspected, PictureRefused, Request
from jobs.clock import SWEEP_PRIORITY
from jobs.handlers import DROP_UNCONSENTED
from models import (
    Answer,
    AnswerKind,
    AnswerState,
    Event,
    Evidence,
    Inspection,
    Job,
    Photo,
    PhotoState,
    UploadLink,
    WeChatIdentity,
)
from models.transactions import transaction
from tests.workflow.world import World, report
from workflow.answering import judging, originals, photos, upload_links
from workflow.firms.products import NewProduct, add_product
from workflow.firms.registration import bind_staff, register_enterprise
from workflow.knowing import people
from workflow.ports import BadRequest, CacheUnavailable, InspectionFailed, ObjectMissing, OutcomeUnknown, Unavailable
from workflow.telling import answers

JPEG = b"\xff\xd8\xff\xe0 a certificate"
OPENID = "o" + "a" * 27


async def send(world: World, receipt: str = "m1", data: bytes = JPEG, openid: str = OPENID) -> Photo:
    world.wechat.pictures[receipt] = data
    identity = await people.meet(world.ports, openid)
    return await photos.receive(world.ports, identity, receipt, "", receipt)


async def carried(world: World, photo: Photo, receipt: str = "m1") -> str | None:
    return await photos.wait_for_answer(world.ports, photo, receipt, 0)


async def enqueue_sweep(world: World) -> None:
    async with transaction():
        await world.ports.queue.enqueue(
            DROP_UNCONSENTED, secrets.token_hex(4), {}, due=world.clock.now(), priority=SWEEP_PRIORITY
        )


async def sweep(world: World) -> None:
    await enqueue_sweep(world)
    await world.work()


def stored(world: World) -> list[str]:
    return [str(path) for path in (world.folder / "objects").rglob("*") if path.is_file()]


async def firm(world: World, *models: str) -> None:
    enterprise = await register_enterprise(
        world.ports, "91310000MA0000007L", "样例电缆有限公司（样例）", is_sample=True
    )
    for model in models:
        await add_product(
            world.ports, enterprise, NewProduct("电线电缆", "电线（样例）", model, "GS1", None, (100, 70))
        )
    await bind_staff(world.ports, enterprise, "张工（样例）", "质检员", OPENID)


async def test_a_photo_is_stored_judged_and_answered_once(world: World) -> None:
    photo = await send(world)
    assert photo.state == PhotoState.RECEIVED
    assert await carried(world, photo) is None
    await world.work()
    text = await carried(world, photo)
    assert text is not None
    assert "查看完整报告" in text
    await world.settle()
    assert [(kind, payload) for _, kind, payload in world.wechat.sent] == [("image", "media-9")]
    assert await Evidence.all().count() == 1
    assert await world.ports.storage.get((await Evidence.first()).storage_key) == JPEG
    assert {event.action for event in await Event.all()} >= {"evidence:store", "photo:judge"}


async def test_the_same_message_again_is_the_same_photo_and_the_same_answer(world: World) -> None:
    first = await send(world)
    await world.work()
    text = await carried(world, first)
    again = await send(world)
    assert again.id == first.id
    assert await carried(world, again) == text
    await world.settle()
    assert [kind for _, kind, _ in world.wechat.sent] == ["image"]
    assert len(world.inspector.asked) == 1


async def test_what_no_callback_takes_is_pushed_once_and_its_picture_follows(world: World) -> None:
    await send(world)
    await world.work()
    assert world.wechat.sent == []
    await world.settle()
    assert [kind for _, kind, _ in world.wechat.sent] == ["text", "image"]
    await world.settle(3600)
    assert len(world.wechat.sent) == 2


async def test_a_push_that_may_have_arrived_is_not_repeated_and_shown_as_uncertain(world: World) -> None:
    await send(world)
    world.wechat.trouble.append(("after", OutcomeUnknown(None, "no answer")))
    await world.settle()
    await world.settle(3600)
    assert [kind for _, kind, _ in world.wechat.sent] == ["text"]
    assert (await Answer.get(kind=AnswerKind.TEXT)).state == AnswerState.UNCERTAIN


async def test_a_push_that_surely_did_not_leave_is_repeated(world: World) -> None:
    await send(world)
    world.wechat.trouble.append(("before", Unavailable(-1, "system busy")))
    await world.settle()
    assert [kind for _, kind, _ in world.wechat.sent] == ["text", "image"]


async def test_a_sender_that_died_between_intent_and_answer_leaves_it_uncertain(world: World) -> None:
    photo = await send(world)
    await world.work()
    await Answer.filter(id=photo.answer_id).update(state=AnswerState.SENDING)
    await world.settle()
    assert world.wechat.sent == []
    assert (await Answer.get(id=photo.answer_id)).state == AnswerState.UNCERTAIN


async def test_a_reply_that_could_not_leave_is_given_back_to_the_push(world: World) -> None:
    photo = await send(world)
    await world.work()
    assert await carried(world, photo) is not None
    await answers.give_back(world.ports, photo.answer_id, "m1")
    await world.settle()
    assert [kind for _, kind, _ in world.wechat.sent if kind == "text"] == ["text"]


@pytest.mark.parametrize("moment", ["received", "stored", "judged"])
async def test_a_kill_at_any_step_is_resumed_by_the_next_worker(world: World, moment: str) -> None:
    """A killed worker is a claimed job whose lease runs out: whatever it had done, the verdict is recorded once."""
    photo = await send(world)
    claimed = await world.ports.queue.claim(1, 15)
    if moment == "stored":
        world.inspector.look = lambda request: (_ for _ in ()).throw(SystemExit)
        with pytest.raises(SystemExit):
            await judging.judge(world.ports, claimed[0])
        world.inspector.look = report
    if moment == "judged":
        await judging.judge(world.ports, claimed[0])
    assert await world.ports.queue.claim(1, 15) == []
    world.clock.advance(seconds=16)
    await world.settle()
    assert (await Photo.get(id=photo.id)).state == PhotoState.JUDGED
    assert await Inspection.all().count() == 1
    assert await Evidence.all().count() == 1
    assert [kind for _, kind, _ in world.wechat.sent] == ["text", "image"]


async def test_a_worker_that_lost_its_lease_records_nothing_twice(world: World) -> None:
    await send(world)
    (stale,) = await world.ports.queue.claim(1, 1)
    world.clock.advance(seconds=2)
    await world.work()
    await judging.judge(world.ports, stale)
    assert await Inspection.all().count() == 1
    assert await Event.filter(action="photo:judge").count() == 1


async def test_photos_sent_together_are_answered_together(world: World) -> None:
    sent = [await send(world, f"m{index}", JPEG + bytes([index])) for index in range(3)]
    assert len({photo.answer_id for photo in sent}) == 1
    await world.work(until_idle=False)
    assert await carried(world, sent[0], "m0") is None
    await world.work()
    text = await carried(world, sent[2], "m2")
    assert text is not None
    assert text.startswith("收到 3 张：")
    assert await carried(world, sent[0], "m0") is None
    await world.settle()
    assert [kind for _, kind, _ in world.wechat.sent] == ["image"]


async def test_a_stranger_is_asked_the_size_once_and_gets_millimetres(world: World) -> None:
    photo = await send(world)
    await world.work()
    first = await carried(world, photo)
    assert "合格证多大" in first
    identity = await people.meet(world.ports, OPENID)
    waiting = await photos.to_judge_again(world.ports, identity)
    await people.remember_size(identity, 100, 70)
    again = await photos.judge_again(world.ports, identity, "m2", photos.Choice(sheet_mm=(100, 70)), waiting)
    await world.work()
    second = await carried(world, again, "m2")
    assert "合格证多大" not in second
    assert second.startswith("合格")
    assert await photos.to_judge_again(world.ports, identity) == []
    newer = await Inspection.get(sheet_width_um=100_000)
    assert newer.supersedes_id == (await Inspection.get(sheet_width_um=None)).id
    await send(world, "m3", JPEG + b"another")
    await world.work()
    assert world.inspector.asked[-1].sheet_mm == (100, 70)


async def test_the_same_picture_again_is_answered_from_the_record(world: World) -> None:
    await send(world)
    await world.settle()
    await send(world, "m2")
    await world.settle()
    assert len(world.inspector.asked) == 1
    assert [kind for _, kind, _ in world.wechat.sent] == ["text", "image"] * 2


async def test_another_persons_record_is_never_theirs(world: World) -> None:
    await send(world)
    await world.settle()
    await send(world, "m2", openid="o" + "b" * 27)
    await world.settle()
    assert len(world.inspector.asked) == 2
    assert await Inspection.all().count() == 2


async def test_a_bound_person_with_one_product_is_asked_nothing(world: World) -> None:
    await firm(world, "BV 2.5")
    photo = await send(world)
    await world.work()
    text = await carried(world, photo)
    assert "BV 2.5" in text
    assert "合格证多大" not in text
    assert "同意" not in text
    assert (await Evidence.first()).enterprise_id is not None


async def test_a_bound_person_with_several_products_chooses_one(world: World) -> None:
    await firm(world, "BV 2.5", "RVV 3×1.5")
    photo = await send(world)
    await world.work()
    assert "2) 电线（样例） RVV 3×1.5" in await carried(world, photo)
    identity = await people.meet(world.ports, OPENID)
    products = await people.products_of(identity)
    waiting = await photos.to_judge_again(world.ports, identity)
    again = await photos.judge_again(world.ports, identity, "m2", photos.Choice(product_id=products[1].id), waiting)
    await world.work()
    assert "RVV 3×1.5" in await carried(world, again, "m2")


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (PictureRefused("picture_animated", "动图不能检查，请发静态照片"), "动图不能检查"),
        (InspectionFailed("crash"), "这张照片无法处理"),
        (InspectionFailed("timeout"), "这张照片无法处理"),
    ],
)
async def test_a_picture_that_cannot_be_judged_is_kept_and_answered(
    world: World, problem: Exception, words: str
) -> None:
    def refuse(_request: object) -> None:
        raise problem

    world.inspector.look = refuse  # type: ignore[assignment]
    photo = await send(world)
    await world.work()
    assert words in await carried(world, photo)
    assert await Evidence.all().count() == 1
    assert len(world.inspector.asked) == (2 if isinstance(problem, InspectionFailed) else 1)


async def test_a_picture_that_wechat_no_longer_has_is_answered(world: World) -> None:
    world.wechat.trouble.append(("fetch", BadRequest(40007, "invalid media_id")))
    photo = await send(world)
    await world.work()
    assert "请重新发送" in await carried(world, photo)


async def give_up(world: World) -> None:
    async with transaction():
        await world.ports.queue.enqueue(
            "photo.give_up", secrets.token_hex(4), {}, due=world.clock.now(), priority=SWEEP_PRIORITY
        )
    await world.work(until_idle=False)


async def test_a_photo_that_comes_to_nothing_is_given_up_after_minutes_and_its_sender_told(world: World) -> None:
    world.wechat.trouble.extend([("fetch", Unavailable(-1, "busy"))] * 10)
    photo = await send(world)
    for _ in range(judging.TRIES):
        await world.work()
        world.clock.advance(minutes=1)
    await give_up(world)
    assert (await Photo.get(id=photo.id)).state == PhotoState.RECEIVED
    world.clock.advance(minutes=2)
    await give_up(world)
    assert (await Photo.get(id=photo.id)).state == PhotoState.FAILED
    await world.settle()
    assert [text for _, kind, text in world.wechat.sent if kind == "text" and "请重新发送" in text] != []
    assert await Job.filter(kind=judging.JUDGE, done_at=None).count() == 0  # what it left finds nothing to do


async def test_photos_that_wait_long_for_their_turn_are_not_given_up(world: World) -> None:
    waiting = [await send(world) for _ in range(3)]
    world.clock.advance(hours=1)
    async with transaction():
        await world.ports.queue.enqueue("photo.give_up", "sweep", {}, due=world.clock.now())
    (sweep,) = await world.ports.queue.claim(1, 60, key="sweep")
    await judging.give_up(world.ports, sweep)
    states = await Photo.filter(id__in=[one.id for one in waiting]).values_list("state", flat=True)
    assert set(states) == {PhotoState.RECEIVED}


async def test_workers_that_are_killed_over_a_photo_are_not_its_fault(world: World) -> None:
    trouble: list[Exception] = [InspectionFailed("crash")]

    def look(request: Request) -> Inspected:
        if trouble:
            raise trouble.pop()
        return report(request)

    world.inspector.look = look
    photo = await send(world)
    for _ in range(judging.TRIES + 1):
        assert await world.ports.queue.claim(1, 10)  # and nothing more is heard of it
        world.clock.advance(seconds=11)
    await world.work()
    assert len(world.inspector.asked) == 2
    assert (await Photo.get(id=photo.id)).state == PhotoState.JUDGED


async def test_a_verdict_after_the_photo_was_given_up_changes_nothing(world: World) -> None:
    photo = await send(world)
    (job,) = await world.ports.queue.claim(1, 60)

    def look(request: Request) -> Inspected:
        return report(request)

    async def given_up_meanwhile(request: Request) -> Inspected:
        await Photo.filter(id=photo.id).update(state=PhotoState.FAILED, refusal_advice="请重新发送")
        return look(request)

    object.__setattr__(world.inspector, "inspect", given_up_meanwhile)
    await judging.judge(world.ports, job)
    found = await Photo.get(id=photo.id)
    assert (found.state, found.inspection_id) == (PhotoState.FAILED, None)


async def test_without_consent_the_picture_is_gone_within_24_hours(world: World) -> None:
    await send(world)
    await world.settle()
    evidence = await Evidence.first()
    world.clock.advance(timedelta(hours=23, minutes=10))
    await sweep(world)
    with pytest.raises(ObjectMissing):
        await world.ports.storage.get(evidence.storage_key)
    left = await Inspection.first()
    assert left.marked_key is None
    assert left.report["text"] == []
    assert left.report["codes"] == []
    assert left.verdict == "unclear"


async def test_with_consent_the_picture_stays(world: World) -> None:
    await send(world)
    await world.settle()
    await people.consent(world.ports, await people.meet(world.ports, OPENID))
    world.clock.advance(timedelta(hours=25))
    await sweep(world)
    assert await world.ports.storage.get((await Evidence.first()).storage_key) == JPEG


async def test_unfollowing_unlinks_the_person_and_drops_what_was_theirs(world: World) -> None:
    await send(world)
    await world.settle()
    await people.consent(world.ports, await people.meet(world.ports, OPENID))
    await firm(world, "BV 2.5")
    await send(world, "m2", JPEG + b"the firm's")
    await world.settle()
    await people.unfollow(world.ports, OPENID)
    assert await WeChatIdentity.filter(openid=OPENID).count() == 0
    own, firms = await Evidence.all().order_by("id")
    assert own.drop_at is not None
    assert firms.drop_at is None
    again = await people.meet(world.ports, OPENID)
    assert (again.staff_id, again.consented_at) == (None, None)
    assert await photos.recent_reports(again) == []


async def test_unfollowing_while_the_photo_is_on_its_way_keeps_nothing(world: World) -> None:
    """The person is read afresh when the evidence is recorded, not when the job began."""
    await send(world)
    fetch = world.wechat.fetch_picture

    async def leaving(pic_url: str, media_id: str) -> bytes:
        await people.unfollow(world.ports, OPENID)
        return await fetch(pic_url, media_id)

    world.wechat.fetch_picture = leaving  # type: ignore[method-assign]
    await world.settle()
    await sweep(world)
    assert (await Evidence.first()).dropped_at is not None
    with pytest.raises(ObjectMissing):
        await world.ports.storage.get((await Evidence.first()).storage_key)


async def test_consenting_while_the_photo_is_on_its_way_keeps_it(world: World) -> None:
    await send(world)
    fetch = world.wechat.fetch_picture

    async def agreeing(pic_url: str, media_id: str) -> bytes:
        await people.consent(world.ports, await people.meet(world.ports, OPENID))
        return await fetch(pic_url, media_id)

    world.wechat.fetch_picture = agreeing  # type: ignore[method-assign]
    await world.settle()
    assert (await Evidence.first()).drop_at is None


async def test_what_is_dropped_while_it_is_inspected_leaves_no_contents(world: World) -> None:
    await send(world)

    inspect = world.inspector.inspect

    async def slow(request: Request) -> Inspected:
        found = await inspect(request)
        await people.withdraw(world.ports, await people.meet(world.ports, OPENID))
        await sweep(world)
        return found

    world.inspector.inspect = slow  # type: ignore[method-assign]
    await world.settle()
    left = await Inspection.first()
    assert (left.marked_key, left.report["text"], left.report["codes"]) == (None, [], [])
    await world.settle(4000)
    assert stored(world) == []


async def test_taking_consent_back_deletes_what_is_the_persons_own(world: World) -> None:
    await send(world)
    await world.settle()
    identity = await people.meet(world.ports, OPENID)
    await people.consent(world.ports, identity)
    await people.withdraw(world.ports, identity)
    await sweep(world)
    await world.settle()
    assert stored(world) == []


async def test_one_persons_drop_leaves_the_same_bytes_to_another(world: World) -> None:
    await send(world)
    await send(world, "m2", openid="o" + "b" * 27)
    await world.settle()
    await people.consent(world.ports, await people.meet(world.ports, "o" + "b" * 27))
    world.clock.advance(hours=24)
    await sweep(world)
    await world.settle()
    assert [one.dropped_at is None for one in await Evidence.all().order_by("id")] == [False, True]
    assert await world.ports.storage.get((await Evidence.first()).storage_key) == JPEG


async def test_photos_are_judged_while_the_cache_is_away_and_nothing_is_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def gone(_key: str, _seconds: float) -> AsyncIterator[None]:
        raise CacheUnavailable("gone")
        yield

    with monkeypatch.context() as away:
        away.setattr(world.ports.cache, "lock", gone)
        photo = await send(world)
        await world.work()
        assert await carried(world, photo) is not None
    await people.withdraw(world.ports, await people.meet(world.ports, OPENID))
    await sweep(world)
    await world.settle()
    assert stored(world) == []


async def test_the_words_of_an_answer_are_not_kept_longer_than_they_serve(world: World) -> None:
    await send(world)
    await world.settle()
    world.clock.advance(hours=2)
    await sweep(world)
    assert {answer.body for answer in await Answer.all()} == {""}
    photo = await Photo.first()
    assert (photo.pic_url, photo.media_id) == ("", "")


async def test_of_two_uploads_at_once_the_other_one_goes_again(world: World) -> None:
    identity = await people.meet(world.ports, OPENID)
    token = (await upload_links.link_for_original(world.ports, identity, None)).rsplit("/", 1)[1]
    link = await upload_links.open_link(world.ports, token)
    await originals.receive_original(world.ports, link, JPEG + b"first", "1.jpg")
    await originals.receive_original(world.ports, link, JPEG + b"second", "2.jpg")
    await world.settle(4000)
    assert len([key for key in stored(world) if "evidence" in key]) == 1


async def test_a_size_told_while_the_photo_is_being_judged_counts(world: World) -> None:
    photo = await send(world)
    inspect = world.inspector.inspect

    async def told_meanwhile(request: Request) -> Inspected:
        found = await inspect(request)
        if len(world.inspector.asked) == 1:
            await people.remember_size(await people.meet(world.ports, OPENID), 100, 70)
        return found

    world.inspector.inspect = told_meanwhile  # type: ignore[method-assign]
    await world.work()
    text = await carried(world, photo)
    assert text.startswith("合格")
    assert "合格证多大" not in text
    assert (await Inspection.get(sheet_width_um=100_000)).supersedes_id is not None


async def test_pushes_and_sweeps_go_before_judging(world: World) -> None:
    await send(world, "m0")
    await world.work()
    for index in range(3):
        await send(world, f"m{index + 1}", JPEG + bytes([index]), openid=f"o{index}" + "c" * 26)
    world.clock.advance(seconds=10)
    await enqueue_sweep(world)
    kinds = [job.kind for job in await world.ports.queue.claim(3, 60)]
    assert kinds == ["evidence.drop", "answer.push", "photo.judge"]


async def test_an_original_renews_the_verdict_through_its_one_time_link(world: World) -> None:
    photo = await send(world)
    await world.settle()
    identity = await people.meet(world.ports, OPENID)
    url = await upload_links.link_for_original(world.ports, identity, await Photo.get(id=photo.id))
    token = url.rsplit("/", 1)[1]
    assert await UploadLink.filter(token_hash=token).count() == 0
    link = await upload_links.open_link(world.ports, token)
    first = await originals.receive_original(world.ports, link, JPEG + b" original", "IMG_1.jpg")
    twice = await originals.receive_original(world.ports, link, JPEG + b" other", "IMG_2.jpg")
    assert twice.id == first.id
    await world.work()
    newer = (await Photo.get(id=first.id).prefetch_related("inspection")).inspection
    older = (await Photo.get(id=photo.id).prefetch_related("inspection")).inspection
    assert newer.supersedes_id == older.id
    assert await photos.recent_reports(identity) == [newer]


async def test_an_upload_link_runs_out(world: World) -> None:
    identity = await people.meet(world.ports, OPENID)
    url = await upload_links.link_for_original(world.ports, identity, None)
    world.clock.advance(hours=2)
    assert await upload_links.open_link(world.ports, url.rsplit("/", 1)[1]) is None
