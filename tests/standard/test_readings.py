"""The R-rows: complete, well formed, and nothing in the package refers to a row or clause that does not exist."""

import pkgutil
import tomllib
from importlib import import_module, resources

import pytest

import standard
from standard.citation import citations
from standard.profile import editions_shipped
from standard.readings import ReadingError, parse_readings, reading, readings

CLAUSES = set(tomllib.loads(resources.files("standard").joinpath("clauses.toml").read_text("utf-8"))) | {"6"}


def test_all_fifty_seven_rows_are_there_in_order() -> None:
    assert [row.id for row in readings()] == [f"R{number}" for number in range(1, 58)]


def test_every_row_is_about_clauses_that_exist() -> None:
    for row in readings():
        assert set(row.clauses) <= CLAUSES, row.id


def test_short_words_fit_beside_a_verdict_and_break_no_table() -> None:
    for row in readings():
        assert len(row.short) <= 20, row.id
        assert not {"|", "\n"} & set(row.clause + row.question + row.reading + row.short), row.id
    assert len({row.short for row in readings()}) == 57


def test_a_row_by_its_id() -> None:
    assert reading("R10").short == "每月 1 日至 25 日提报"
    with pytest.raises(ReadingError, match="R58"):
        reading("R58")


def test_code_and_parameters_cite_rows_that_exist() -> None:
    for module in pkgutil.walk_packages(standard.__path__, "standard."):
        import_module(module.name)
    known = {row.id for row in readings()}
    for citation in citations():
        assert set(citation.rows) <= known, citation.where
    for edition in editions_shipped():
        for parameter in edition.parameters.values():
            assert set(parameter.rows) <= known, parameter.name


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[R2]\n", "R1 was expected"),
        ('[R1]\nclause = "6"\n', r"\[R1\]: needs"),
        ('[R1]\nclause = "6"\nquestion = "a"\nreading = 5\nshort = "c"\n', "every field is text"),
        ("R1 = 3\n", r"\[R1\]: needs"),
        ("[R1", "readings:"),
    ],
)
def test_malformed_rows_are_named(text: str, words: str) -> None:
    with pytest.raises(ReadingError, match=words):
        parse_readings(text)
