"""From submission to a result: judged, verified, mended, capped, lapsed, graded; each step twice, and killed in between."""


import pytest

from models import ApplicationState, Material, MaterialState
from tests.workflow.filed import RecordedInspector, filing
from tests.workflow.world import World


@pytest.fixture
def inspector(world: World) -> RecordedInspector:
    recorded = RecordedInspector()
    object.__setattr__(world.ports, "inspector", recorded)
    return recorded


async def test_a_good_application_is_graded_and_published(world: World, inspector: RecordedInspector) -> None:
    case = await filing(world)
    await case.fill()
    await world.work()
    states = {m.kind: (m.state, m.findings) for m in await Material.filter(application_id=case.application.id)}
    assert {kind: found for kind, found in states.items() if found[0] != MaterialState.PASSED} == {}
    await case.submit()
    await world.work()
    application = await case.now()
    assert (application.state, application.grade, application.findings) == (ApplicationState.PUBLICITY, "B", [])
