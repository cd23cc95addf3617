"""Steps of the deadlines: 7.2–7.5, 8.1–8.4, 9.3, 9.4, 9.5.1(3)."""

from typing import Any

from standard import windows
from standard.calendar import Deadline, calendar_with, shipped_calendar
from standard.months import Month
from standard.profile import Edition
from standard.windows import Party, ResultNotice, Window
from tests.standard.steps import step


def told(deadline: Deadline | None) -> dict[str, Any] | None:
    if deadline is None:
        return None
    return {"last_day": deadline.last_day, "ends": deadline.ends, "provisional": deadline.provisional}


def told_window(window: Window) -> dict[str, Any]:
    return {"opens": window.opens, **(told(window.deadline) or {})}


@step
def verification_deadline(edition: Edition, given: dict[str, Any]) -> Any:
    return told(windows.verification_deadline(edition, shipped_calendar(), given["submitted"]))


@step
def supplement_deadline(edition: Edition, given: dict[str, Any]) -> Any:
    return told(windows.supplement_deadline(edition, shipped_calendar(), given["told"]))


@step
def supplement_recomputed(edition: Edition, given: dict[str, Any]) -> Any:
    before = windows.supplement_deadline(edition, shipped_calendar(), given["told"])
    return {"before": told(before), "after": told(calendar_with(given["published"]).recompute(before))}


@step
def grading_deadline(edition: Edition, given: dict[str, Any]) -> Any:
    return told(windows.grading_deadline(edition, shipped_calendar(), given["verified"]))


@step
def publicity_window(edition: Edition, given: dict[str, Any]) -> Any:
    window = windows.publicity_window(edition, shipped_calendar(), given["published"])
    return told_window(window) | {"holds": [window.holds(moment) for moment in given.get("asked", [])]}


@step
def publicity_resumed(edition: Edition, given: dict[str, Any]) -> Any:
    calendar = shipped_calendar()
    window = windows.publicity_window(edition, calendar, given["published"])
    return told_window(windows.publicity_resumed(calendar, window, given["stopped"], given["reviewed"]))


@step
def objection(edition: Edition, given: dict[str, Any]) -> Any:
    calendar = shipped_calendar()
    window = windows.publicity_window(edition, calendar, given["published"])
    answer = windows.objection(edition, calendar, window, given["at"], Party(given["by"]))
    return {
        "route": answer.route,
        "deadline": told(answer.deadline),
        "may_object": answer.may_object,
        "clause": answer.clause,
    }


@step
def publicity_state(edition: Edition, given: dict[str, Any]) -> Any:
    window = windows.publicity_window(edition, shipped_calendar(), given["published"])
    return {"state": windows.publicity_state(edition, window, given["at"], given["open_objections"])}


@step
def objection_review_deadline(edition: Edition, given: dict[str, Any]) -> Any:
    return told(windows.objection_review_deadline(edition, shipped_calendar(), given["objected"]))


@step
def filing_moments(edition: Edition, given: dict[str, Any]) -> Any:
    return told_window(windows.filing_window(edition, Month.parse(given["month"])))


@step
def make_up_deadline(edition: Edition, given: dict[str, Any]) -> Any:
    return told(windows.make_up_deadline(edition, shipped_calendar(), given["warned"]))


def notice(given: dict[str, Any]) -> ResultNotice:
    return ResultNotice(given.get("published"), given.get("delivered"), given.get("viewed"))


@step
def adoption_supplement_deadline(edition: Edition, given: dict[str, Any]) -> Any:
    return told(windows.adoption_supplement_deadline(edition, shipped_calendar(), given["told"]))


@step
def appeal_deadline(edition: Edition, given: dict[str, Any]) -> Any:
    result = notice(given)
    return {
        "received": windows.received(edition, result),
        "deadline": told(windows.appeal_deadline(edition, shipped_calendar(), result)),
    }


@step
def appeal(edition: Edition, given: dict[str, Any]) -> Any:
    answer = windows.appeal(edition, shipped_calendar(), given["subject"], notice(given), given["at"])
    return {"accepted": answer.accepted, "fee": answer.fee, "review": told(answer.review), "reason": answer.reason}


@step
def appeal_review_deadline(edition: Edition, given: dict[str, Any]) -> Any:
    return told(windows.appeal_review_deadline(edition, shipped_calendar(), given["appealed"]))


@step
def complaint_deadline(edition: Edition, given: dict[str, Any]) -> Any:
    return told(windows.complaint_deadline(edition, shipped_calendar(), given["complained"]))


@step
def renewal_start(edition: Edition, given: dict[str, Any]) -> Any:
    return {"starts": windows.renewal_start(edition, shipped_calendar(), given["valid_through"])}


@step
def renewal_mending(edition: Edition, given: dict[str, Any]) -> Any:
    answer = windows.renewal_mending(edition, shipped_calendar(), given["told"], given["valid_through"])
    return {**(told(answer.deadline) or {}), "expires_first": answer.expires_first}


@step
def change_report(edition: Edition, given: dict[str, Any]) -> Any:
    answer = windows.change_report(edition, shipped_calendar(), given["changed"], given["reported"])
    return {"last_day": answer.deadline.last_day, "accepted": answer.accepted, "late": answer.late}


@step
def mending_deadline(edition: Edition, given: dict[str, Any]) -> Any:
    return told(windows.mending_deadline(edition, shipped_calendar(), given["told"]))
