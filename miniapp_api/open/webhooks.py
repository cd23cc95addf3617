"""Where a partner's systems are told of changes, what was posted there, and once more (7.6, 10; docs/webhooks.md)."""

from pydantic import AwareDatetime, Field

from miniapp_api.chapter import Chapter
from miniapp_api.paging import page_of, place
from miniapp_api.shapes import Answer, Body, Moment, Page, Paging, Path, Ref, Said
from models import DeliveryState, Partner, Webhook
from workflow.certifying.change_kinds import ChangeKind
from workflow.context import Ports
from workflow.relying import webhooks
from workflow.relying.partners import Scope

chapter = Chapter("webhooks", "变化推送")

CLAUSE = "7.6，8.3"


class NewWebhook(Body):
    url: Said = Field(max_length=webhooks.LONGEST_URL, description="公网的 https:// 网址")
    kinds: list[ChangeKind] = Field(
        default_factory=list,
        max_length=len(ChangeKind),
        description="要哪些变化；空：除 month.continued 以外的全部",
    )


class Since(Body):
    since: AwareDatetime = Field(description="从何时起，带时区；至多 30 天以前", examples=["2026-12-26T00:00:00Z"])


class WebhookPath(Path):
    ref: Ref


class WebhookShown(Answer):
    ref: str
    url: str
    kinds: list[ChangeKind] = Field(description="空：除 month.continued 以外的全部")
    created_at: Moment
    failures: int = Field(description="连续放弃了几条；满 5 条暂停")
    paused_at: Moment | None
    paused_because: str


class WebhookMade(WebhookShown):
    secret: str = Field(description="验签用，64 个字符；只答复这一次")


class Webhooks(Answer):
    items: list[WebhookShown]


class DeliveryShown(Answer):
    ref: str = Field(description="即 X-Zhuisu-Delivery")
    kind: ChangeKind
    state: DeliveryState = Field(description="waiting 等待推送，delivered 已收到，given_up 已放弃")
    attempts: int
    last_status: int | None = Field(description="最近一次得到的 HTTP 状态；没有得到为 null")
    last_error: str
    created_at: Moment
    delivered_at: Moment | None


class Replayed(Answer):
    deliveries: int = Field(description="将重发几条；还在等待推送的不算")


@chapter.post("/webhooks", "登记推送地址", status=201, scope=Scope.WEBHOOK, clause=CLAUSE)
async def add_webhook(ports: Ports, partner: Partner, body: NewWebhook) -> WebhookMade:
    made = await webhooks.add(ports, partner, body.url, body.kinds)
    return WebhookMade(**_shown(made.webhook).model_dump(), secret=made.secret)


@chapter.get("/webhooks", "我的推送地址", scope=Scope.WEBHOOK, clause=CLAUSE)
async def list_webhooks(partner: Partner) -> Webhooks:
    return Webhooks(items=[_shown(one) for one in await webhooks.webhooks_of(partner)])


@chapter.delete("/webhooks/{ref}", "删除推送地址", scope=Scope.WEBHOOK, clause=CLAUSE)
async def end_webhook(ports: Ports, partner: Partner, path: WebhookPath) -> None:
    await webhooks.end(ports, partner, path.ref)


@chapter.post("/webhooks/{ref}/resume", "恢复暂停的推送地址", scope=Scope.WEBHOOK, clause=CLAUSE)
async def resume_webhook(ports: Ports, partner: Partner, path: WebhookPath) -> WebhookShown:
    return _shown(await webhooks.resume(ports, partner, path.ref))


@chapter.get("/webhooks/{ref}/deliveries", "推送记录，新的在前", scope=Scope.WEBHOOK, clause=CLAUSE)
async def list_deliveries(partner: Partner, path: WebhookPath, query: Paging) -> Page[DeliveryShown]:
    found = await webhooks.deliveries_of(partner, path.ref, place(query), query.limit + 1)
    return page_of(query, found, DeliveryShown.model_validate)


@chapter.post(
    "/webhooks/{ref}/replay",
    "重发某时刻以来的",
    scope=Scope.WEBHOOK,
    clause=CLAUSE,
    note="已收到的和已放弃的都重发，编号不变。暂停的先恢复。",
)
async def replay_deliveries(ports: Ports, partner: Partner, path: WebhookPath, body: Since, key: str) -> Replayed:
    return Replayed(deliveries=await webhooks.replay(ports, partner, path.ref, body.since))


def _shown(webhook: Webhook) -> WebhookShown:
    return WebhookShown.model_validate(webhook)
