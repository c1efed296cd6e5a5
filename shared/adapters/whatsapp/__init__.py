"""WhatsApp over Meta's Cloud API: reading webhooks and sending replies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from shared.adapters.whatsapp.channel import WhatsAppChannel

if TYPE_CHECKING:
    from shared.adapters.provider_access import ProviderAccess
    from shared.adapters.whatsapp.media import GraphMedia
    from shared.adapters.whatsapp.sending import GraphClient
    from shared.settings import Settings

__all__ = ["WhatsAppChannel", "whatsapp_channel"]


def whatsapp_channel(settings: Settings, clock: Callable[[], datetime]) -> WhatsAppChannel:
    """The channel as the settings describe it."""

    def access() -> ProviderAccess:
        from shared.adapters.provider_access import bearer_access

        return bearer_access(settings.whatsapp_access_token.get_secret_value, settings.secret_source)

    def open_client() -> GraphClient:
        from shared.adapters.whatsapp.sending import GraphClient  # Loads the HTTP client.

        return GraphClient(
            base_url=settings.whatsapp_api_base_url,
            api_version=settings.whatsapp_api_version,
            access=access(),
        )

    def open_media() -> GraphMedia:
        from shared.adapters.whatsapp.media import GraphMedia

        return GraphMedia(
            base_url=settings.whatsapp_api_base_url,
            api_version=settings.whatsapp_api_version,
            access=access(),
        )

    return WhatsAppChannel(
        app_secret=settings.whatsapp_app_secret.get_secret_value,
        verify_token=settings.whatsapp_verify_token.get_secret_value,
        open_client=open_client,
        open_media=open_media,
        clock=clock,
    )
