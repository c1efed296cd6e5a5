"""Whether a caller asks us to speak another language. Pure.

A language is wanted when it is named together with a word of speaking ("speak Hindi", "Hindi mein boliye"), or when it
is all that was said ("in Hindi", "Hindi please"). Native speakers should review all languages but English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.domain.spoken.phrases import PhraseBook, phrases_of
from shared.domain.spoken.words import words_of

_NAMES = {
    "en-IN": """english, angrezi, angreji, inglis, अंग्रेजी, अंग्रेज़ी, इंग्लिश, ஆங்கிலம், இங்கிலீஷ், ఇంగ్లీష్,
        ఇంగ్లీషు, ఆంగ్లం, ইংরেজি, ইংরাজি, ইংলিশ, इंग्रजी, અંગ્રેજી, ઇંગ્લિશ, ಇಂಗ್ಲಿಷ್, ಇಂಗ್ಲೀಷ್, ಆಂಗ್ಲ,
        ഇംഗ്ലീഷ്, ਅੰਗਰੇਜ਼ੀ, ਇੰਗਲਿਸ਼, انگریزی, انگلش, bahasa inggris, bahasa inggeris, inggris, inggeris, อังกฤษ,
        ภาษาอังกฤษ, tiếng anh, ingles""",
    "hi-IN": """hindi, hindhi, हिंदी, हिन्दी, ஹிந்தி, இந்தி, హిందీ, హింది, হিন্দি, হিন্দী, હિન્દી, હિંદી, ಹಿಂದಿ,
        ഹിന്ദി, ਹਿੰਦੀ, ہندی, bahasa hindi""",
    "ta-IN": "tamil, thamizh, tamizh, thamil, தமிழ், तमिल, तामिल, తమిళం, తమిళ, தமிழு, ತಮಿಳು, തമിഴ്, তামিল, bahasa tamil",
    "te-IN": "telugu, తెలుగు, तेलुगु, तेलुगू, தெலுங்கு, ತೆಲುಗು, തെലുങ്ക്",
    "bn-IN": "bengali, bangla, বাংলা, बंगाली, बांग्ला",
    "mr-IN": "marathi, मराठी, ಮರಾಠಿ, મરાઠી",
    "gu-IN": "gujarati, gujrati, ગુજરાતી, गुजराती",
    "kn-IN": "kannada, ಕನ್ನಡ, कन्नड़, कन्नड, கன்னடம், కన్నడ, കന്നഡ",
    "ml-IN": "malayalam, മലയാളം, मलयालम, மலையாளம், మలయాళం, ಮಲಯಾಳಂ",
    "pa-IN": "punjabi, panjabi, ਪੰਜਾਬੀ, पंजाबी",
    "ur-IN": "urdu, اردو, उर्दू",
    "id-ID": "indonesian, bahasa indonesia",
    "ms-MY": "malay, bahasa melayu, bahasa malaysia, melayu",
    "th-TH": "thai, ไทย, ภาษาไทย, bahasa thai",
    "vi-VN": "vietnamese, tiếng việt, tiếng việt nam",
    "fil-PH": "filipino, tagalog",
}

# One word that says "in the language".
_NAMES_IN = {
    "en-IN": """ஆங்கிலத்தில், ஆங்கிலத்துல, இங்கிலீஷில், இங்கிலீஷ்ல, ఇంగ్లీషులో, ఇంగ్లీష్లో, ఆంగ్లంలో, ইংরেজিতে,
        ইংলিশে, इंग्रजीत, इंग्रजीमध्ये, અંગ્રેજીમાં, ઇંગ્લિશમાં, ಇಂಗ್ಲಿಷ್ನಲ್ಲಿ, ಇಂಗ್ಲೀಷ್ನಲ್ಲಿ, ಇಂಗ್ಲಿಷಿನಲ್ಲಿ,
        ഇംഗ്ലീഷിൽ, englishla, englishil, englishlo""",
    "hi-IN": """ஹிந்தியில், ஹிந்தில, இந்தியில், హిందీలో, হিন্দিতে, हिंदीत, हिन्दीत, हिंदीमध्ये, હિન્દીમાં,
        હિંદીમાં, ಹಿಂದಿಯಲ್ಲಿ, ഹിന്ദിയിൽ, hindila, hindiyil, hindilo, hindiyalli""",
    "ta-IN": "தமிழில், தமிழ்ல, தமிழிலே, తమిళంలో, ತಮಿಳಿನಲ್ಲಿ, തമിഴിൽ, tamilil, thamizhil, tamizhil, tamilla",
    "te-IN": "తెలుగులో, தெலுங்கில், ತೆಲುಗಿನಲ್ಲಿ, തെലുങ്കിൽ, telugulo, telugula",
    "bn-IN": "বাংলায়, বাংলাতে, banglay, banglate, banglai",
    "mr-IN": "मराठीत, मराठीमध्ये, marathit, marathimadhe",
    "gu-IN": "ગુજરાતીમાં, gujaratima",
    "kn-IN": "ಕನ್ನಡದಲ್ಲಿ, ಕನ್ನಡದಲ್ಲೇ, కన్నడలో, கன்னடத்தில், കന്നഡയിൽ, kannadadalli, kannadadali",
    "ml-IN": "മലയാളത്തിൽ, மலையாளத்தில், మలయాళంలో, ಮಲಯಾಳಂನಲ್ಲಿ, malayalathil, malayalattil",
}

_IN_BEFORE = phrases_of("in, dalam, pakai, pake, guna, bằng, sa")
# "Switch to Hindi", but not "talk to the Hindi department".
_TURNING = frozenset({"switch", "change", "shift"})
_IN_AFTER = phrases_of(
    """
    mein, me, mai, main, mey, में, मे, मधे, मध्ये, madhe, madhye, la, le, il, ல, இல், lo, లో, te, তে, ma, maa,
    માં, vich, vichch, ਵਿੱਚ, ਵਿਚ, dalli, nalli, alli, ನಲ್ಲಿ, ಅಲ್ಲಿ, ഇൽ, میں"""
)

# With these beside it, a language needs no "in". A form that tells of speaking in general is not among them.
_SPEAKING = phrases_of(
    """
    speak, talk, prefer, do you know, do you understand,
    bolo, boliye, boliyega, bol, bolen, bolein, बोलो, बोलिए, बोलिये, बोल, बोलें,
    बोला, बोलूया, pesu, pesunga, pesungal, pesungo, pesalama, pesalaama, pesalam, pesuveengala, pesa, பேசு,
    பேசுங்க, பேசுங்கள், பேசவும், பேசலாமா, பேசலாம், பேச, பேசுவீங்களா, பேசுவீர்களா, matladandi, matladu,
    matladagalara, matladara, మాట్లాడండి, మాట్లాడు, మాట్లాడగలరా, మాట్లాడతారా, మాట్లాడుదాం, mathadi, matadi,
    maathadi, matanadi, maatanadi, ಮಾತನಾಡಿ, ಮಾತಾಡಿ, ಮಾತಾಡು, ಮಾತನಾಡಬಹುದಾ, ಮಾತಾಡಬಹುದಾ, samsarikku, samsarikko,
    samsarikkamo, സംസാരിക്കൂ, സംസാരിക്കു, സംസാരിക്കാമോ, സംസാരിക്കുമോ, bolun, bolben, বলুন, বলো, বলবেন, bola,
    bolaa, bolal ka, બોલો, બોલશો, ਬੋਲੋ, بولیں, بولیے, بولو, bicara, berbicara, ngomong, cakap, bercakap, พูด,
    ขอ, nói, nói chuyện, magsalita, mag"""
)
# These count only beside "in the language": "tell me in Hindi", but not "tell me, is Hindi taught there".
_SAYING = phrases_of(
    """
    continue, switch, change, shift,
    reply, answer, respond, explain, converse, communicate, conversation, say, say it, tell,
    repeat, go on, proceed, baat karo, baat kariye, baat karen, baat karein, baat kijiye, baat kar, baat karna,
    baat kare, बात करो, बात करिए, बात कीजिए, बात करें, बात कर, बात करना, batao, bataiye, bataye, batayiye,
    batayen, बताओ, बताइए, बताइये, बताएं, samjhao, samjhaiye, समझाओ, समझाइए, kaho, kahiye, कहो, कहिए, sollu,
    sollunga, sollungal, சொல்லு, சொல்லுங்க, சொல்லுங்கள், கூறுங்கள், cheppandi, cheppu, చెప్పండి, చెప్పు, heli,
    ಹೇಳಿ, parayu, parayamo, പറയൂ, പറയാമോ, kotha bolun, কথা বলুন, sanga, सांगा, vaat karo, વાત કરો, કહો,
    gal karo, gall karo, ਗੱਲ ਕਰੋ, ਦੱਸੋ, بات کریں, بات کیجیے, بتائیں, بتائیے, jawab, jelaskan, trả lời"""
)

# Around a language that is all that was said. Politeness makes a request even of the bare name.
_POLITE = phrases_of(
    """
    please, pls, plz, only, kripya, kripaya, कृपया, प्लीज, प्लीज़, தயவுசெய்து, தயவு செய்து, ப்ளீஸ்,
    dayachesi, దయచేసి, ದಯವಿಟ್ಟು, ദയവായി, দয়া করে, कृपा करून, કૃપા કરીને, ਕਿਰਪਾ ਕਰਕੇ, براہ کرم, tolong, saja,
    aja, po, lang, lang po, ครับ, ค่ะ, ạ"""
)
_BESIDE_THE_POINT = phrases_of(
    """
    ok, okay, yes, no, yeah, yep, oh, uh, um, hello, hi, sir, madam, maam, ji, haan, thanks, thank you,
    language, instead, the, better, now, and, so, actually, sorry, excuse me, bhasha, भाषा, हां, जी, हेलो, ஹலோ,
    ya, na, dong, nhé, vâng, dạ"""
)

_AROUND = PhraseBook({1: _POLITE | _BESIDE_THE_POINT})

# With these the sentence tells or asks about languages, or says which one is not wanted.
_TELLING = phrases_of(
    """
    not, dont, doesnt, didnt, cant, cannot, wont, never, isnt, arent, without, hardly,
    nahi, nahin, mat, नहीं, नही, मत, தெரியாது, வேண்டாம், இல்ல, இல்லை, theriyadhu, theriyathu, vendam, illa,
    రాదు, వద్దు, రావట్లేదు, లేదు, ಬರಲ್ಲ, ಬರುವುದಿಲ್ಲ, ಬೇಡ, അറിയില്ല, വേണ്ട, না, নয়, नको, येत नाही, નથી, નહીં,
    ਨਹੀਂ, نہیں, tidak, nggak, bukan, jangan, tak, ไม่, không nói, không biết, không hiểu, đừng, hindi ako,
    huwag, they, he, she, who, people, everyone, everybody, someone who, parents, mother, father, wife, husband,
    son, daughter, friend, learn, learning, class, classes, course, teach, teacher, book, movie, film, exam,
    song, what, how, why, which, when, where, maine, usne, मैंने, उसने, kaise, kya bolte, kya kehte"""
)
# "I speak Hindi" tells, unless it says that nothing else is spoken; "can I speak Hindi" asks.
_TELLERS = frozenset({"i", "we"})
_WANTING = phrases_of("want, would like, id like, like to, prefer, wish, only, need, lets")
_ASKING = frozenset({"can", "could", "may", "shall", "should", "let", "if"})
# What may stand between the word of speaking and the language.
_BETWEEN = frozenset({"in", "with", "me", "us", "only", "some", "now", "bahasa"})

_CLAUSE_END = re.compile(
    "[,.;:!?\u0964\u0965\u060c\u061f\u06d4\n\u2014]|\\b(?:but|lekin|magar)\\b|लेकिन|मगर|ஆனால்|ஆனா|لیکن", re.IGNORECASE
)
# "from English to Hindi", "Hindi instead of English".
_LEFT_BEHIND = frozenset({"from", "of", "than"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mention:
    """A language in a row of words; `is_in` says that the words mean "in the language"."""

    start: int
    end: int
    tag: str
    is_in: bool


def requested_language(text: str) -> str | None:
    """The BCP 47 tag of the language that the caller asks us to speak; None when they ask for none, or for several."""
    wanted = {tag for clause in _CLAUSE_END.split(text) if (tag := _wanted_in(words_of(clause)))}
    return wanted.pop() if len(wanted) == 1 else None


def _wanted_in(words: tuple[str, ...]) -> str | None:
    mentions = list(_mentions(words))
    if not mentions or _has_any(words, _TELLING):
        return None
    located = [mention for mention in mentions if mention.is_in]
    candidates = located or mentions
    if len({mention.tag for mention in candidates}) > 1:
        return None
    mention = candidates[-1]
    return mention.tag if _is_asked_for(words, mention) else None


def _is_asked_for(words: tuple[str, ...], mention: _Mention) -> bool:
    rest = (*words[: mention.start], *words[mention.end :])
    if not rest or _AROUND.readings(rest):
        return mention.is_in or _has_any(rest, _POLITE)
    if _only_tells(words):
        return False
    if mention.is_in and _has_any(words, _SPEAKING | _SAYING):
        return True
    before = list(words[: mention.start])
    while before and before[-1] in _BETWEEN:
        before.pop()
    after = words[mention.end :]
    return any(tuple(before[-len(phrase) :]) == phrase or after[: len(phrase)] == phrase for phrase in _SPEAKING)


def _only_tells(words: tuple[str, ...]) -> bool:
    """Whether the words say what the speaker does: "I speak Hindi", "we talk in Hindi"."""
    tellers = [n for n, word in enumerate(words) if word in _TELLERS]
    asks = any(n > 0 and words[n - 1] in _ASKING for n in tellers)
    wants = _has_any(words, _WANTING)
    return bool(tellers) and not asks and not wants


def _mentions(words: tuple[str, ...]) -> Iterator[_Mention]:
    place = 0
    is_turned = not _TURNING.isdisjoint(words)
    while place < len(words):
        length = next((n for n in range(_LONGEST_NAME, 0, -1) if words[place : place + n] in _LANGUAGES), 0)
        if length == 0:
            place += 1
            continue
        tag, is_in = _LANGUAGES[words[place : place + length]]
        start, end = place, place + length
        place = end
        if words[end : end + 1] in _IN_AFTER:
            end, is_in = end + 1, True
        elif words[start - 1 : start] in _IN_BEFORE or (words[start - 1 : start] == ("to",) and is_turned):
            start, is_in = start - 1, True
        if start == 0 or words[start - 1] not in _LEFT_BEHIND:
            yield _Mention(start=start, end=end, tag=tag, is_in=is_in)


def _has_any(words: tuple[str, ...], phrases: frozenset[tuple[str, ...]]) -> bool:
    joined = f" {' '.join(words)} "
    return any(f" {' '.join(phrase)} " in joined for phrase in phrases)


def _table(names: Mapping[str, str], *, is_in: bool) -> dict[tuple[str, ...], tuple[str, bool]]:
    return {phrase: (tag, is_in) for tag, listed in names.items() for phrase in phrases_of(listed)}


_LANGUAGES = _table(_NAMES, is_in=False) | _table(_NAMES_IN, is_in=True)
_LONGEST_NAME = max(map(len, _LANGUAGES))
