"""Why a callback is turned away. The answer names the reason and nothing else."""

from enum import StrEnum


class Reason(StrEnum):
    """What was wrong; the value is what the sender is told and what the log says."""

    SIGNATURE = "bad-signature"
    TIMESTAMP = "stale-timestamp"
    PLAINTEXT = "plaintext-not-accepted"
    ENCRYPTED = "encryption-not-accepted"
    CIPHERTEXT = "bad-ciphertext"
    APP_ID = "wrong-app-id"
    MALFORMED = "malformed-body"
    TOO_LARGE = "body-too-large"
    TOO_SLOW = "body-too-slow"


_STATUS = {Reason.MALFORMED: 400, Reason.TOO_SLOW: 408, Reason.TOO_LARGE: 413}


class CallbackRefused(Exception):
    """This request is not, or not intact, from WeChat. Carries nothing of what was sent."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason

    @property
    def status(self) -> int:
        """The HTTP status to answer with: 403 unless the body itself is at fault."""
        return _STATUS.get(self.reason, 403)
