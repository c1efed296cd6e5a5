"""Rotation in four repeatable steps, on fakes."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from shared import errors
from shared.domain.credentials import Credentials, RotationStep, VersionStage
from shared.use_cases.rotate_password import RotatePassword


@dataclass
class FakeSecret:
    """Implements `RotatingSecret` for one secret."""

    versions: dict[str, Credentials] = field(default_factory=dict)
    stages: dict[str, VersionStage] = field(default_factory=dict)
    made: int = 0

    async def stage(self, _secret_id: str, version_id: str) -> VersionStage | None:
        """See `RotatingSecret.stage`."""
        return self.stages.get(version_id)

    async def current(self, _secret_id: str) -> Credentials:
        """See `RotatingSecret.current`."""
        return next(self.versions[name] for name, stage in self.stages.items() if stage is VersionStage.CURRENT)

    async def pending(self, _secret_id: str, version_id: str) -> Credentials | None:
        """See `RotatingSecret.pending`."""
        return self.versions.get(version_id)

    async def propose(self, _secret_id: str, version_id: str, username: str) -> None:
        """See `RotatingSecret.propose`."""
        self.made += 1
        self.versions[version_id] = Credentials(username=username, password=f"password-{self.made}")

    async def promote(self, _secret_id: str, version_id: str) -> None:
        """See `RotatingSecret.promote`."""
        self.stages = {version_id: VersionStage.CURRENT}


@dataclass
class FakeUsers:
    """Implements `DatabaseUsers`."""

    passwords: dict[str, str] = field(default_factory=dict)

    async def admit(self, credentials: Credentials) -> None:
        """See `DatabaseUsers.admit`."""
        self.passwords[credentials.username] = credentials.password

    async def sign_in(self, credentials: Credentials) -> None:
        """See `DatabaseUsers.sign_in`."""
        if self.passwords.get(credentials.username) != credentials.password:
            raise errors.StoreUnavailable("The database gave no answer.")


@pytest.fixture
def secret() -> FakeSecret:
    return FakeSecret(
        versions={"old": Credentials(username="app", password="first")},
        stages={"old": VersionStage.CURRENT, "new": VersionStage.PENDING},
    )


@pytest.fixture
def users() -> FakeUsers:
    return FakeUsers({"app": "first"})


@pytest.fixture
def rotate(secret: FakeSecret, users: FakeUsers) -> RotatePassword:
    return RotatePassword(secret, users)


async def test_two_users_take_turns_so_that_the_old_password_still_works(
    rotate: RotatePassword, secret: FakeSecret, users: FakeUsers
) -> None:
    for step in RotationStep:
        await rotate(step, secret_id="s", version_id="new")
    secret.stages["newer"] = VersionStage.PENDING
    assert users.passwords == {"app": "first", "app_twin": "password-1"}

    for step in RotationStep:
        await rotate(step, secret_id="s", version_id="newer")

    assert users.passwords == {"app": "password-2", "app_twin": "password-1"}
    assert await secret.current("s") == Credentials(username="app", password="password-2")


async def test_a_repeated_step_changes_nothing_more(
    rotate: RotatePassword, secret: FakeSecret, users: FakeUsers
) -> None:
    for step in RotationStep:
        await rotate(step, secret_id="s", version_id="new")
        await rotate(step, secret_id="s", version_id="new")

    assert secret.made == 1
    assert users.passwords["app_twin"] == "password-1"


async def test_a_password_that_does_not_work_never_becomes_current(
    rotate: RotatePassword, secret: FakeSecret, users: FakeUsers
) -> None:
    await rotate(RotationStep.CREATE, secret_id="s", version_id="new")
    await rotate(RotationStep.SET, secret_id="s", version_id="new")
    users.passwords["app_twin"] = "something else"

    with pytest.raises(errors.StoreUnavailable):
        await rotate(RotationStep.TEST, secret_id="s", version_id="new")

    assert (await secret.current("s")).username == "app"


@pytest.mark.parametrize("step", [RotationStep.SET, RotationStep.TEST])
async def test_a_step_before_its_turn_is_refused(rotate: RotatePassword, step: RotationStep) -> None:
    with pytest.raises(errors.InvalidContent):
        await rotate(step, secret_id="s", version_id="new")


async def test_a_version_outside_the_rotation_is_refused(rotate: RotatePassword, users: FakeUsers) -> None:
    with pytest.raises(errors.InvalidContent):
        await rotate(RotationStep.SET, secret_id="s", version_id="unknown")

    assert users.passwords == {"app": "first"}


def test_a_password_shows_in_no_representation() -> None:
    assert "hidden-word" not in repr(Credentials(username="app", password="hidden-word"))
