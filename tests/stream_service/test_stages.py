"""The stages of a spoken turn, by the caller's own clock."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from stream_service import caller_turn
from stream_service.speaking import speech
from tests.stream_service.caller import Caller
from tests.stream_service.served_call import MANNERS, World, call

FRAME_MS = 20


@pytest.mark.requirement("14.2")
@pytest.mark.parametrize("thinks_ms", [0, 60, 700])
@pytest.mark.parametrize("anticipates", [True, False])
async def test_the_stages_add_up_to_what_the_caller_waited(
    thinks_ms: int, *, anticipates: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(thinks_ms=thinks_ms)

    def callers_clock() -> float:
        return 0.0 if world.caller is None else world.caller.now_ms / 1000

    for module in (caller_turn, speech):
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=callers_clock))
    async with call(world, manners=replace(MANNERS, anticipates=anticipates)) as caller:
        await caller.listen(1500)
        waited_ms = await ask(caller)

    (message,), (delivery,) = world.asked, world.delivered
    before = message.attributes["stages_ms"]
    assert isinstance(before, dict)
    stages_ms = {**before, **delivery.stages_ms}
    ours_ms = delivery.stages_ms["end_to_end"]
    assert stages_ms.keys() == {"endpoint", "transcript", "reply", "speech", "end_to_end"}
    assert sum(int(str(value)) for value in stages_ms.values()) - ours_ms == pytest.approx(waited_ms, abs=FRAME_MS)
    assert int(str(before["endpoint"])) + ours_ms == pytest.approx(waited_ms, abs=FRAME_MS)
    assert ours_ms >= thinks_ms * (not anticipates)


async def ask(caller: Caller) -> int:
    """Ask, and wait for the answer's first sound; how long that took."""
    await caller.speak(1000)
    fell_silent_ms, sounds = caller.now_ms, len(caller.sounds_ms)
    await caller.listen(3000)
    return caller.sounds_ms[sounds] - fell_silent_ms
