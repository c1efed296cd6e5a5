"""What a caller of the API may do."""

from __future__ import annotations

import pytest

from shared.domain.access import Caller, Role
from shared.errors import Forbidden


def test_an_admin_may_do_what_an_operator_may() -> None:
    admin = Caller(subject="a", roles=frozenset({Role.ADMIN}))

    admin.require(Role.OPERATOR)
    admin.require(Role.ADMIN)


def test_an_operator_is_no_admin() -> None:
    operator = Caller(subject="o", roles=frozenset({Role.OPERATOR}))

    with pytest.raises(Forbidden, match="admin"):
        operator.require(Role.ADMIN)


def test_whoever_has_no_role_may_do_nothing() -> None:
    with pytest.raises(Forbidden):
        Caller(subject="x").require(Role.OPERATOR)
