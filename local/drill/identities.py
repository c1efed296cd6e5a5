"""Who the load claims to be: the business's number at Meta and its telephone line, with the secrets of the moment."""

from __future__ import annotations

from dataclasses import dataclass

from local.simulators.phone_line import PhoneLine
from local.simulators.whatsapp_user import WhatsAppNumber


@dataclass(slots=True, kw_only=True)
class Identities:
    """Read anew for every message and every call, because secrets are rotated under load."""

    number: WhatsAppNumber
    line: PhoneLine
