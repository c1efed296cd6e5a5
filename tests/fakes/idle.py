"""ResourceInventory, RecommendationStore and Notifier in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.domain.idle import ObservedResource, Recommendation, Window
from shared.errors import ProviderUnavailable


@dataclass
class FakeInventory:
    """Implements `ResourceInventory` over what a test puts into it."""

    resources: list[ObservedResource] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)

    async def observe(self, window: Window) -> tuple[ObservedResource, ...]:
        self.windows.append(window)
        return tuple(self.resources)


@dataclass
class FakeRecommendationStore:
    """Implements `RecommendationStore`."""

    kept: tuple[Recommendation, ...] = ()

    async def load(self) -> tuple[Recommendation, ...]:
        return self.kept

    async def save(self, recommendations: tuple[Recommendation, ...]) -> None:
        self.kept = recommendations


@dataclass
class FakeNotifier:
    """Implements `Notifier`; what was sent lies in `sent`."""

    sent: list[str] = field(default_factory=list)
    is_down: bool = False

    async def notify(self, _subject: str, text: str) -> None:
        if self.is_down:
            raise ProviderUnavailable("The notice was not taken.")
        self.sent.append(text)
