"""WeChat's error codes, each with the typed error it becomes: what the caller may do about it.

A code that is not in the table becomes a plain :class:`workflow.ports.WeChatError`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from config.clock import SHANGHAI
from workflow.ports import BadRequest, Misconfigured, NotReachable, Unavailable, WeChatError

BUSY = -1
"""系统繁忙: nothing was done, so that any call may be repeated."""

STALE_TOKEN = frozenset({40001, 40014, 42001})
"""The access token is not, or no longer, valid. From the token call itself 40001 says that the secret is wrong."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What an errcode becomes; ``retry_after``, seconds, where waiting is known to help."""

    error: type[WeChatError]
    meaning: str
    retry_after: float | None = None


RULES: dict[int, Rule] = {
    -1: Rule(Unavailable, "system busy", 5),
    # Tokens. Here only after one retry with a fresh token: somebody else spends tokens of this account.
    40001: Rule(Unavailable, "access token invalid", 60),
    40014: Rule(Unavailable, "access token malformed", 60),
    42001: Rule(Unavailable, "access token expired", 60),
    # How often.
    45009: Rule(Unavailable, "quota of the minute or the day used up", 60),
    45011: Rule(Unavailable, "called too often within the minute", 60),
    43108: Rule(Unavailable, "a message to the same person is under way", 1),
    # Ours to mend.
    40013: Rule(Misconfigured, "app id invalid"),
    40125: Rule(Misconfigured, "app secret invalid"),
    40164: Rule(Misconfigured, "our address is not on the IP list"),
    40243: Rule(Misconfigured, "app secret frozen"),
    41002: Rule(Misconfigured, "app id missing"),
    41004: Rule(Misconfigured, "app secret missing"),
    40037: Rule(Misconfigured, "template id unknown"),
    41030: Rule(Misconfigured, "page is not in the released mini-program"),
    43107: Rule(Misconfigured, "subscription messages banned"),
    48001: Rule(Misconfigured, "API not granted to this account"),
    48004: Rule(Misconfigured, "API banned for this account"),
    61024: Rule(Misconfigured, "token of the wrong kind"),
    89503: Rule(Misconfigured, "call needs an administrator's consent"),
    89506: Rule(Misconfigured, "administrator refused the call, 24 h"),
    89507: Rule(Misconfigured, "administrator refused the call, 1 h"),
    # This person, this way, not now.
    43004: Rule(NotReachable, "person does not follow"),
    43019: Rule(NotReachable, "person is on the blacklist"),
    43101: Rule(NotReachable, "person gave no consent, or it is used up"),
    43116: Rule(NotReachable, "person muted the template"),
    45015: Rule(NotReachable, "outside 48 h of the person's last message"),
    45047: Rule(NotReachable, "customer-service messages used up until the person writes again"),
    48002: Rule(NotReachable, "person switched messages off"),
    50002: Rule(NotReachable, "person is restricted"),
    50005: Rule(NotReachable, "person does not follow"),
    61010: Rule(NotReachable, "person was not in the mini-program within two hours"),
    # The call is wrong and stays so.
    40003: Rule(BadRequest, "openid is not of this account"),
    40004: Rule(BadRequest, "media type invalid"),
    40006: Rule(BadRequest, "media size invalid"),
    40007: Rule(BadRequest, "media id unknown or expired"),
    40009: Rule(BadRequest, "picture too large"),
    40016: Rule(BadRequest, "menu: number of buttons"),
    40017: Rule(BadRequest, "menu: button type"),
    40018: Rule(BadRequest, "menu: length of a name"),
    40019: Rule(BadRequest, "menu: length of a key"),
    40029: Rule(BadRequest, "login code invalid"),
    40033: Rule(BadRequest, "characters must not be escaped"),
    40163: Rule(BadRequest, "login code already used"),
    40226: Rule(BadRequest, "person is blocked from signing in"),
    43104: Rule(BadRequest, "app id and openid do not belong together"),
    44002: Rule(BadRequest, "body empty"),
    44004: Rule(BadRequest, "text empty"),
    45001: Rule(BadRequest, "media too large"),
    45002: Rule(BadRequest, "content too long"),
    45003: Rule(BadRequest, "title too long"),
    47001: Rule(BadRequest, "body is not valid JSON"),
    47003: Rule(BadRequest, "template field invalid"),
    61451: Rule(BadRequest, "parameter invalid"),
    87009: Rule(BadRequest, "signature of the session invalid"),
    87014: Rule(BadRequest, "content is not allowed"),
}


def error_for(errcode: int, errmsg: str, now: datetime) -> WeChatError:
    """The typed error of one answer; ``now`` tells how far midnight is, when the day's quota comes back."""
    rule = RULES.get(errcode)
    if rule is None:
        return WeChatError(errcode, errmsg)
    error = rule.error(errcode, errmsg)
    if isinstance(error, Unavailable) and rule.retry_after is not None:
        daily = errcode == 45009 and "daily" in errmsg.lower()
        error.retry_after = _until_midnight(now) if daily else rule.retry_after
    return error


def unavailable(reason: str, retry_after: float = 5.0) -> Unavailable:
    """No answer of WeChat's own, and nothing was delivered."""
    error = Unavailable(None, reason)
    error.retry_after = retry_after
    return error


def _until_midnight(now: datetime) -> float:
    """Seconds until the quotas of the day begin anew, at 0:00 in Shanghai."""
    here = now.astimezone(SHANGHAI)
    tomorrow = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (tomorrow - here).total_seconds()
