"""What the platform owns, and the memory of what was recommended about it."""

from __future__ import annotations

from typing import Protocol

from shared.domain.idle import ObservedResource, Recommendation, Window


class ResourceInventory(Protocol):
    """The resources of this stack."""

    async def observe(self, window: Window) -> tuple[ObservedResource, ...]:
        """All resources that can lie idle and are not tagged to be left alone.

        Raises:
            ProviderUnavailable: no answer, or not all of it.
        """


class RecommendationStore(Protocol):
    """The recommendations that hold, the ones not yet sent included."""

    async def load(self) -> tuple[Recommendation, ...]:
        """What was saved last; nothing at first.

        Raises:
            StoreUnavailable: not known.
        """

    async def save(self, recommendations: tuple[Recommendation, ...]) -> None:
        """Keep these instead of what was kept.

        Raises:
            StoreUnavailable: not kept; saving again is safe.
        """


class Notifier(Protocol):
    """Tells the people who run the platform."""

    async def notify(self, subject: str, text: str) -> None:
        """Send a notice.

        Raises:
            ProviderUnavailable: not known to have been sent.
        """
