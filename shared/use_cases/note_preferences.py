"""What users tell the provider itself about marketing messages, taken from its notices into our log of consent."""

from __future__ import annotations

from shared.domain.message import ChannelNotice
from shared.observability import count, logger
from shared.ports.consent import ConsentStore, PreferenceReader


class NotePreferences:
    """Keeps what a notice says about marketing; for other notices it does nothing.

    Nothing is refused because of it: the provider, whom the user told, does not deliver what it counts as marketing
    (Meta answers 131050), and only it knows which templates those are. Our log is the proof, and what the business
    looks at before it writes to many.
    """

    def __init__(self, consent: ConsentStore, read: PreferenceReader) -> None:
        self._consent = consent
        self._read = read

    async def __call__(self, notice: ChannelNotice) -> None:
        """Keep them; the same notice again changes nothing.

        Raises:
            StoreUnavailable: not all are kept; the same notice may be handled later.
        """
        for preference in self._read(notice):
            await self._consent.note_marketing(preference)
            logger.info("marketing_preference_kept", channel=preference.channel, wish=preference.wish.value)
            count("marketing_preferences", wish=preference.wish.value)
