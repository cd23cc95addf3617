"""The job that judges a file of a month: how it is asked for, once a file, and again where its product has changed."""

import secrets

from tortoise.queryset import QuerySet

from models import OWES, FilingFile, FilingFileState, Job, MonthlyFiling
from workflow.context import Ports

JUDGE = "filing_file.judge"


async def enqueue_judgement(ports: Ports, file: FilingFile, *, again: str = "") -> None:
    """Inside the transaction that wrote the file, or made its verdict void: the job that judges it.

    Once a file; ``again`` is what tells one more judgement's key from those before.
    """
    key = f"{JUDGE}:{file.id}:{again}" if again else f"{JUDGE}:{file.id}"
    await ports.queue.enqueue(JUDGE, key, {"file": file.id}, due=ports.clock.now(), priority=8, max_attempts=20)


async def under_way() -> set[int]:
    """Files that a job will judge still."""
    jobs = Job.filter(kind=JUDGE, done_at=None, dead_at=None)
    return {args["file"] for (args,) in await jobs.values_list("args")}


def buried(after: int = 0) -> QuerySet[Job]:
    """Jobs that were given up, in the order of their ids beyond ``after``: by their index, however many are done."""
    return Job.filter(kind=JUDGE, dead_at__not_isnull=True, id__gt=after).order_by("id")


def bell_name(filing_id: int) -> str:
    """Rings when something of the month has been judged."""
    return f"filing:{filing_id}"


async def hold_owed(enterprise_id: int) -> None:
    """Inside the caller's transaction: the months that the firm owes are held until it ends."""
    owed = MonthlyFiling.filter(enterprise_id=enterprise_id, state__in=[str(state) for state in OWES])
    await owed.order_by("id").select_for_update()


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
