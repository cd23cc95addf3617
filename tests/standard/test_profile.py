"""Editions: chosen by date, added as data, refused where malformed; and every shipped parameter is cited."""

import re
import tomllib
from datetime import date
from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest

from standard import reliance, sampling, windows
from standard.calendar import shipped_calendar
from standard.profile import Edition, ProfileError, edition_on, editions_shipped, load_editions
from standard.reliance import Standing, Tender
from standard.validity import State

CLAUSES = set(tomllib.loads(resources.files("standard").joinpath("clauses.toml").read_text("utf-8")))
SHIPPED = Path(str(resources.files("standard").joinpath("editions")))


def write(root: Path, folder: str, **files: str) -> None:
    """An edition's folder: ``edition`` and the files of entries by their names."""
    place = root / folder
    place.mkdir(parents=True)
    for name, text in files.items():
        (place / f"{name}.toml").write_text(text, "utf-8")


@pytest.fixture
def invented(tmp_path: Path) -> tuple[Edition, ...]:
    """The shipped editions and an invented later one, which changes three things and nothing of the code."""
    for folder in SHIPPED.iterdir():
        write(tmp_path, folder.name, **{file.stem: file.read_text("utf-8") for file in folder.glob("*.toml")})
    write(
        tmp_path,
        "2028-01",
        edition=(
            'id = "样例-2028"\ntitle = "样例：虚构的修订版"\nvalid_from = 2028-01-01\nbuilds_on = "T/ZGJDJX—3—2026"\n'
        ),
        windows=(
            '[publicity]\nvalue = 5\nunit = "working days"\nclause = "7.4"\n'
            '[change_notice]\nvalue = 10\nunit = "working days"\nclause = "9.4"\n'
        ),
        sampling='[share]\nvalue = 0.1\nunit = "of the batch"\nclause = "D.6"\nrows = ["R31"]\n',
    )
    return load_editions(tmp_path)


def test_a_case_is_judged_by_the_edition_of_its_own_date(invented: tuple[Edition, ...]) -> None:
    chosen = [edition_on(date.fromisoformat(day), invented).id for day in ("2026-03-01", "2027-12-31", "2028-01-01")]
    assert chosen == ["T/ZGJDJX—3—2026", "T/ZGJDJX—3—2026", "样例-2028"]
    assert edition_on(date(2020, 1, 1), invented).id == "T/ZGJDJX—3—2026"


def test_what_a_later_edition_changes_and_what_it_takes_over(invented: tuple[Edition, ...]) -> None:
    old, new = edition_on(date(2027, 12, 31), invented), edition_on(date(2028, 1, 1), invented)
    assert (old.whole("windows.publicity"), new.whole("windows.publicity")) == (3, 5)
    assert new.whole("windows.appeal") == old.whole("windows.appeal")
    assert new["windows.publicity"].valid_from == date(2028, 1, 1)
    assert new["windows.appeal"].valid_from == date(2026, 3, 1)
    assert new.stamp == "样例-2028@2028-01-01"


def test_the_rules_follow_the_edition_without_a_change_of_code(invented: tuple[Edition, ...]) -> None:
    old, new = edition_on(date(2027, 12, 31), invented), edition_on(date(2028, 1, 1), invented)
    calendar, day = shipped_calendar(), date(2026, 11, 24)
    assert windows.publicity_window(old, calendar, day).deadline.last_day == date(2026, 11, 27)
    assert windows.publicity_window(new, calendar, day).deadline.last_day == date(2026, 12, 1)
    # The unit is data too: 15 calendar days become 10 working days.
    assert windows.change_report(old, calendar, day, day).deadline.last_day == date(2026, 12, 9)
    assert windows.change_report(new, calendar, day, day).deadline.last_day == date(2026, 12, 8)
    assert (sampling.sample_size(old, 100), sampling.sample_size(new, 100)) == (5, 10)


def test_a_question_of_what_would_be_if() -> None:
    edition = edition_on(date(2026, 11, 24))
    stricter = edition.replacing(reliance__preferred_points=11)
    standing = Standing("AAA", State.ACTIVE, 10)
    assert reliance.tender_standing(edition, standing).tender is Tender.PREFERRED
    assert reliance.tender_standing(stricter, standing).tender is Tender.ENTRY
    assert edition.whole("reliance.preferred_points") == 10


HEADER = 'id = "样例"\ntitle = "样例"\nvalid_from = 2030-01-01\n'
ENTRY = '[appeal]\nvalue = 5\nunit = "working days"\nclause = "8.4(1)"\n'


@pytest.mark.parametrize(
    ("header", "entries", "words"),
    [
        ('id = "样例"\ntitle = "样例"\n', ENTRY, r"e/edition\.toml: needs id, title and valid_from"),
        (HEADER + 'author = "?"\n', ENTRY, r"e/edition\.toml: needs"),
        (HEADER.replace("2030-01-01", '"2030"'), ENTRY, r"e/edition\.toml: valid_from is a date"),
        (HEADER + 'builds_on = "没有"\n', ENTRY, "e: builds on '没有'"),
        (HEADER, "appeal = 5\n", r"e/windows\.toml \[appeal\]: needs value, unit and clause"),
        (HEADER, ENTRY.replace('clause = "8.4(1)"', ""), r"e/windows\.toml \[appeal\]: needs"),
        (HEADER, ENTRY + 'claus = "8.4"\n', r"e/windows\.toml \[appeal\]: needs"),
        (HEADER, ENTRY.replace('"8.4(1)"', '""'), r"e/windows\.toml \[appeal\]: unit and clause are words"),
        (HEADER, ENTRY + 'rows = "R11"\n', r"e/windows\.toml \[appeal\]: rows is a list"),
        (HEADER, ENTRY + 'rows = ["11"]\n', r"e/windows\.toml \[appeal\]: rows is a list"),
        (HEADER, ENTRY.replace("5", "{ days = 5 }"), r"e/windows\.toml \[appeal\]: value may be"),
        (HEADER, ENTRY.replace("5", "[2026-01-01]"), r"e/windows\.toml \[appeal\]: value may be"),
        (HEADER, "[appeal\n", r"windows\.toml: "),
    ],
)
def test_a_malformed_edition_is_refused_by_file_and_entry(
    tmp_path: Path, header: str, entries: str, words: str
) -> None:
    write(tmp_path, "e", edition=header, windows=entries)
    with pytest.raises(ProfileError, match=words):
        load_editions(tmp_path)


def test_numbers_are_exact_and_kinds_are_checked() -> None:
    edition = edition_on(date(2026, 11, 24))
    assert edition.number("sampling.share") == Decimal("0.05")
    assert edition.number("windows.appeal") == Decimal(5)
    for ask, name, words in (
        (edition.whole, "sampling.share", "not int"),
        (edition.whole, "windows.objection_stops", "not int"),
        (edition.word, "windows.appeal", "not str"),
        (edition.words, "sampling.sizes", "not a list of words"),
        (edition.number, "windows.objection_stops", "not Decimal"),
        (edition.value, "windows.nothing", "no parameter 'windows.nothing'"),
    ):
        with pytest.raises(ProfileError, match=words):
            ask(name)


def test_no_edition_at_all_is_an_error() -> None:
    with pytest.raises(ProfileError, match="no edition"):
        edition_on(date(2026, 11, 24), ())


def test_every_shipped_parameter_has_a_clause_of_the_list_and_a_unit() -> None:
    for edition in editions_shipped():
        assert edition.parameters
        for parameter in edition.parameters.values():
            # Grounds of 9.5.1 and 9.5.2 are listed with their clause, the numbered items of a level ("6 B-2") with it.
            clause = re.sub(r"^(9\.5\.[12])\(\d\)$|^(6 [AB]+)-\d$", r"\1\2", parameter.clause)
            assert clause in CLAUSES, parameter.name
            assert parameter.unit, parameter.name
