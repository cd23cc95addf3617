"""Migrations at the cost of their statements: a model is made when an operation asks for it, with those it refers to.

Tortoise 1.1.9 makes every model anew around each operation, twice, which took seconds of each first start.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from tortoise.migrations.executor import MigrationExecutor
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.migration import Migration
from tortoise.migrations.operations import DIRECT_RELATION_FIELDS
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

ModelKey = tuple[str, str]
"""App and name."""


class Executor(MigrationExecutor):
    """Tortoise's own, with states that make models on demand; the statements are the same."""

    async def _project_state(self, applied: set[MigrationKey], *, upto: MigrationKey | None = None) -> State:
        state = MigrationState({}, self._connection_names())
        for key in self._full_plan():
            if key == upto:
                break
            if key in applied:
                migration = self.loader.graph.nodes[key]
                assert isinstance(migration, Migration)
                await migration.apply(state, dry_run=True, schema_editor=None)
        return state

    async def _project_state_cache(self, applied: set[MigrationKey]) -> dict[MigrationKey, State]:
        return {key: await self._project_state(applied, upto=key) for key in self._full_plan() if key in applied}

    def _connection_names(self) -> dict[str, str]:
        return {label: config["default_connection"] for label, config in self.loader.apps_config.items()}


class MigrationState(State):
    """What the tables are between two operations; a clone shares fields, which operations replace and never change."""

    def __init__(self, models: dict[ModelKey, ModelState], connection_names: dict[str, str]) -> None:
        super().__init__(models, ModelsOnDemand(models, connection_names))
        self._connection_names = connection_names

    def reload_model(self, app_label: str, model_name: str) -> None:
        """Nothing was made, nothing is to be made anew."""

    def reload_models(self, model_tuples: Iterable[ModelKey]) -> None:
        """Nothing was made, nothing is to be made anew."""

    def validate_relations_initialized(self) -> None:
        for state in self.models.values():
            for target in _targets(state):
                if target not in self.models:
                    raise RuntimeError(
                        f"{state.app}.{state.name} refers to {'.'.join(target)}, which no migration made"
                    )

    def clone(self) -> "MigrationState":
        copies = {
            key: replace(state, options=dict(state.options), fields=dict(state.fields))
            for key, state in self.models.items()
        }
        return MigrationState(copies, self._connection_names)


class ModelsOnDemand(StateApps):
    """Models as ``states`` have them when they are asked for, knowing what they refer to, not what refers to them."""

    def __init__(self, states: dict[ModelKey, ModelState], connection_names: dict[str, str]) -> None:
        super().__init__(connection_names)
        self._states = states

    def get_model(self, app_label: str, model_name: str | None = None) -> type[Model]:
        asked = self.split_reference(app_label) if model_name is None else (app_label, model_name)
        made = StateApps(self._default_connections)
        for key in self._with_targets(asked):
            made.register_model(key[0], self._states[key].render(made))
        made._init_relations()
        made._build_initial_querysets()
        return made.get_model(*asked)

    def _with_targets(self, asked: ModelKey) -> list[ModelKey]:
        """``asked`` and all that it refers to, however far away, as far as they have been created."""
        found = [asked]
        for key in found:
            found += [
                target for target in _targets(self._states[key]) if target in self._states and target not in found
            ]
        return found


def _targets(state: ModelState) -> Iterator[ModelKey]:
    for field in state.fields.values():
        if isinstance(field, DIRECT_RELATION_FIELDS):
            reference: Any = field.model_name
            app, _, name = reference.partition(".")
            yield app, name
