"""Why a use case was not carried out, in words for people; every door shows the same."""

from enum import StrEnum


class Kind(StrEnum):
    """What sort of refusal it is."""

    NOT_FOUND = "not_found"
    """There is no such thing, or whoever asks may not know that there is."""
    FORBIDDEN = "forbidden"
    CONFLICT = "conflict"
    """It does not fit what stands: the state, a version, a duplicate."""
    INVALID = "invalid"
    """What was given is wrong."""
    GONE = "gone"
    """It was there and has run out or been used."""
    TOO_MANY = "too_many"
    NOT_SUPPORTED = "not_supported"
    """In the standard, and not served yet (R49 …)."""
    UNAVAILABLE = "unavailable"
    """Something outside is away; trying again later helps."""

    @property
    def status(self) -> int:
        """Its HTTP status, at pages and API alike."""
        return _STATUSES[self]


_STATUSES = {
    Kind.NOT_FOUND: 404,
    Kind.FORBIDDEN: 403,
    Kind.CONFLICT: 409,
    Kind.INVALID: 422,
    Kind.GONE: 410,
    Kind.TOO_MANY: 429,
    Kind.NOT_SUPPORTED: 422,
    Kind.UNAVAILABLE: 503,
}


class Refused(Exception):
    """``code`` is stable and in snake_case; ``advice`` says in Chinese what is wrong and what to do next.

    ``clause`` and ``rows`` name the rule where one refused; ``field`` the input that is wrong, where one is.
    """

    def __init__(
        self,
        kind: Kind,
        code: str,
        advice: str,
        *,
        clause: str | None = None,
        rows: tuple[str, ...] = (),
        field: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, advice)
        self.kind = kind
        self.code = code
        self.advice = advice
        self.clause = clause
        self.rows = rows
        self.field = field
        self.retry_after = retry_after
