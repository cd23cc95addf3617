"""Steps of how the materials of Appendix A are handed in."""

from typing import Any

from standard import handing_in
from standard.facts import PublicQuery
from standard.grades import Grade
from standard.profile import Edition
from tests.standard.steps import step


@step
def handed_in(edition: Edition, given: dict[str, Any]) -> Any:
    """How one material is handed in and read, all of it."""
    how = handing_in.handing(given["material"], edition)
    return {
        "read_as": how.read_as,
        "per_product": how.per_product,
        "files": [how.least, how.most],
        "asks": [[ask.name, ask.label, ask.kind, ask.required, [list(c) for c in ask.choices]] for ask in how.asks],
        "words": [list(group) for group in how.words],
        "names_firm": how.names_firm,
    }


@step
def asked_online(edition: Edition, given: dict[str, Any]) -> Any:
    found = handing_in.online_from_b(Grade(given["level"]), edition, sells_online=given["sells_online"])
    return [{"name": material.name, "source": material.source, "rows": list(material.rows)} for material in found]


@step
def asked_for_opaque_codes(edition: Edition, _given: dict[str, Any]) -> Any:
    return [
        {"name": one.id, "level": one.level, "clause": one.clause, "source": one.source, "rows": list(one.rows)}
        for one in handing_in.look_ups(edition)
    ]


@step
def stated(edition: Edition, given: dict[str, Any]) -> Any:
    """What was stated beside a file, or the field that is odd and why."""
    try:
        return {"stated": handing_in.declared(given["material"], given["says"], edition)}
    except handing_in.DeclaredOdd as odd:
        return {"field": odd.field, "message": str(odd)}


@step
def document_says(edition: Edition, given: dict[str, Any]) -> Any:
    finding = handing_in.words_found(given["material"], [given["text"]], edition)
    return {"outcome": finding.outcome, "reason": finding.reason}


@step
def look_up_shows(edition: Edition, given: dict[str, Any]) -> Any:
    return handing_in.query_shows([given["text"]], edition)


@step
def look_up_words(edition: Edition, given: dict[str, Any]) -> Any:
    return [list(group) for group in handing_in.query_words(PublicQuery(given["asked"]), edition)]


@step
def asked_beside(edition: Edition, given: dict[str, Any]) -> Any:
    """What is stated beside a file of a month."""
    return [
        [ask.name, ask.label, ask.kind, ask.required, [list(choice) for choice in ask.choices]]
        for ask in handing_in.asked_beside(given["filed_as"], edition)
    ]
