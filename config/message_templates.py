"""The account's subscribe and template messages: which of them tells what, and what stands in each of their fields.

WeChat names a field by its type and a number (``thing1``, ``time2``); the type decides what may stand there
(:mod:`workflow.telling.message_fields`). What we have to say is named by :data:`SOURCES`.
"""

import re
from enum import StrEnum

from pydantic import BaseModel, Field, field_validator


class NoticeKind(StrEnum):
    """What notices are about: one template each."""

    MONTHLY = "monthly"
    RESULT = "result"
    APPLICATION = "application"


KINDS: dict[NoticeKind, str] = {
    NoticeKind.MONTHLY: "月度提报提醒",
    NoticeKind.RESULT: "证书状态通知",
    NoticeKind.APPLICATION: "评价申报进度通知",
}

SOURCES: dict[str, str] = {
    "title": "事项",
    "number": "编号",
    "firm": "企业名称",
    "deadline": "截止时间",
    "state": "当前状态",
    "advice": "温馨提示",
    "time": "时间",
}
"""What a notice can say, with its usual label; ``time`` is when the notice was written."""

FIELD_TYPES = frozenset(
    {"thing", "short_thing", "phrase", "character_string", "letter", "number", "name", "time", "date", "const"}
)
"""Types that something of ours can stand in."""

_FIELD = re.compile(r"([a-z_]+?)(\d{1,2})", re.ASCII)


def field_type(name: str) -> str:
    """``thing`` of ``thing12``; :class:`ValueError` where it is not a field's name."""
    found = _FIELD.fullmatch(name)
    if found is None:
        raise ValueError(f"模板字段名应为类型加数字，如 thing1：{name}")
    return found[1]


class MessageTemplate(BaseModel):
    """One template of the account, as 公众平台 shows it under 模板消息 or 订阅通知."""

    id: str = Field(min_length=1, max_length=64, description="模板ID")
    fields: dict[str, str] = Field(min_length=1, description="字段名 → 内容，如 {thing1: firm, time2: deadline}")

    @field_validator("fields")
    @classmethod
    def _known(cls, value: dict[str, str]) -> dict[str, str]:
        for name, source in value.items():
            if (kind := field_type(name)) not in FIELD_TYPES:
                raise ValueError(f"模板字段 {name} 的类型 {kind} 填不了，可用：{'、'.join(sorted(FIELD_TYPES))}")
            if source not in SOURCES:
                raise ValueError(f"模板字段 {name} 的内容 {source} 不认识，可用：{'、'.join(SOURCES)}")
        return value


MONTHLY_FIELDS = {"thing1": "title", "thing2": "firm", "time3": "deadline", "phrase4": "state", "thing5": "advice"}

SAMPLE_SUBSCRIBE = {
    NoticeKind.MONTHLY: MessageTemplate(id="sample-subscribe-monthly", fields=MONTHLY_FIELDS),
}
SAMPLE_TEMPLATES = {
    NoticeKind.MONTHLY: MessageTemplate(id="sample-template-monthly", fields=MONTHLY_FIELDS),
    NoticeKind.RESULT: MessageTemplate(
        id="sample-template-result",
        fields={
            "character_string1": "number",
            "thing2": "firm",
            "phrase3": "state",
            "time4": "time",
            "thing5": "title",
        },
    ),
    NoticeKind.APPLICATION: MessageTemplate(
        id="sample-template-application",
        fields={"thing1": "title", "thing2": "firm", "phrase3": "state", "time4": "time", "thing5": "advice"},
    ),
}
"""What the simulated account has where none is configured."""


def in_words(template: MessageTemplate) -> str:
    """``thing1 事项、time2 截止时间``: what stands in each field."""
    return "、".join(f"{name} {SOURCES[source]}" for name, source in template.fields.items())
