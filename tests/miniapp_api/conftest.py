"""A world, the settings of the API before it, and people who are signed in."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.clock import real_seconds
from config.settings import Settings
from models import Door, Person, Session
from tests.clock import FakeClock
from tests.conftest import Database
from tests.workflow.world import World, make_world
from workflow.access import Asker
from workflow.links import new_token, token_hash

KEY = "11111111-2222-3333"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token in their hand."""

    token: str
    asker: Asker

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


async def sign_in(person: Person | None = None, door: Door = Door.MINIAPP) -> Caller:
    """A new person, or the one given, signed in."""
    now, token = datetime.fromtimestamp(real_seconds(), UTC), new_token()
    person = person or await Person.create(created_at=now)
    session = await Session.create(
        token_hash=token_hash(token),
        person_id=person.id,
        door=door,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(days=1),
    )
    return Caller(token, Asker(person.id, None, session.id))


@pytest.fixture
def world(database: Database, clock: FakeClock, tmp_path: Path) -> World:
    return make_world(tmp_path, clock)


@pytest.fixture
def settings() -> Settings:
    return Settings()
