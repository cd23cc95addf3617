"""Electronic certificates: how long drawing and signing take, one at a time and two at once.

``python -m benchmarks.certificate`` draws and signs ``--certificates`` of them with different names, with the sample
key, and prints a table: fonts checked, PDF and picture drawn, signed, the whole, and what a look at a signature costs.
The floor is one compilation of an empty A4 page by typst and one bare signature of a hash with the same kind of key.
"""

import argparse
import asyncio
import tempfile
import time
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import typst
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from config.settings import CertificateSettings
from gateways.certificate.signing import sample_key
from gateways.certifier import TypstCertifier
from standard.months import Month
from standard.profile import edition_on
from standard.validity import Holder, Standing, State, certificate_face, certificate_number
from workflow.certifying.certificate_effects import SAMPLE_SEAL_NOTE
from workflow.certifying.certificate_life import face_to_json, grade_name
from workflow.certifying.certificates import words_of

TODAY = date(2026, 11, 27)
EDITION = edition_on(TODAY)

Taken = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--certificates", type=int, default=100)
    asyncio.run(_run(parser.parse_args().certificates))


async def _run(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        certifier = TypstCertifier(CertificateSettings.model_validate({}), sample_key(Path(folder)))
        await certifier.check()
        await _one(certifier, 0, defaultdict(list))  # fonts are read, libraries loaded
        for at_once in (1, 2):
            taken: Taken = defaultdict(list)
            start = time.perf_counter()
            numbers = iter(range(1, count + 1))
            await asyncio.gather(*(_worker(certifier, numbers, taken) for _ in range(at_once)))
            seconds = time.perf_counter() - start
            print(f"{count} certificates, {at_once} at once: {count / seconds:.1f}/s")
            for step, each in taken.items():
                print(f"  {step}: median {np.median(each):.0f} ms, p95 {np.percentile(each, 95):.0f} ms")
        print(f"floor (empty page + bare signature): median {np.median([_floor() for _ in range(50)]):.1f} ms")
        await certifier.aclose()


async def _worker(certifier: TypstCertifier, numbers: Any, taken: Taken) -> None:
    for number in numbers:
        await _one(certifier, number, taken)


async def _one(certifier: TypstCertifier, serial: int, taken: Taken) -> None:
    face = _face(serial + 1)
    marks = [time.perf_counter()]
    missing = await certifier.missing_glyphs(words_of(face))
    marks.append(time.perf_counter())
    drawn = await certifier.render(face, face["url"])
    marks.append(time.perf_counter())
    signed = await certifier.sign(drawn.pdf, face["number"], 1)
    marks.append(time.perf_counter())
    assert not missing
    for step, begun, ended in zip(("glyphs", "draw PDF and PNG", "sign"), marks, marks[1:], strict=False):
        taken[step].append((ended - begun) * 1e3)
    taken["all"].append((marks[-1] - marks[0]) * 1e3)
    if serial % 20 == 0:
        begun = time.perf_counter()
        verdict = await certifier.verify(signed)
        assert verdict is not None
        assert verdict.intact
        taken["look at a signature (own process)"].append((time.perf_counter() - begun) * 1e3)


def _face(serial: int) -> dict[str, Any]:
    number = certificate_number(TODAY.year, serial, EDITION)
    url = f"https://sample.test/c/{number.replace('/', '-')}"
    holder = Holder(
        f"样例{serial}电气有限公司", "91330100MA00000012", "样例省样例市样例路 1 号", ("电线电缆", "低压电器")
    )
    standing = Standing(number, "AA", TODAY, date(2027, 11, 26), State.ACTIVE, Month(2026, 11), 0)
    return {
        **face_to_json(certificate_face(holder, standing, url, TODAY, EDITION)),
        "heading": EDITION.word("life.face_title"),
        "number": number,
        "revision": 1,
        "grade": "AA",
        "grade_name": grade_name("AA", EDITION),
        "alive": True,
        "active": True,
        "as_of_words": "截至 2026 年 11 月 27 日（第 1 版）",
        "remarks": [],
        "seal_note": SAMPLE_SEAL_NOTE,
        "sample_words": "样例",
        "url": url,
    }


def _floor() -> float:
    begun = time.perf_counter()
    typst.compile(b'#set page(paper: "a4")\n ', font_paths=_FONTS)
    _KEY.sign(b"x" * 32, ec.ECDSA(hashes.SHA256()))
    return (time.perf_counter() - begun) * 1e3


_FONTS = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False)
_KEY = ec.generate_private_key(ec.SECP256R1())


if __name__ == "__main__":
    main()
