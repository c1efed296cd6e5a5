"""Files of messages lie behind Twilio's credentials, then at an address that wants none."""

from __future__ import annotations

import httpx

from local.simulators.whatsapp_user import TwilioWhatsAppUser

PICTURE = b"\x89PNG a picture"


async def test_file_is_reached_by_a_redirect_to_where_no_credentials_are_wanted(
    twilio: httpx.AsyncClient, twilio_user: TwilioWhatsAppUser
) -> None:
    media = await twilio_user.upload(PICTURE, "image/png")

    redirected = await twilio.get(httpx.URL(media.url).path)
    address = httpx.URL(redirected.headers["location"]).path
    async with httpx.AsyncClient(base_url=twilio.base_url, trust_env=False) as stranger:
        refused = await stranger.get(httpx.URL(media.url).path)
        fetched = await stranger.get(address)
    with_credentials = await twilio.get(address)

    assert (redirected.status_code, refused.status_code) == (307, 401)
    assert (fetched.content, fetched.headers["content-type"]) == (PICTURE, "image/png")
    assert with_credentials.status_code == 400


async def test_deleted_file_is_gone(twilio: httpx.AsyncClient, twilio_user: TwilioWhatsAppUser) -> None:
    media = await twilio_user.upload(PICTURE, "image/png")
    path = httpx.URL(media.url).path

    described = await twilio.get(f"{path}.json")
    deleted = await twilio.delete(path)

    assert (described.json()["content_type"], described.json()["parent_sid"]) == ("image/png", media.message_sid)
    assert deleted.status_code == 204
    assert (await twilio.get(path)).status_code == 404
