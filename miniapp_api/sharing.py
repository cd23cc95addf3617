"""An answer as it is kept for all who ask the same within a moment (:mod:`workflow.sharing`)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer as it is sent, but for the headers that are the caller's own; without a body where ``body`` is None."""

    body: bytes | None
    headers: dict[str, str]
