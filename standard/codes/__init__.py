"""Trace codes (3.4, 5): what a code is, whether it keeps its own rules, whether it may serve, and how unique it is."""

from standard.codes.hosts import look_alike, own_host
from standard.codes.judging import Selection, judge, needed_level, select
from standard.codes.looking_up import looked_up_finding, opaque, page_level, stated_level
from standard.codes.reading import read
from standard.codes.tracecode import Kind, Level, TraceCode, finding_json

__all__ = [
    "Kind", "Level", "Selection", "TraceCode", "finding_json", "judge", "look_alike", "looked_up_finding",
    "needed_level", "opaque", "own_host", "page_level", "read", "select", "stated_level",
]  # fmt: skip
