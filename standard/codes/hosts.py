"""Hosts of links: the platforms', and those that are somebody's own (3.4)."""

from standard.citation import cites
from standard.codes.rules import rules_of
from standard.codes.weblink import web_link
from standard.profile import Edition


@cites("3.4", rows=("R32",))
def own_host(text: str, edition: Edition) -> str | None:
    """The host of this link where it is no platform's; None for every other text.

    Whoever has a code on a platform shares its host with everybody: it says nothing about whose the code is.
    """
    link = web_link(text.strip())
    if link is None or not link.host or rules_of(edition).host_kind(link.host) is not None:
        return None
    return link.host
