"""The address of the page that answers for a code (4.3.3): ``/t/`` and the code, in a form that any scanner opens.

A GS1 code stands there as a Digital Link of its own, ``/t/01/…/21/…``; any other text is percent-encoded as a whole.
Codes may be printed as such links, and WeChat opens the mini-program by the prefix ``/t/``, so the scheme is stable.
"""

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode

from standard.codes import TraceCode
from standard.codes.ai import keys
from workflow.links import Links

ASKING = "/t"
"""The page on which a code is typed."""
PAGES = f"{ASKING}/"
"""What the addresses of all codes begin with."""
REPORTING = "/reports/new"
"""The form on which a problem with a code is reported: not below :data:`PAGES`, where everything is part of a code."""

_STEM = "https://id.gs1.org/"
_DIGITAL_LINK = re.compile(r"(\d{2,4})/[^/]+(?:/\d{2,4}/[^/]+)*", re.ASCII)
_SCHEME = re.compile(r"(https?):/(?=[^/])", re.IGNORECASE)
_LONGEST = 1024
"""Characters of an address that a chat message and a printed code can still hold."""


def trace_path(code: TraceCode) -> str:
    """The page of this code; where its address would be too long, the page on which it is typed."""
    known = code.canonical or ""
    path = PAGES + (known.removeprefix(_STEM) if known.startswith(_STEM) else quote(code.text, safe=""))
    return path if len(path) <= _LONGEST else ASKING


def reporting_path(code: TraceCode) -> str:
    """Where a problem with this code is reported."""
    known = code.canonical or ""
    return f"{REPORTING}?{urlencode({'code': known if known.startswith(_STEM) else code.text})}"


def code_in(links: Links, text: str) -> str:
    """The code in a link to our own page of it, however that was made; any other text as it is.

    A Digital Link below our address stays the whole link: it is a code of that kind by itself.
    """
    mine = links.page(PAGES)
    if not text.startswith(mine):
        return text
    path, _, query = text[len(mine) :].partition("?")
    pairs = _DIGITAL_LINK.fullmatch(path)
    if pairs is not None and pairs[1] in keys():
        # Data of the code has numbers for names; what the page is asked (linkType) has not.
        data = urlencode([(name, value) for name, value in parse_qsl(query) if name.isdigit()])
        return f"{mine}{path}{'?' if data else ''}{data}"
    # Some proxies make one slash of two.
    return _SCHEME.sub(r"\1://", unquote(path), count=1)
