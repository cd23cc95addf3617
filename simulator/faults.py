"""Trouble on order: how the next calls of one API path go wrong."""

import re
from dataclasses import dataclass

#: Kinds that are not an errcode.
TIMEOUT, BAD_GATEWAY, LOST_ANSWER = "timeout", "502", "lost_answer"
_ERRCODE = re.compile(r"-1|4\d{4}|5\d{4}|6\d{4}|8\d{4}")


@dataclass(slots=True)
class Fault:
    """``kind``: an errcode, ``timeout`` (no answer), ``502``, or ``lost_answer`` (done, but the line breaks)."""

    path: str
    kind: str
    times: int

    def describe(self) -> dict[str, str | int]:
        """For ``GET /faults``."""
        return {"path": self.path, "kind": self.kind, "times": self.times}


class Faults:
    """Ordered faults, used up in the order they were given."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(self, path: str, kind: str, times: int = 1) -> None:
        """The next ``times`` calls of ``path`` go wrong; :class:`ValueError` for a kind or path we do not know."""
        if not path.startswith("/"):
            raise ValueError("path 以 / 开头，如 /cgi-bin/message/custom/send")
        if kind not in {TIMEOUT, BAD_GATEWAY, LOST_ANSWER} and not _ERRCODE.fullmatch(kind):
            raise ValueError("kind 为错误码、timeout、502 或 lost_answer")
        if times < 1:
            raise ValueError("times 至少为 1")
        self._ordered.append(Fault(path, kind, times))

    def take(self, path: str) -> str | None:
        """The kind of fault this call meets, or None."""
        for fault in self._ordered:
            if fault.path == path:
                fault.times -= 1
                if not fault.times:
                    self._ordered.remove(fault)
                return fault.kind
        return None

    def clear(self) -> None:
        """All is well again."""
        self._ordered.clear()

    def listed(self) -> list[dict[str, str | int]]:
        """What is still to come."""
        return [fault.describe() for fault in self._ordered]
