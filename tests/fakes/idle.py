"""ResourceInventory, RecommendationStore and Notifier in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.domain.idle import ObservedResource, ResourceKind, Survey, Window
from shared.domain.idle_recommendation import Notes
from shared.errors import ProviderUnavailable, StoreUnavailable, VersionConflict


@dataclass
class FakeInventory:
    """Implements `ResourceInventory` over what a test puts into it."""

    resources: list[ObservedResource] = field(default_factory=list)
    unseen: frozenset[ResourceKind] = frozenset()
    windows: list[Window] = field(default_factory=list)

    async def observe(self, window: Window) -> Survey:
        self.windows.append(window)
        return Survey(resources=tuple(self.resources), unseen=self.unseen)


@dataclass
class FakeRecommendationStore:
    """Implements `RecommendationStore`; `fails_at` names the save, from 1 on, that a crash prevents."""

    kept: Notes = field(default_factory=Notes)
    saves: int = 0
    fails_at: int | None = None

    async def load(self) -> tuple[Notes, str]:
        return self.kept, str(self.saves)

    async def save(self, notes: Notes, *, after: str) -> str:
        if after != str(self.saves):
            raise VersionConflict("Another report was written in between.")
        if self.fails_at == self.saves + 1:
            self.fails_at = None
            raise StoreUnavailable("The recommendations cannot be kept.")
        self.kept = notes
        self.saves += 1
        return str(self.saves)


@dataclass
class FakeNotifier:
    """Implements `Notifier`; what was sent lies in `sent`, with subjects and ids beside it."""

    sent: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    is_down: bool = False

    async def notify(self, subject: str, text: str, notice_id: str = "") -> None:
        if self.is_down:
            raise ProviderUnavailable("The notice was not taken.")
        self.sent.append(text)
        self.subjects.append(subject)
        self.ids.append(notice_id)
