"""Meta's notices of the field `user_preferences`: what users chose in WhatsApp about marketing messages.

Source: WhatsApp Business Platform, "user_preferences webhook reference".
"""

from __future__ import annotations

from datetime import datetime

from shared.adapters.provider_json import list_of, text_of, time_of
from shared.domain.consent import MarketingPreference, Wish
from shared.domain.json_value import JSON
from shared.domain.message import ChannelNotice

TOPIC = "user_preferences"
_WISHES = {"stop": Wish.STOP, "resume": Wish.START}
_MARKETING = "marketing_messages"


def read_preferences(notice: ChannelNotice) -> tuple[MarketingPreference, ...]:
    """The preferences in the notice; elements that cannot be read are left out, the notice itself is kept anyway."""
    if notice.topic != TOPIC:
        return ()
    elements = list_of(notice.payload, TOPIC) or [notice.payload]
    found = (_read(element, notice, place) for place, element in enumerate(elements))
    return tuple(preference for preference in found if preference is not None)


def _read(element: JSON, notice: ChannelNotice, place: int) -> MarketingPreference | None:
    wish = _WISHES.get((text_of(element, "value") or "").lower())
    user_id = text_of(element, "wa_id") or text_of(element, "user_id")
    if wish is None or user_id is None or text_of(element, "category") not in (None, _MARKETING):
        return None
    stated_at: datetime = time_of(element, "timestamp") or notice.occurred_at
    return MarketingPreference(
        channel=notice.channel,
        user_id=user_id.removeprefix("+"),
        notice_id=f"{notice.notice_id}-{place}",
        wish=wish,
        stated_at=stated_at,
    )
