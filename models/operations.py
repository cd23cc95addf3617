"""Migration operations that Tortoise lacks. Migrations that ran use them: their effect must not change."""

from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint
from tortoise.migrations.schema_editor.base import BaseSchemaEditor
from tortoise.migrations.schema_generator.state import State


class CreateModel(ops.CreateModel):
    """Tortoise's own, with the CHECKs of ``Meta.constraints`` put into CREATE TABLE; Tortoise 1.1.9 drops them."""

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        if state_editor is None:
            return
        model = new_state.apps.get_model(f"{app_label}.{self.name}")
        checks = [
            state_editor.CHECK_CONSTRAINT_CREATE_TEMPLATE.format(name=constraint.name, check=constraint.check)
            for constraint in model._meta.constraints
            if isinstance(constraint, CheckConstraint)
        ]
        table = state_editor._get_model_sql_data(model).table_sql
        # The template ends the column list with a line of its own, before any index of the table.
        columns, rest = table.split("\n)", 1)
        await state_editor._run_sql(",\n    ".join([columns, *checks]) + "\n)" + rest)


class AppendOnly(ops.TortoiseOperation):
    """Triggers by which the database itself refuses UPDATE and DELETE on a table (and TRUNCATE on PostgreSQL)."""

    def __init__(self, table: str) -> None:
        self.table = table

    def describe(self) -> str:
        return f"Make {self.table} append-only"

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        if state_editor is not None:
            await _run(state_editor, self._triggers(state_editor.DIALECT))

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        if state_editor is not None:
            await _run(state_editor, self._no_triggers(state_editor.DIALECT))

    def _triggers(self, dialect: str) -> list[str]:
        table, message = self.table, f"{self.table} is append-only"
        if dialect == "sqlite":
            refuse = f"BEGIN SELECT RAISE(ABORT, '{message}'); END;"
            return [
                f'CREATE TRIGGER "{table}_no_update" BEFORE UPDATE ON "{table}" {refuse}',
                f'CREATE TRIGGER "{table}_no_delete" BEFORE DELETE ON "{table}" {refuse}',
                # INSERT OR REPLACE deletes without asking the trigger on DELETE.
                f'CREATE TRIGGER "{table}_no_replace" BEFORE INSERT ON "{table}" '  # noqa: S608 - a migration's own table
                f'WHEN NEW."id" IN (SELECT "id" FROM "{table}") {refuse}',
            ]
        return [
            f'CREATE FUNCTION "{table}_append_only"() RETURNS trigger LANGUAGE plpgsql AS '
            f"$$ BEGIN RAISE EXCEPTION '{message}' USING ERRCODE = 'restrict_violation'; END $$;",
            f'CREATE TRIGGER "{table}_no_change" BEFORE UPDATE OR DELETE ON "{table}" '
            f'FOR EACH ROW EXECUTE FUNCTION "{table}_append_only"();',
            f'CREATE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}" '
            f'FOR EACH STATEMENT EXECUTE FUNCTION "{table}_append_only"();',
        ]

    def _no_triggers(self, dialect: str) -> list[str]:
        table = self.table
        if dialect == "sqlite":
            return [f'DROP TRIGGER "{table}_no_{verb}";' for verb in ("update", "delete", "replace")]
        return [f'DROP FUNCTION "{table}_append_only"() CASCADE;']


class CreateOrderedKeys(ops.TortoiseOperation):
    """A table ``key`` (bytes), ``column`` (a number) that is read in the order of both, and has no further column.

    On SQLite the order is the table. Bytes are ordered alike everywhere, whatever the database's locale.
    """

    def __init__(self, table: str, column: str) -> None:
        self.table = table
        self.column = column

    def describe(self) -> str:
        return f"Create {self.table}, ordered by key"

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        if state_editor is not None:
            kind, ending = ("BLOB", " WITHOUT ROWID") if state_editor.DIALECT == "sqlite" else ("BYTEA", "")
            columns = f'"{self.column}" BIGINT NOT NULL, "key" {kind} NOT NULL, PRIMARY KEY ("key", "{self.column}")'
            await _run(state_editor, [f'CREATE TABLE "{self.table}" ({columns}){ending};'])

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        if state_editor is not None:
            await _run(state_editor, [f'DROP TABLE "{self.table}";'])


class PostgresOnly(ops.TortoiseOperation):
    """Scripts for PostgreSQL; SQLite has no part in it."""

    def __init__(self, what: str, forward: str, backward: str) -> None:
        self.what = what
        self.forward = forward
        self.backward = backward

    def describe(self) -> str:
        return f"{self.what} (PostgreSQL only)"

    async def database_forward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        if state_editor is not None and state_editor.DIALECT == "postgres":
            await _run(state_editor, [self.forward])

    async def database_backward(
        self, app_label: str, old_state: State, new_state: State, state_editor: BaseSchemaEditor | None = None
    ) -> None:
        if state_editor is not None and state_editor.DIALECT == "postgres":
            await _run(state_editor, [self.backward])


async def _run(editor: BaseSchemaEditor, statements: list[str]) -> None:
    """Whole statements: the SQLite editor's own way cuts a trigger's body at its semicolons."""
    for statement in statements:
        if editor.collect_sql:
            editor.collected_sql.append(statement)
        else:
            await editor.client.execute_script(statement)
