"""Every page can be read: by eye, by screen reader, by keyboard (WCAG 2.2 AA as far as a machine can tell)."""

import re
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from types import SimpleNamespace as Row
from typing import Any

import aiohttp_jinja2
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from tests.web import samples
from web.page import HERE, PORTS, always, set_up_templates

VOID = {"meta", "link", "input", "img", "br"}
LEAST_CONTRAST = 4.5


class Outline(HTMLParser):
    """What of a page concerns reading: headings, labels, controls, links, ids."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.controls: list[dict[str, Any]] = []
        self.pictures: list[dict[str, str | None]] = []
        self.named: list[tuple[str, str]] = []
        self.lang = ""
        self.forms: list[dict[str, Any]] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = dict(attrs)
        if tag == "html":
            self.lang = at.get("lang") or ""
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if at.get("id"):
            self.ids.append(str(at["id"]))
        if tag == "label" and at.get("for"):
            self.labels.add(str(at["for"]))
        if tag in {"input", "select", "textarea"} and at.get("type") != "hidden":
            wrapped = any(name == "label" for name, _ in self.open)
            self.controls.append({**at, "tag": tag, "wrapped": wrapped})
        if tag == "img":
            self.pictures.append(at)
        if tag == "form":
            self.forms.append({**at, "hidden": set()})
        if tag == "input" and at.get("type") == "hidden" and self.forms:
            self.forms[-1]["hidden"].add(at.get("name"))
        self.inline += [f"{tag} {name}" for name in at if name == "style" or name.startswith("on")]
        if tag in {"script", "style"} and not at.get("src"):
            self.inline.append(tag)
        if tag not in VOID:
            self.open.append((tag, at))
            if tag in {"a", "button", "summary", "title"}:
                self.named.append((tag, at.get("aria-label") or ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1][0] == tag, f"</{tag}> closes <{self.open[-1][0]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        named = [index for index, (tag, _) in enumerate(self.open) if tag in {"a", "button", "summary", "title"}]
        if named and data.strip():
            tag, said = self.named[-1]
            self.named[-1] = (tag, said + data.strip())


@cache
def application() -> web.Application:
    app = web.Application()
    app[PORTS] = Row(  # type: ignore[misc]
        clock=Row(now=lambda: samples.NOW), links=Row(base="https://sample.test"), max_bytes=20 * 2**20
    )
    set_up_templates(app)
    return app


def page(name: str, changed: Callable[[Any], Any] = lambda values: values) -> str:
    request = make_mocked_request("GET", "/", app=application())
    template, values = samples.PAGES[name]
    return aiohttp_jinja2.render_string(template, request, {**always(request), **changed(values)})


HOSTILE = """'"><script>alert(1)</script>"""


def spoiled(value: Any) -> Any:
    """The same values, every text that people could have written (Chinese, as ids and states are not) ends badly."""
    match value:
        case str():
            return value + HOSTILE if re.search("[一-鿿]", value) else value
        case dict():
            return {name: spoiled(one) for name, one in value.items()}
        case list() | tuple():
            return type(value)(spoiled(one) for one in value)
        case Row():
            return Row(**spoiled(vars(value)))
    return value


@pytest.mark.parametrize("name", samples.PAGES)
def test_what_people_wrote_never_becomes_part_of_the_page(name: str) -> None:
    found = Outline()
    found.feed(page(name, spoiled))
    assert [odd for odd in found.inline if odd.startswith(("script", "style"))] == []
    assert found.open == []


@cache
def outlined(name: str) -> Outline:
    found = Outline()
    found.feed(page(name))
    return found


@pytest.fixture(params=samples.PAGES)
def outline(request: pytest.FixtureRequest) -> Outline:
    found = outlined(request.param)
    assert found.open == []
    return found


def test_a_page_says_its_language_and_has_one_main_heading_and_no_gap_below_it(outline: Outline) -> None:
    assert outline.lang == "zh-CN"
    assert outline.headings.count(1) == 1
    assert outline.headings[0] == 1
    assert all(later <= earlier + 1 for earlier, later in zip(outline.headings, outline.headings[1:], strict=False))


def test_every_control_has_a_label_every_picture_words_and_every_link_a_name(outline: Outline) -> None:
    for control in outline.controls:
        assert control["wrapped"] or control.get("id") in outline.labels, control
    assert all(picture.get("alt") is not None for picture in outline.pictures)
    assert all(said for _, said in outline.named), outline.named
    assert len(outline.ids) == len(set(outline.ids)), outline.ids


def test_what_is_described_or_wrong_is_there(outline: Outline) -> None:
    for control in outline.controls:
        for id_ in str(control.get("aria-describedby") or "").split():
            assert id_ in outline.ids
        assert ("aria-invalid" not in control) or control.get("aria-describedby")


def test_nothing_stands_in_the_page_that_the_content_security_policy_would_block(outline: Outline) -> None:
    assert outline.inline == []


BARE_MONTH = re.compile(r"(?<![\d-])20\d\d-\d\d(?![\d-])")


@pytest.mark.parametrize("name", samples.PAGES)
def test_a_month_is_written_as_people_write_it(name: str) -> None:
    assert BARE_MONTH.findall(re.sub("<[^>]*>", " ", page(name))) == []


def test_every_form_of_a_signed_in_page_proves_that_it_is_ours(outline: Outline) -> None:
    for form in outline.forms:
        # One that only asks (GET) changes nothing, and its fields stand in the address.
        if form.get("method") != "get" and str(form.get("action", "")).startswith(("/my/", "/desk", "/signout")):
            assert {"form_token", "key"} <= form["hidden"], form


# --- colours ---------------------------------------------------------------------------------------------------------

CSS = (HERE / "static" / "pages.css").read_text()
NAMED = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", CSS))

PAIRS = [
    ("--ink", "--paper"), ("--ink", "--ground"), ("--muted", "--paper"), ("--muted", "--ground"),
    ("--muted", "#fff8e6"), ("--link", "--paper"), ("--link", "--ground"), ("--link", "#f7f9fc"),
    ("#ffffff", "--navy"), ("#ffffff", "--pass"), ("#ffffff", "--fail"), ("#ffffff", "--unclear"),
    ("#ffffff", "--ended"), ("#ffffff", "--seal"), ("#ffffff", "#5c6b80"), ("--navy", "--navy-soft"),
    ("--pass", "--pass-soft"), ("--fail", "--fail-soft"), ("#7a4d00", "--unclear-soft"), ("#4a515c", "--ended-soft"),
    ("--pass", "--paper"), ("--fail", "--paper"), ("--unclear", "--paper"), ("#5a3a00", "--unclear-soft"),
    ("--ink", "--fail-soft"), ("--ink", "--pass-soft"), ("#6b4700", "#fff8e6"), ("--ended", "#f5f6f7"),
    ("#667080", "#ffffff"), ("--fail", "--ground"), ("#7a4d00", "#ffffff"),
    ("--pass", "#f7f9fc"), ("--fail", "#f7f9fc"), ("--muted", "#f7f9fc"), ("--ink", "#f7f9fc"),
]  # fmt: skip
"""Every text colour on every ground it is used on."""


def _light(colour: str) -> float:
    plain = NAMED[colour.removeprefix("--")] if colour.startswith("--") else colour
    digits = plain.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[index : index + 2], 16) / 255 for index in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(text: str, ground: str) -> None:
    light, dark = sorted((_light(text), _light(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= LEAST_CONTRAST


def test_the_pairs_are_those_of_the_sheet() -> None:
    for colour in {colour for pair in PAIRS for colour in pair if colour.startswith("#") and colour != "#ffffff"}:
        assert colour in CSS


def test_who_may_only_look_at_a_month_is_told_who_files_it() -> None:
    assert "请企业管理员或办理人员办理" in page("month-viewer")
    assert "请企业管理员或办理人员办理" not in page("month")
