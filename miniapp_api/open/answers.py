"""What partners are answered: facts, the moment they are about, and the platform's statement of exactly these facts."""

from typing import Any, TypeVar

from pydantic import Field

from miniapp_api.shapes import Answer, Moment
from workflow.context import Ports
from workflow.relying.statements import state
from workflow.scanning.scan_wording import DISCLAIMER

Stated = TypeVar("Stated", bound="StatedAnswer")


class Facts(Answer):
    """What is stated; the signed statement repeats it to the last field."""

    disclaimer: str = Field(DISCLAIMER, description="向消费者展示等级时请一并展示")


class StatedAnswer(Answer):
    """An answer with its statement; its ETag stands for the facts, for they alone are the same in the next answer."""

    facts: Any
    as_of: Moment = Field(description="这些事实是哪一刻的")
    statement: str = Field(
        description="JWS（compact，ES256）：载荷的 facts 与这里的 facts 逐项相同；公钥在 /.well-known/jwks.json"
    )

    def lasting(self) -> bytes:
        """The facts."""
        return self.model_dump_json(include={"facts"}).encode()


def stated(ports: Ports, answer: type[Stated], question: str, about: str, facts: Facts | None, **more: Any) -> Stated:
    """The answer with a statement of its facts; :class:`Refused` ``statements_unavailable`` without a key to sign."""
    plain = None if facts is None else facts.model_dump(mode="json")
    said = state(ports, question, about, plain)
    return answer(facts=facts, as_of=said.as_of, statement=said.text, **more)
