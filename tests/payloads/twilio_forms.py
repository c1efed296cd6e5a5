"""Everything that Twilio posts about WhatsApp: messages and their statuses."""

from __future__ import annotations

from tests.payloads import shapes
from tests.payloads.shapes import NAME, OTHER_PHONE, PARENT_ID, PHONE, USER_ID, WORDS, sid
from tests.provider_requests import TWILIO_PATH

MESSAGES = shapes.Family(TWILIO_PATH)
STATUSES = shapes.Family(f"{TWILIO_PATH}/status")
_MEDIA = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"


def _form(**given: str) -> dict[str, str]:
    message_id = sid()
    return {
        "SmsMessageSid": message_id,
        "MessageSid": message_id,
        "SmsSid": message_id,
        "AccountSid": "AC" + "0" * 32,
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        "NumMedia": "0",
        "NumSegments": "1",
        "From": f"whatsapp:+{PHONE}",
        "To": "whatsapp:+14155238886",
        "WaId": PHONE,
        "ProfileName": NAME,
        "Body": "",
        **given,
    }


def _one(name: str, **given: str) -> None:
    MESSAGES.add(f"Twilio {name}", _form(**given), messages=1)


def _file(name: str, mime_type: str, kind: str, body: str = "") -> None:
    media = {"NumMedia": "1", "MediaUrl0": _MEDIA, "MediaContentType0": mime_type}
    _one(name, MessageType=kind, Body=body, **media)


def _kinds() -> None:
    _one("text", MessageType="text", Body=WORDS)
    _one("text in several scripts", MessageType="text", Body=f"{WORDS} नमस्ते 🙏 & = % +")
    _one("text without its type", Body=WORDS)
    _file("image", "image/jpeg", "image", WORDS)
    _file("voice note", "audio/ogg", "audio")
    _file("sound file", "audio/mpeg", "audio")
    _file("video", "video/mp4", "video", WORDS)
    _file("document", "application/pdf", "document", "report.pdf")
    _file("sticker", "image/webp", "sticker")
    _file("cards", "text/vcard", "contacts")
    _file("file of an unknown type", "application/x-hologram", "hologram")
    _one("image without its type", NumMedia="1", MediaUrl0=_MEDIA, MediaContentType0="image/png")
    _one(
        "two files",
        NumMedia="2",
        MediaUrl0=_MEDIA,
        MediaContentType0="image/png",
        MediaUrl1=_MEDIA,
        MediaContentType1="video/mp4",
    )
    _one("file that NumMedia denies", NumMedia="0", MediaUrl0=_MEDIA, MediaContentType0="image/png")
    _one("place", MessageType="location", Latitude="12.9716", Longitude="77.5946", Address=WORDS, Label="Clinic")
    _one("place without its type", Latitude="12.9716", Longitude="77.5946")
    _one("quick reply", MessageType="button", Body=WORDS, ButtonText=WORDS, ButtonPayload="YES")
    _one("quick reply without body", ButtonText=WORDS, ButtonPayload="YES")
    _one("row chosen", MessageType="interactive", Body=WORDS, ListId="r-1", ListTitle=WORDS, ListDescription="Dr Rao")
    _one("form filled in", MessageType="interactive", InteractiveData='{"flow_token":"t","day":"Monday"}')
    _one("order", MessageType="order", Body=WORDS)
    _one("unknown type", MessageType="hologram", Body=WORDS)
    _one("nothing at all")


def _facts() -> None:
    _one("reply", Body=WORDS, OriginalRepliedMessageSid=sid(), OriginalRepliedMessageSender="whatsapp:+14155238886")
    _one("forwarded", Body=WORDS, Forwarded="true")
    _one("forwarded often", Body=WORDS, FrequentlyForwarded="true")
    _one(
        "advertisement",
        Body=WORDS,
        ReferralSourceType="ad",
        ReferralSourceId="1",
        ReferralSourceUrl="https://fb.me/x",
        ReferralHeadline="Check-ups",
        ReferralBody=WORDS,
        ReferralNumMedia="1",
        ReferralCtwaClid="ARA",
    )
    _one("metadata", Body=WORDS, ChannelMetadata='{"type":"whatsapp","data":{"context":{"ProfileName":"x"}}}')
    _one("metadata that is no JSON", Body=WORDS, ChannelMetadata="{")
    for word in ("STOP", "START", "HELP"):
        _one(f"opt-out {word}", Body=word.lower(), OptOutType=word, MessagingServiceSid="MG" + "0" * 32)
    _one("parameters from the future", Body=WORDS, BrandNew="1", Another="x" * 5000)
    _one("half a surrogate pair and a NUL", Body=f"{WORDS} \x00 \ufffd")


def _identities() -> None:
    _one("phone and id", Body=WORDS, ExternalUserId=USER_ID, ParentExternalUserId=PARENT_ID)
    _one("no phone", Body=WORDS, From=f"whatsapp:{USER_ID}", WaId="", ExternalUserId=USER_ID)
    _one("no phone, with prefix", Body=WORDS, From=f"whatsapp:{USER_ID}", WaId="", ExternalUserId=f"whatsapp:{USER_ID}")
    _one("sender in another parameter", Body=WORDS, From="", WaId=OTHER_PHONE)
    _one("endless id", Body=WORDS, MessageSid="SM" + "1" * 5000)
    for name, given in {
        "without sender": {"From": "", "WaId": ""},
        "without id": {"MessageSid": "", "SmsMessageSid": "", "SmsSid": ""},
        "with an endless sender": {"From": "whatsapp:" + "9" * 5000, "WaId": ""},
    }.items():
        MESSAGES.add(f"Twilio form {name}", _form(Body=f"{WORDS} {name}", **given), rejected=1)
    outbound = _form(MessageStatus="delivered", SmsStatus="delivered")
    MESSAGES.add("Twilio status at the path of messages", outbound, statuses=1)


def _status(name: str, **given: str) -> None:
    message_id = sid()
    form = {
        "MessageSid": message_id,
        "SmsSid": message_id,
        "AccountSid": "AC" + "0" * 32,
        "ApiVersion": "2010-04-01",
        "To": f"whatsapp:+{PHONE}",
        "From": "whatsapp:+14155238886",
        "ChannelPrefix": "whatsapp",
        **given,
    }
    STATUSES.add(f"Twilio status {name}", form, statuses=1)


def _statuses() -> None:
    for word in ("queued", "sending", "sent", "delivered", "read", "failed", "undelivered", "canceled", "teleported"):
        _status(word, MessageStatus=word, SmsStatus=word)
    for code in ("63016", "63018", "63024", "21610"):
        _status(f"undelivered with {code}", MessageStatus="undelivered", ErrorCode=code, ErrorMessage=WORDS)
    _status("read as an event", MessageStatus="read", EventType="READ", ChannelToAddress="+91981234XXXX")
    _status("of an event alone", EventType="DELIVERED")
    _status("with a carrier's time", MessageStatus="delivered", RawDlrDoneDate="2603021159")
    _status("of a user without phone", MessageStatus="read", To=f"whatsapp:{USER_ID}", ExternalUserId=USER_ID)
    _status("with parameters from the future", MessageStatus="read", BrandNew="1")
    STATUSES.add("Twilio status without a word", {"MessageSid": sid(), "To": f"whatsapp:+{PHONE}"}, rejected=1)
    STATUSES.add("Twilio status without an id", {"MessageStatus": "read", "To": f"whatsapp:+{PHONE}"}, rejected=1)


for _write in (_kinds, _facts, _identities, _statuses):
    _write()
