"""Steps of clauses 3.4 and 5 (trace codes), and of the numbers that 7.2(1) checks offline."""

from typing import Any

from standard import identifiers
from standard.codes import Level, TraceCode, judge, look_alike, needed_level, opaque, own_host, page_level, read, select
from standard.codes.checks import check_digit
from standard.outcome import Outcome
from standard.profile import Edition
from tests.standard.steps import step


def _read(edition: Edition, given: dict[str, Any]) -> TraceCode:
    text = given["text"].replace("<GS>", "\x1d")
    return read(text, edition=edition, symbology=given.get("symbology"))


@step
def trace_code(edition: Edition, given: dict[str, Any]) -> Any:
    """``text`` (``<GS>`` for the separator), perhaps ``symbology`` and ``need``."""
    code = _read(edition, given)
    form, listed, unique = judge(code, edition, given.get("need"))
    return {
        "kind": code.kind,
        "form": code.form,
        "parts": dict(code.parts),
        "valid": form.outcome is Outcome.PASS,
        "why": [reason.reason for reason in code.reasons],
        "warnings": list(code.warnings),
        "listed": listed.outcome,
        "unique": unique.outcome,
        "level": code.unique_level,
        "reasons": {"listed": listed.reason, "unique": unique.reason},
        "canonical": code.canonical,
        "resolves_to": code.resolves_to,
    }


@step
def kinds_that_serve(edition: Edition, given: dict[str, Any]) -> Any:
    """Which of these texts are of a kind on the list."""
    found = {text: read(text, edition=edition) for text in given["texts"]}
    return {"listed": [code.kind for code in found.values() if code.on_allowed_list]}


@step
def kinds_valid(edition: Edition, given: dict[str, Any]) -> Any:
    """The kinds of those of these texts that are valid."""
    return [code.kind for text in given["texts"] if (code := read(text, edition=edition)).valid]


@step
def kinds_on_the_list(edition: Edition, _given: dict[str, Any]) -> Any:
    return list(edition.words("codes.allowed_kinds"))


@step
def kinds_of_hosts(edition: Edition, given: dict[str, Any]) -> Any:
    """The kind of code of an address of each host, with the path given."""
    return {host: read(f"https://{host}{given['path']}", edition=edition).kind for host in given["hosts"]}


@step
def known_hosts(edition: Edition, _given: dict[str, Any]) -> Any:
    return [row[0] for row in edition.value("codes.hosts")]  # type: ignore[union-attr, index]


@step
def look_alikes(edition: Edition, given: dict[str, Any]) -> Any:
    """Those of these hosts that pretend to be a platform, each with that one."""
    found = {host: look_alike(f"https://{host}/E=1", edition, given.get("also", ())) for host in given["hosts"]}
    return [[host, one.genuine] for host, one in found.items() if one is not None]


@step
def hosts_of_their_own(edition: Edition, given: dict[str, Any]) -> Any:
    """The host of each of these texts that is a link to no platform."""
    return [host for text in given["texts"] if (host := own_host(text, edition)) is not None]


@step
def prefixes(edition: Edition, given: dict[str, Any]) -> Any:
    """What a GTIN with each of these prefixes is: closed, warned of, and how long the maker's prefix is."""
    answers = {}
    for prefix in given["prefixes"]:
        body = str(prefix) + "123456789"[: given.get("digits", 13) - 4]
        code = read(body + str(check_digit(body)), edition=edition)
        listed = judge(code, edition)[1].outcome
        maker = len(code.company_prefix) if code.company_prefix else None
        answers[str(prefix)] = [listed, *(code.warnings or ["—"]), *([maker] if maker else [])]
    return answers


@step
def scanned_with(edition: Edition, given: dict[str, Any]) -> Any:
    """Which of these names in front of a code are taken for a phone's own prefix."""
    return [name for name in given["names"] if read(f"{name},{given['text']}", edition=edition).valid]


@step
def unique_level_asked(edition: Edition, given: dict[str, Any]) -> Any:
    return {grade: needed_level(grade, edition=edition) for grade in given["grades"]}


@step
def code_selection(edition: Edition, given: dict[str, Any]) -> Any:
    codes = [read(text, edition=edition) for text in given["codes"]]
    shown = (
        {read(text, edition=edition).canonical or text: Level(level) for text, level in given["looked_up"].items()}
        if "looked_up" in given
        else None
    )
    selection = select(codes, edition, given.get("need"), looked_up=shown)
    return {
        "outcome": selection.outcome,
        "failing": [finding.reason for finding in selection.findings if finding.outcome is not Outcome.PASS],
    }


@step
def opaque_codes(edition: Edition, given: dict[str, Any]) -> Any:
    """Those of these texts whose batch or serial only the platform can tell."""
    return [text for text in given["texts"] if opaque(read(text, edition=edition), edition)]


@step
def look_up_page(edition: Edition, given: dict[str, Any]) -> Any:
    """How narrowly a page names the product of ``text``, by the code ``looked_up`` and what is ``stated`` on it."""
    code = read(given["text"], edition=edition)
    return page_level(code, given["looked_up"], given["stated"], edition)


@step
def firm_number(edition: Edition, given: dict[str, Any]) -> Any:
    """``what``: uscc, licence or ccc."""
    match given["what"]:
        case "uscc":
            regions = frozenset(given["regions"]) if "regions" in given else None
            number = identifiers.credit_code(given["text"], edition=edition, regions=regions)
        case "licence":
            number = identifiers.production_licence(given["text"], edition=edition)
        case _:
            number = identifiers.ccc_certificate(given["text"], edition=edition, today=given.get("today"))
    return {
        "outcome": number.findings[0].outcome,
        "reason": number.findings[0].reason,
        "normal": number.normal,
        "parts": dict(number.parts),
        "warnings": list(number.warnings),
    }


@step
def licence_provinces(edition: Edition, given: dict[str, Any]) -> Any:
    """Those of these short names that may stand in the brackets of a licence number."""
    return "".join(
        name
        for name in given["names"]
        if identifiers.production_licence(f"（{name}）XK06-001-00001", edition=edition).valid
    )


@step
def credit_code_authorities(edition: Edition, given: dict[str, Any]) -> Any:
    """The authority behind each first character, of an otherwise sound code."""
    answers = {}
    for first in given["first"]:
        body = f"{first}1110000710926094"
        code = next(
            body + check
            for check in "0123456789ABCDEFGHJKLMNPQRTUWXY"
            if identifiers.credit_code(body + check, edition=edition).valid
        )
        number = identifiers.credit_code(code, edition=edition)
        answers[first] = number.parts.get("authority_name") or number.warnings[0]
    return answers
