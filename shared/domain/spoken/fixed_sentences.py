"""What the platform itself says in a call, where no agent and no model is asked. Pure.

Hindi and Tamil are worded so that neither the speaker's nor the caller's gender shows; native speakers should review
them, and the one sentence in the other languages.
"""

# ruff: noqa: RUF001 - letters of Urdu look like Latin ones

from __future__ import annotations

from enum import StrEnum

from shared.domain.spoken.phrases import primary_language


class SentenceKind(StrEnum):
    """When a fixed sentence is said. GOODBYE_AFTER_SILENCE, TIME_UP and FAREWELL are followed by hanging up."""

    FIRST_SILENCE_PROMPT = "first_silence_prompt"
    SECOND_SILENCE_PROMPT = "second_silence_prompt"
    GOODBYE_AFTER_SILENCE = "goodbye_after_silence"
    TIME_NEARLY_UP = "time_nearly_up"
    TIME_UP = "time_up"
    NOT_UNDERSTOOD = "not_understood"
    TROUBLE = "trouble"
    FILLER = "filler"
    WELCOME_BACK = "welcome_back"
    FAREWELL = "farewell"
    NOBODY_REACHED = "nobody_reached"
    LANGUAGE_CHANGED = "language_changed"
    CALLED_BACK = "called_back"
    TAKEN_OVER = "taken_over"


_ENGLISH = {
    SentenceKind.FIRST_SILENCE_PROMPT: "Hello, can you hear me?",
    SentenceKind.SECOND_SILENCE_PROMPT: "I can't hear you. Are you still on the line?",
    SentenceKind.GOODBYE_AFTER_SILENCE: "I still can't hear you, so I'll end the call. Please call again. Goodbye.",
    SentenceKind.TIME_NEARLY_UP: "Just so you know: this call can last one more minute.",
    SentenceKind.TIME_UP: "We have reached the longest time a call can take. Please call us again. Goodbye.",
    SentenceKind.NOT_UNDERSTOOD: "I'm sorry, I didn't catch that. Could you say it again, please?",
    SentenceKind.TROUBLE: "I'm sorry, something went wrong on our side. Could you say that again, please?",
    SentenceKind.FILLER: "One moment, please.",
    SentenceKind.WELCOME_BACK: "I'm sorry, the line was cut for a moment. Let's go on where we stopped.",
    SentenceKind.FAREWELL: "Thank you for calling. Goodbye.",
    SentenceKind.NOBODY_REACHED: (
        "I'm sorry, nobody could be reached just now. We'll call you back on this number. "
        "I can go on helping you meanwhile."
    ),
    SentenceKind.LANGUAGE_CHANGED: "I'll go on in English.",
    SentenceKind.CALLED_BACK: "You asked us to call you back.",
    SentenceKind.TAKEN_OVER: "A colleague is taking over now. Please stay on the line.",
}

_HINDI = {
    SentenceKind.FIRST_SILENCE_PROMPT: "हैलो, क्या आपको मेरी आवाज़ आ रही है?",
    SentenceKind.SECOND_SILENCE_PROMPT: "आपकी आवाज़ नहीं आ रही है। क्या आप अब भी लाइन पर हैं?",
    SentenceKind.GOODBYE_AFTER_SILENCE: "कोई जवाब नहीं मिला, इसलिए यह कॉल समाप्त हो रही है। कृपया फिर से फ़ोन करें। नमस्ते।",
    SentenceKind.TIME_NEARLY_UP: "कृपया ध्यान दें, यह कॉल एक मिनट में समाप्त हो जाएगी।",
    SentenceKind.TIME_UP: "कॉल का अधिकतम समय पूरा हो गया है। कृपया फिर से फ़ोन करें। नमस्ते।",
    SentenceKind.NOT_UNDERSTOOD: "माफ़ कीजिए, ठीक से सुनाई नहीं दिया। कृपया दोबारा कहिए।",
    SentenceKind.TROUBLE: "माफ़ कीजिए, हमारी ओर से कुछ गड़बड़ हो गई। कृपया दोबारा कहिए।",
    SentenceKind.FILLER: "जी, एक क्षण दीजिए।",
    SentenceKind.WELCOME_BACK: "माफ़ कीजिए, बीच में लाइन कट गई थी। आइए, वहीं से आगे बढ़ते हैं।",
    SentenceKind.FAREWELL: "फ़ोन करने के लिए धन्यवाद। नमस्ते।",
    SentenceKind.NOBODY_REACHED: (
        "माफ़ कीजिए, अभी किसी से संपर्क नहीं हो पाया। आपको इसी नंबर पर वापस फ़ोन किया जाएगा। तब तक आपकी मदद यहीं जारी रहेगी।"
    ),
    SentenceKind.LANGUAGE_CHANGED: "अब हम हिंदी में बात करते हैं।",
    SentenceKind.CALLED_BACK: "आपने हमें वापस फ़ोन करने के लिए कहा था।",
    SentenceKind.TAKEN_OVER: "अब हमारी टीम के एक सदस्य आपकी मदद करेंगे। कृपया लाइन पर बने रहिए।",
}

_TAMIL = {
    SentenceKind.FIRST_SILENCE_PROMPT: "ஹலோ, நான் பேசுவது கேட்கிறதா?",
    SentenceKind.SECOND_SILENCE_PROMPT: "உங்கள் குரல் கேட்கவில்லை. நீங்கள் இன்னும் இணைப்பில் இருக்கிறீர்களா?",
    SentenceKind.GOODBYE_AFTER_SILENCE: "குரல் கேட்காததால் அழைப்பை முடிக்கிறேன். மீண்டும் அழையுங்கள். வணக்கம்.",
    SentenceKind.TIME_NEARLY_UP: "கவனிக்கவும், இந்த அழைப்பு இன்னும் ஒரு நிமிடத்தில் முடிந்துவிடும்.",
    SentenceKind.TIME_UP: "அழைப்பின் அதிகபட்ச நேரம் முடிந்துவிட்டது. தயவுசெய்து மீண்டும் அழையுங்கள். வணக்கம்.",
    SentenceKind.NOT_UNDERSTOOD: "மன்னிக்கவும், சரியாகக் கேட்கவில்லை. தயவுசெய்து மீண்டும் சொல்லுங்கள்.",
    SentenceKind.TROUBLE: "மன்னிக்கவும், எங்கள் பக்கத்தில் ஒரு சிக்கல் ஏற்பட்டது. தயவுசெய்து மீண்டும் சொல்லுங்கள்.",
    SentenceKind.FILLER: "ஒரு நிமிடம், தயவுசெய்து.",
    SentenceKind.WELCOME_BACK: "மன்னிக்கவும், இணைப்பு துண்டிக்கப்பட்டது. விட்ட இடத்திலிருந்து தொடரலாம்.",
    SentenceKind.FAREWELL: "அழைத்ததற்கு நன்றி. வணக்கம்.",
    SentenceKind.NOBODY_REACHED: (
        "மன்னிக்கவும், இப்போது யாரையும் தொடர்புகொள்ள முடியவில்லை. இதே எண்ணில் உங்களைத் திரும்ப அழைப்போம். அதுவரை நான் உதவுகிறேன்."
    ),
    SentenceKind.LANGUAGE_CHANGED: "இனி தமிழில் பேசலாம்.",
    SentenceKind.CALLED_BACK: "திரும்ப அழைக்குமாறு கேட்டிருந்தீர்கள்.",
    SentenceKind.TAKEN_OVER: "இனி எங்கள் குழுவில் ஒருவர் உங்களுக்கு உதவுவார். தயவுசெய்து இணைப்பிலேயே இருங்கள்.",
}

# Said in English, it would name the wrong language.
_LANGUAGE_CHANGED = {
    "te": "ఇక తెలుగులో మాట్లాడుకుందాం.",
    "bn": "এবার আমরা বাংলায় কথা বলি।",
    "mr": "आता आपण मराठीत बोलूया.",
    "gu": "હવે આપણે ગુજરાતીમાં વાત કરીએ.",
    "kn": "ಇನ್ನು ಕನ್ನಡದಲ್ಲಿ ಮಾತನಾಡೋಣ.",
    "ml": "ഇനി നമുക്ക് മലയാളത്തിൽ സംസാരിക്കാം.",
    "pa": "ਹੁਣ ਅਸੀਂ ਪੰਜਾਬੀ ਵਿੱਚ ਗੱਲ ਕਰਦੇ ਹਾਂ।",
    "ur": "اب ہم اردو میں بات کرتے ہیں۔",
    "id": "Baik, kita lanjutkan dalam bahasa Indonesia.",
    "ms": "Baik, kita teruskan dalam bahasa Melayu.",
    "th": "ต่อไปนี้เราคุยกันเป็นภาษาไทยนะคะ",
    "vi": "Vâng, chúng ta nói tiếng Việt nhé.",
    "fil": "Sige po, mag-Tagalog na tayo.",
}

_SENTENCES = {"en": _ENGLISH, "hi": _HINDI, "ta": _TAMIL} | {
    language: {SentenceKind.LANGUAGE_CHANGED: text} for language, text in _LANGUAGE_CHANGED.items()
}


def sentence(kind: SentenceKind, language: str) -> str:
    """The sentence in this language (BCP 47), else in English."""
    return _SENTENCES.get(primary_language(language), _ENGLISH).get(kind, _ENGLISH[kind])
