"""The text channels of this platform. A new channel is one line here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from shared.adapters.twilio.whatsapp import twilio_whatsapp_channel
from shared.adapters.whatsapp import whatsapp_channel
from shared.ports.channel import Channel
from shared.wiring.environment import now, settings

FACTORIES = (
    whatsapp_channel,
    twilio_whatsapp_channel,
)


@lru_cache(maxsize=1)
def channels() -> Mapping[str, Channel]:
    """Every channel by its name."""
    built = (factory(settings(), now) for factory in FACTORIES)
    return {channel.name: channel for channel in built}
