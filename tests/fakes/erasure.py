"""The ports of erasing, in memory, over one user."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from shared.domain.conversation import ConversationKey
from shared.domain.erasure import CallTrace, Counts, MessageTrace, Subject
from shared.domain.json_value import JSON


class FakeUserRows:
    """Implements `UserRows`; `messages` are those that are left, `arriving` come in before each last step."""

    def __init__(
        self,
        *,
        calls: Sequence[CallTrace] = (),
        files: Sequence[MessageTrace] = (),
        messages: int = 0,
        events: int = 0,
        arriving: Sequence[int] = (),
        busy: str | None = None,
    ) -> None:
        self.calls_left = list(calls)
        self.files_left = list(files)
        self.messages = messages
        self.events_left = events
        self.arriving = list(arriving)
        self.is_busy = busy
        self.is_known = True
        self.begun: list[tuple[str, str | None, str]] = []
        self.finished: dict[str, Mapping[str, JSON]] = {}

    async def find(self, user_id: str, *, channel: str | None) -> Subject:
        return Subject(identities=(user_id, f"alias-of-{user_id}"), channel=channel)

    async def find_by_conversation(self, conversation_id: str) -> ConversationKey | None:
        if conversation_id != "c-1" or not self.is_known:
            return None
        return ConversationKey(channel="whatsapp", user_id="919845012345")

    async def keys(self, subject: Subject) -> tuple[ConversationKey, ...]:
        channel = subject.channel or "whatsapp"
        return tuple(ConversationKey(channel=channel, user_id=name) for name in subject.identities)

    async def busy(self, subject: Subject) -> str | None:
        del subject
        return self.is_busy

    async def count(self, subject: Subject) -> Counts:
        del subject
        return Counter(messages=self.messages, calls=len(self.calls_left), users=int(self.is_known))

    async def calls(self, subject: Subject, *, after: CallTrace | None, limit: int) -> Sequence[CallTrace]:
        del subject
        start = 0 if after is None else self.calls_left.index(after) + 1
        return self.calls_left[start : start + min(limit, 2)]

    async def files(self, subject: Subject, *, after: MessageTrace | None, limit: int) -> Sequence[MessageTrace]:
        del subject
        start = 0 if after is None else self.files_left.index(after) + 1
        return self.files_left[start : start + min(limit, 2)]

    async def erase_messages(self, subject: Subject, *, limit: int) -> Counts:
        del subject
        erased = min(self.messages, limit)
        self.messages -= erased
        if erased:
            self.files_left.clear()
        return Counter(messages=erased) if erased else Counter()

    async def events(self, subject: Subject, *, after: int, limit: int, is_dry_run: bool) -> tuple[int | None, Counts]:
        del subject, limit
        if after >= 2:
            return None, Counter()
        found = self.events_left if after == 0 else 0
        if not is_dry_run:
            self.events_left -= found
        return after + 1, Counter(message_events=found)

    async def begin(self, subject_hash: str, *, channel: str | None, requested_by: str) -> str:
        self.begun.append((subject_hash, channel, requested_by))
        return f"erasure-{len(self.begun)}"

    async def erase_rest(self, subject: Subject) -> Counts | None:
        del subject
        if self.arriving:
            self.messages += self.arriving.pop(0)
        if self.messages:
            return None
        erased: Counts = Counter(calls=len(self.calls_left), users=int(self.is_known))
        self.calls_left.clear()
        self.is_known = False
        return erased

    async def finish(self, erasure_id: str, counts: Mapping[str, JSON]) -> None:
        self.finished[erasure_id] = counts


class FakeUserObjects:
    """Implements `UserObjects`; `kept` counts what lies in each folder."""

    def __init__(self, kept: Mapping[str, int]) -> None:
        self.kept = dict(kept)

    async def count(self, folder: str) -> int:
        return self.kept.get(folder, 0)

    async def erase(self, folder: str) -> int:
        return self.kept.pop(folder, 0)


class FakeUserCaches:
    """Implements `UserCaches`."""

    def __init__(self, *keys: ConversationKey) -> None:
        self.kept = set(keys)
        self.call_sids: list[str] = []

    async def erase(self, keys: Sequence[ConversationKey], call_sids: Sequence[str], *, is_dry_run: bool) -> Counts:
        self.call_sids = [*call_sids]
        found = self.kept & {*keys}
        if not is_dry_run:
            self.kept -= found
        return Counter(keys=len(found))


class FakeDeadLetters:
    """Implements `DeadLetters`."""

    def __init__(self, count: int) -> None:
        self.count = count

    async def erase(self, subject: Subject, *, is_dry_run: bool) -> Counts:
        del subject
        found = self.count
        if not is_dry_run:
            self.count = 0
        return Counter(removed=found)
