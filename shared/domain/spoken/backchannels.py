"""Sounds and words by which a caller shows that they listen, without wanting the floor. Pure.

Native speakers should review: Hindi, Tamil, Telugu, Bengali, Marathi, Gujarati, Kannada, Malayalam, Punjabi, Urdu,
Indonesian, Malay, Thai, Vietnamese, Filipino. Words of Latin letters are how recognisers of English write the same.
"""

# ruff: noqa: RUF001 - letters of Urdu look like Latin ones

from __future__ import annotations

from functools import lru_cache

from shared.domain.spoken.phrases import PhraseBook, phrases_of, primary_language
from shared.domain.spoken.words import words_of

# Not here on purpose: "no", "what", "huh", "wait", "hello", "sorry" and "thank you", which all want an answer.
BACKCHANNELS = {
    "en": """uh huh, uhhuh, mhm, mhmm, mm hmm, mm hm, mmhmm, mmhm, mm, hm, hmm, hum, um hum, um hmm, aha, ah, aah,
        oh, ooh, ohh, uh, um, umm, er, erm, ha, haha, yeah, yea, yep, yup, yes, ya, yah, ok, okay, okey, okie, alright,
        all right, right, sure, i see, oh i see, got it, gotcha, fine, good, great, nice, cool, wow, really, true,
        correct, exactly, absolutely, of course, go on, go ahead, makes sense, understood, i understand""",
    "hi": """हां, हा, हान, जी, हांजी, हूं, हुं, हं, हम्म, हम्म्म, ह्म्म, हम्म हम्म, अच्छा, अच्छा जी, ठीक, ठीक है, सही, सही है, सही बात,
        बिल्कुल, बिलकुल, ओके, ओह, ओहो, यस, राइट, बोलिए, बोलिये, समझ गया, समझ गई, समझ गयी, समझा, समझी,
        haan, han, haa, haanji, hanji, ji, jee, hoon, hoo, huu, accha, achha, acha, achcha, achaa, theek, thik, teek,
        theek hai, thik hai, teek hai, tik hai, theek he, thik he, theek hain, sahi, sahi hai, sahi baat, bilkul, oho,
        boliye, samajh gaya, samajh gayi, samjha, samjhi""",
    "ta": """ஆமா, ஆமாம், ஆம், ஆமாங்க, சரி, சரிங்க, ம், ம்ம், ம்ஹும், ஹ்ம், ஹ்ம்ம், ஹும், உம், ஓ, ஓஹோ, ஆ, ஆங், ஹா, ஓகே,
        அப்படியா, அப்படிங்களா, நல்லது, புரியுது, புரிகிறது, புரிஞ்சுது, புரிந்தது, எஸ்,
        aama, aamaa, ama, amaa, aamam, amam, aam, aamanga, sari, seri, saringa, seringa, oho, appadiya, apdiya,
        appadingala, nallathu, puriyuthu, puriyudhu, purinjuthu, purinjudhu, purinjidhu""",
    "te": """అవును, అవునండి, ఔను, హా, ఆ, ఊ, ఊఁ, హూ, హ్మ్, మ్మ్, సరే, సరేనండి, సరే అండి, అలాగే, అలాగా, అలాగేనండి, ఓకే, ఓహో,
        అర్థమైంది, నిజమే, avunu, avunandi, sare, sarenandi, sare andi, alage, alaga, oho, ardhamaindi, ardham aindi""",
    "bn": """হ্যাঁ, হ্যা, হাঁ, হুম, হুঁ, হুমম, আচ্ছা, ঠিক, ঠিক আছে, বেশ, ওকে, ও, ওহ, বুঝেছি, বুঝলাম, জি, জ্বি, জী, আজ্ঞে,
        hyan, hya, haan, hum, accha, achha, acha, thik, thik ache, thik achhe, thik aache, besh, bujhechi, bujhlam,
        ji""",
    "mr": """हो, होय, हं, हां, हम्म, बरं, बर, ठीक, ठीक आहे, अच्छा, बरोबर, कळलं, समजलं, चालेल, ओके,
        ho, hoy, bara, barr, thik aahe, thik ahe, theek aahe, theek ahe, barobar, kalala, samajla, samajle, chalel""",
    "gu": """હા, હાજી, જી, હં, હમ્મ, અચ્છા, બરાબર, સારું, સારુ, ઠીક, ઠીક છે, ઓકે, સમજાયું, સમજી ગયો, સમજી ગઈ,
        ha, haa, haji, ji, barabar, saru, saaru, thik che, thik chhe, theek che, theek chhe, samji gayo, samjayu""",
    "kn": """ಹೌದು, ಹೌದಾ, ಹೂಂ, ಹೂ, ಹಾಂ, ಹಾ, ಹ್ಮ್, ಹ್ಞೂಂ, ಸರಿ, ಆಯ್ತು, ಆಯಿತು, ಓಕೆ, ಓಹೋ, ಗೊತ್ತಾಯ್ತು, ಅರ್ಥ ಆಯ್ತು,
        ಅರ್ಥವಾಯಿತು, haudu, houdu, howdu, hauda, hoon, sari, aaytu, aytu, ayithu, aithu, oho, gottaytu, gothaythu,
        artha aaytu, artha aythu""",
    "ml": """അതെ, അതേ, ശരി, ഉം, മ്മ്, ഹാ, ആ, ഓ, ഓകെ, ഓക്കെ, ഓക്കേ, ആണോ, ഓഹോ, മനസ്സിലായി, മനസിലായി,
        athe, aathe, shari, sheri, seri, aa, aano, oho, manasilayi, manassilayi""",
    "pa": """ਹਾਂ, ਹਾਂਜੀ, ਜੀ, ਹੂੰ, ਹੰ, ਅੱਛਾ, ਠੀਕ, ਠੀਕ ਹੈ, ਠੀਕ ਆ, ਸਹੀ, ਸਹੀ ਹੈ, ਓਕੇ, ਆਹੋ, ਚੰਗਾ, ਸਮਝ ਗਿਆ, ਸਮਝ ਗਈ,
        haan, haanji, hanji, ji, aaho, theek aa, thik aa, theek hai, thik hai, changa, samajh gaya, samajh gayi""",
    "ur": """ہاں, ہا, جی, ہوں, ہمم, ہم, اچھا, ٹھیک, ٹھیک ہے, صحیح, صحیح ہے, سہی, بالکل,
        بلکل, اوکے, سمجھ گیا, سمجھ گئی""",
    "id": """ya, iya, iyaa, he em, heem, he eh, heeh, oke, ok, baik, o gitu, oh gitu, oh begitu, begitu ya, gitu ya,
        betul, benar, siap, sip, paham, mengerti, oh iya, oh ya""",
    "ms": "ya, ye, haah, ha ah, a ah, okey, oke, ok, baik, baiklah, betul, faham, oh begitu, oh ya",
    "th": """ครับ, ครับผม, คับ, ค่ะ, ค่า, จ้ะ, จ้า, อืม, อือ, อื้อ, อืมม, อ๋อ, อ้อ, อ่า, ใช่, โอเค, ได้, เข้าใจแล้ว,
        khrap, krap, krub, kha, ka, chai, aum""",
    "vi": """vâng, vâng ạ, dạ, dạ vâng, ạ, ừ, ừm, ừ hử, ờ, à, ồ, đúng, đúng rồi, được, được rồi, rồi, ô kê, thế à,
        vậy à, hiểu rồi, tôi hiểu, tôi hiểu rồi""",
    "fil": """oo, opo, oho, ah, sige, sige po, ok po, okay po, ganun ba, ganon ba, ah ganun, ah ganon, tama, tama po,
        ayos, gets, gets ko, talaga, oo nga, naintindihan ko""",
}

# Callers mix these two into every language that we serve, and recognisers of English write Hindi in Latin letters.
_ALWAYS = ("en", "hi")


def is_backchannel(text: str, language: str) -> bool:
    """Whether an utterance is made of signs of listening only, in the call's language (BCP 47), English or Hindi.

    Ask this only of words said while the agent speaks: after a question of the agent, "haan" is an answer.
    """
    return bool(_book(primary_language(language)).readings(words_of(text)))


def backchannels_of(language: str) -> frozenset[tuple[str, ...]]:
    """The signs of listening that count in a call of this primary language, each as its words."""
    return frozenset().union(*(phrases_of(BACKCHANNELS.get(known, "")) for known in (*_ALWAYS, language)))


@lru_cache(maxsize=64)
def _book(language: str) -> PhraseBook:
    return PhraseBook({1: backchannels_of(language)})
