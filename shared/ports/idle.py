"""What the platform owns, and the memory of what was recommended about it."""

from __future__ import annotations

from typing import Protocol

from shared.domain.idle import Survey, Window
from shared.domain.idle_recommendation import Notes


class ResourceInventory(Protocol):
    """The resources of this stack."""

    async def observe(self, window: Window) -> Survey:
        """All resources that can lie idle and are not tagged to be left alone.

        A kind that could not be looked at is named in the survey rather than taken for empty.

        Raises:
            ProviderUnavailable: not even known what there is.
        """


class RecommendationStore(Protocol):
    """The recommendations that hold, the ones not yet sent included."""

    async def load(self) -> tuple[Notes, str]:
        """What was saved last, nothing at first; and the version to save after.

        Raises:
            StoreUnavailable: not known.
        """

    async def save(self, notes: Notes, *, after: str) -> str:
        """Keep these instead of what was loaded; the new version.

        Raises:
            VersionConflict: another report saved in between; what it saved stands.
            StoreUnavailable: not known to be kept; saving again is safe.
        """


class Notifier(Protocol):
    """Tells the people who run the platform."""

    async def notify(self, subject: str, text: str, notice_id: str = "") -> None:
        """Send a notice.

        Raises:
            ProviderUnavailable: not known to have been sent.
        """
