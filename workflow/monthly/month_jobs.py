"""The job that judges a file of a month: how it is asked for, once a file, and again where its product has changed."""

import secrets

from tortoise.expressions import Q

from models import OWES, FilingFile, FilingFileState, Job, MonthlyFiling
from workflow.context import Ports

JUDGE = "filing_file.judge"


async def enqueue_judgement(ports: Ports, file: FilingFile, *, again: str = "") -> None:
    """Inside the transaction that wrote the file, or made its verdict void: the job that judges it.

    Once a file; ``again`` is what tells one more judgement's key from those before.
    """
    key = f"{JUDGE}:{file.id}:{again}" if again else f"{JUDGE}:{file.id}"
    await ports.queue.enqueue(JUDGE, key, {"file": file.id}, due=ports.clock.now(), priority=8, max_attempts=20)


async def under_way(file: FilingFile) -> bool:
    """Whether a job will judge it still."""
    key = f"{JUDGE}:{file.id}"
    mine = Q(key=key) | Q(key__startswith=f"{key}:")
    return await Job.filter(mine, kind=JUDGE, done_at=None, dead_at=None).exists()


def bell_name(filing_id: int) -> str:
    """Rings when something of the month has been judged."""
    return f"filing:{filing_id}"


async def judge_product_again(ports: Ports, product_id: int) -> None:
    """Inside the caller's transaction: the product's record has changed, so what was judged by it in months that are
    owed still is judged anew."""
    judged = [str(state) for state in (FilingFileState.PASSED, FilingFileState.FAILED, FilingFileState.UNCLEAR)]
    owed = [str(state) for state in OWES]
    concerned = FilingFile.filter(product_id=product_id, state__in=judged, filing__state__in=owed)
    filings = await concerned.distinct().values_list("filing_id", flat=True)
    # A month before its files, as whoever files or decides holds them.
    held = await MonthlyFiling.filter(id__in=filings, state__in=owed).order_by("id").select_for_update()
    for file in await concerned.filter(filing_id__in=[filing.id for filing in held]).order_by("id"):
        await FilingFile.filter(id=file.id).update(state=FilingFileState.HANDED_IN, judged_at=None)
        await enqueue_judgement(ports, file, again=secrets.token_hex(4))
