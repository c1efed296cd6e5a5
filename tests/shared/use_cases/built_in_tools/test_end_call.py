from __future__ import annotations

from shared.use_cases.built_in_tools.end_call import EndTheCall
from tests.shared.use_cases.built_in_tools.using import asked_by, use


async def test_the_turn_is_the_calls_last_one() -> None:
    answer = await use(EndTheCall(), asked_by(channel="voice"))

    assert answer.ends_call


def test_nobody_can_hang_up_a_chat() -> None:
    assert not EndTheCall().fits(asked_by(channel="whatsapp"))
