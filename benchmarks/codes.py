"""Digital Links read and judged a second, against biip parsing the same links in the same run.

One process, one thread, links all different, the ways taken turn by turn, the best round of each. The ratio is against
biip's own Digital Link parser, its quickest way in; ``biip.parse``, which also tries other kinds, stands beside it.
Ours does more: it checks values, pairs, order and prefix, gives a canonical address and judges R32 and R33.
Run: ``python -m benchmarks.codes``.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import biip
from biip.gs1_digital_link_uris import GS1DigitalLinkURI

from standard.codes import judge, read
from standard.codes.checks import check_digit
from standard.profile import edition_on

LINKS, ROUNDS, TARGET = 2000, 7, 2.0


def links(count: int, seed: int = 20260301) -> list[str]:
    """Invented links as makers print them: batch, serial or both, some with a date, on hosts of their own too."""
    dice = random.Random(seed)
    made = []
    for number in range(count):
        body = f"0690{dice.randrange(10**9):09}"
        host = dice.choice(["https://id.gs1.org", "https://trace.example.cn", "http://www.example.com/p"])
        batch = dice.choice(["", f"/10/L{dice.randrange(10**6)}", f"/10/2026-{dice.randrange(1000)}%2FA"])
        serial = f"/21/{number:06}" if not batch or dice.random() < 0.6 else ""
        query = dice.choice(["", "", "?17=271231", "?11=260301&240=YJV-3x185", "?linkType=gs1:pip"])
        made.append(f"{host}/01/{body}{check_digit(body)}{batch}{serial}{query}")
    return made


def seconds_for(way: Callable[[str], Any], texts: Sequence[str]) -> float:
    """The time of one pass over all links."""
    started = time.perf_counter()
    for text in texts:
        way(text)
    return time.perf_counter() - started


def main() -> int:
    """Print the figures; 1 where the ratio misses the target."""
    edition = edition_on(date(2026, 11, 24))
    texts = links(LINKS)
    for text in texts:
        code, theirs = read(text, edition=edition), GS1DigitalLinkURI.parse(text)
        if not code.valid or dict(code.parts) != {found.ai.ai: found.value for found in theirs.element_strings}:
            raise SystemExit(f"the two disagree: {text}")
    ours, parser, whole = "ours, read and judged", "biip, Digital Link parser", "biip.parse"
    ways: dict[str, Callable[[str], Any]] = {
        ours: lambda text: judge(read(text, edition=edition), edition),
        parser: GS1DigitalLinkURI.parse,
        whole: biip.parse,
    }
    rounds = [{name: seconds_for(way, texts) for name, way in ways.items()} for _ in range(ROUNDS)]
    best = {name: min(times[name] for times in rounds) for name in ways}
    for name, seconds in best.items():
        print(f"{name:26}{LINKS / seconds:10,.0f} a second   {seconds / LINKS * 1e6:5.1f} µs")
    ratio = best[parser] / best[ours]
    print(f"ours ÷ biip's parser: {ratio:.2f} ({'≥' if ratio >= TARGET else '<'} {TARGET})")
    print(f"ours ÷ biip.parse: {best[whole] / best[ours]:.2f}")
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
