"""A facts file, YAML or JSON, as facts: numbers are read as exact decimals, and every complaint names its line."""

import re
from decimal import Decimal
from typing import Any

import yaml

from standard.facts import Facts, FactsRefused, Lines, Problem, facts_from

_MOST_BYTES = 64 * 1024
_DEEPEST = 4
_PLAIN_NUMBER = re.compile(r"[-+]?(0|[1-9]\d{0,30})(\.\d{1,40})?([eE][-+]?\d{1,2})?")
_NUMBER_TAGS = {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}
_NULL_TAG = "tag:yaml.org,2002:null"


def read_facts(text: str | bytes) -> Facts:
    """The facts that a YAML or JSON text states; :class:`FactsRefused` with line numbers where it cannot be graded."""
    document, lines = _parsed(_decoded(text))
    return facts_from(document, lines)


def _refuse(message: str, line: int | None = None) -> FactsRefused:
    return FactsRefused([Problem("", message, line)])


def _decoded(text: str | bytes) -> str:
    if len(text) > _MOST_BYTES:
        raise _refuse(f"文件超过 {_MOST_BYTES // 1024} KB，不像是一份事实清单。")
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refuse("文件不是 UTF-8 编码，请另存为 UTF-8 再试。") from None


def _parsed(text: str) -> tuple[Any, Lines]:
    try:
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as problem:
        raise _syntax(text, problem) from None
    except yaml.YAMLError:
        raise _refuse("文件里有看不见的控制字符，不是文本文件。") from None
    except RecursionError:
        raise _refuse("括号嵌套太深，不像是一份事实清单。") from None
    if root is None:
        raise _refuse("文件是空的；至少写一项，例如 coverage: 0.93。")
    reading = _Reading(text.splitlines())
    document = reading.value(root, ())
    if reading.problems:
        raise FactsRefused(reading.problems)
    return document, reading.lines


def _hint(line: str) -> str | None:
    """What is probably wrong with a line that did not become a key and a value."""
    if "：" in line:
        return "用了全角冒号“：”，请改为半角冒号加空格“: ”。"
    if "\t" in line:
        return "用了制表符，请改用空格缩进。"
    if re.match(r"\s*\w+:\S", line):
        return "冒号后面要有一个空格。"
    return None


def _syntax(text: str, problem: yaml.MarkedYAMLError) -> FactsRefused:
    """A gentle word for a text that is not YAML: the fault is on the line that the parser names or just before it."""
    mark = problem.problem_mark or problem.context_mark
    number = mark.line if mark is not None else 0
    rows = text.splitlines()
    for near in (number, number - 1):
        if 0 <= near < len(rows) and (hint := _hint(rows[near])) is not None:
            return _refuse(hint, near + 1)
    return _refuse("附近写得不完整：每行应是“事实: 值”，括号和引号要成对。", min(number, max(len(rows) - 1, 0)) + 1)


class _Reading:
    """Composed YAML as plain data; where each key stands, and what cannot be taken."""

    def __init__(self, rows: list[str]) -> None:
        self.rows = rows
        self.lines: dict[tuple[str, ...], int] = {(): 1}
        self.problems: list[Problem] = []

    def value(self, node: yaml.Node, path: tuple[str, ...]) -> Any:
        if len(path) > _DEEPEST:
            self._odd(node, path, "嵌套太深。")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, str(number))) for number, item in enumerate(node.value, 1)]
        return self._scalar(node, path)

    def _odd(self, node: yaml.Node, path: tuple[str, ...], message: str) -> None:
        self.problems.append(Problem(".".join(path), message, node.start_mark.line + 1))

    def _mapping(self, node: yaml.MappingNode, path: tuple[str, ...]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._odd(key, path, "冒号左边应是一个事实的名字。")
                continue
            place = (*path, key.value)
            if key.value in found:
                self._odd(key, place, f"重复了，第 {self.lines[place]} 行已经写过。")
                continue
            self.lines[place] = key.start_mark.line + 1
            found[key.value] = self.value(item, place)
        return found

    def _scalar(self, node: yaml.Node, path: tuple[str, ...]) -> Decimal | str | None:
        """Numbers as they are written: YAML's octal, sexagesimal and floating readings would change them."""
        text = str(node.value)
        if isinstance(node, yaml.ScalarNode) and node.style is None:
            if _PLAIN_NUMBER.fullmatch(text):
                return Decimal(text)
            if node.tag == _NULL_TAG:
                return None
            if node.tag in _NUMBER_TAGS:
                self._odd(node, path, f"“{text}”请写成普通的小数或整数，例如 0.95 或 12。")
            elif not path and (hint := _hint(self.rows[node.start_mark.line])) is not None:
                self._odd(node, path, hint)
        return text
