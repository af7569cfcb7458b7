"""An append-only audit, with a kind for each record; conditions that survive a restart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_KEPT = (
    'id, time, "user", origin, key, old, requested, read_back, status, complete, message, reason'
)
_REFUSED = "the audit is append-only"
_SQLITE = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_record "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_record "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    # INSERT OR REPLACE deletes without asking the trigger above.
    "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit_record "  # noqa: S608 (of constants)
    "WHEN NEW.id IN (SELECT id FROM audit_record) "
    f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
)
_POSTGRESQL = (
    "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit_record "
    "FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit_record "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
)


def upgrade() -> None:
    """Move the audit into a table that takes no change, and create the conditions."""
    # A step that a crash broke off is done again from its begin.
    op.execute("DROP TABLE IF EXISTS audit_record")
    op.create_table(
        "audit_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("attempt", sa.BigInteger, index=True),
        sa.Column("time", sa.BigInteger, nullable=False, index=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("old", sa.Double),
        sa.Column("requested", sa.Double),
        sa.Column("read_back", sa.Double),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.execute(
        f"INSERT INTO audit_record ({_KEPT}, kind, before, after) "  # noqa: S608 (of constants)
        f"SELECT {_KEPT}, 'write', '', '' FROM audit"
    )
    op.drop_table("audit")
    op.execute(
        "CREATE VIEW audit AS SELECT COALESCE(attempt, id) AS id, time, kind, "
        '"user", origin, key, old, requested, read_back, before, after, status, complete, message, '
        "reason FROM audit_record AS record WHERE NOT EXISTS "
        "(SELECT 1 FROM audit_record AS outcome WHERE outcome.attempt = record.id)"
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        # The rows above have brought their numbers with them.
        op.execute(
            "SELECT setval(pg_get_serial_sequence('audit_record', 'id'), "
            "COALESCE((SELECT MAX(id) FROM audit_record), 0) + 1, false)"
        )
    for statement in _SQLITE if sqlite else _POSTGRESQL:
        op.execute(statement)
    op.create_table(
        "condition",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("active_since", sa.BigInteger, nullable=False),
        sa.Column("acked", sa.Boolean, nullable=False),
        sa.Column("acked_since", sa.BigInteger, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("enabled_since", sa.BigInteger, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("commented", sa.BigInteger, nullable=False),
        sa.Column("user", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Refuse: what was recorded is not thrown away by a migration."""
    raise NotImplementedError("restore a backup instead")
