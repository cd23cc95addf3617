"""What requests and answers are made of. Bodies are strict: a ``"1"`` is no number, and an unknown field is a mistake.

Path, query and form fields arrive as text and are read laxly; unknown ones are mistakes there, too.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    field_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

CONTROLS = frozenset(map(chr, range(32))) - {"\n", "\r", "\t"}
"""Control characters: nobody types them, and PostgreSQL does not store the first of them."""
NOT_TEXT = CONTROLS | frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""These, and what turns the order of letters around: on a page, a name would turn the words beside it."""

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Ref = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,43}$")]
Uscc = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-HJ-NP-RTUW-Y]{18}$"),
    Field(description="统一社会信用代码，18 位", examples=["91310000MA0000007L"]),
]


def _said(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "blank")
    return value.strip()


Said = Annotated[str, AfterValidator(_said)]
"""Text that is not blank, without space around it."""


class Given(BaseModel):
    """What a caller gives, wherever it stands in the request."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="after")
    @classmethod
    def _is_text(cls, value: Any) -> Any:
        if _has_control_characters(value):
            raise PydanticCustomError("control_characters", "control characters")
        return value


class Path(Given):
    """The variable parts of a path."""


class Query(Given):
    """What stands behind the question mark."""


class Body(Given):
    """A JSON body of at most ``most_bytes``."""

    most_bytes: ClassVar[int] = 64 * 1024
    model_config = ConfigDict(strict=True)


class Form(Given):
    """A ``multipart/form-data`` body: text fields, and fields of type :class:`File`."""


class Answer(BaseModel):
    """What an endpoint answers, as JSON."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    def lasting(self) -> bytes:
        """What its ETag stands for: all of it, but for what is new in every answer."""
        return self.model_dump_json().encode()


@dataclass(frozen=True, slots=True)
class File:
    """A file that came with a form or goes out as an answer; ``name`` as the sender's device had it."""

    name: str
    media_type: str
    data: bytes

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}


@dataclass(frozen=True, slots=True)
class Stream:
    """A file that goes out piece by piece, as it is read."""

    name: str
    media_type: str
    pieces: AsyncIterator[bytes]


Moment = Annotated[
    datetime,
    PlainSerializer(lambda moment: moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")),
    Field(json_schema_extra={"type": "string", "format": "date-time"}),
]
"""A moment in UTC, to the second: ``2026-11-24T02:00:00Z``."""

Item = TypeVar("Item")


class Page(Answer, Generic[Item]):
    """A piece of a list; ``next`` given as ``after`` brings the one behind it, null where it was the last."""

    items: list[Item]
    next: str | None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """As the OpenAPI document names it: ``Page[FirmFound]`` is ``FirmFoundPage``."""
        return f"{params[0].__name__}Page"


class Paging(Query):
    """Which piece of a list: at most ``limit`` items behind the one that ``after`` names."""

    after: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="上一页返回的 next；不填为第一页"
    )
    limit: int = Field(20, ge=1, le=100, description="每页条数")


def _has_control_characters(value: Any) -> bool:
    if isinstance(value, str):
        return not NOT_TEXT.isdisjoint(value)
    if isinstance(value, dict):
        return any(map(_has_control_characters, [*value.keys(), *value.values()]))
    return isinstance(value, list | tuple) and any(map(_has_control_characters, value))
