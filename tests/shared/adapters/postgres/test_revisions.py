from __future__ import annotations

from alembic.script import ScriptDirectory

from shared.adapters.postgres.revisions import MIGRATIONS, revisions


def test_the_files_are_named_after_the_revisions_in_the_order_in_which_they_run() -> None:
    newest_first = ScriptDirectory(str(MIGRATIONS)).walk_revisions()

    assert revisions() == tuple(reversed([script.revision for script in newest_first]))
