"""Whether a user asks for replies as voice notes, or as text again. Pure.

A part of a message asks when it is made of nothing but words of asking ("send voice", "kripya voice note bhejo"), or
begins with an order to us and ends with the form ("explain it in a voice note"). What is in doubt asks for nothing.
Native speakers should review all languages but English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntFlag, StrEnum

from shared.domain.spoken.phrases import PhraseBook, phrases_of
from shared.domain.spoken.words import words_of


class ReplyForm(StrEnum):
    """In which form a user wants replies."""

    VOICE = "voice"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRequest:
    """What a message asks for. `is_all`: it says nothing else, so there is nothing for an agent to answer."""

    form: ReplyForm
    is_all: bool


class _Role(IntFlag):
    """ORDER tells us to do something, WANT says what the user wishes: both together speak of the user's own doing."""

    VOICE = 1
    TEXT = 2
    ORDER = 4
    WANT = 8
    POLITE = 16


_VOICE = """
    voice, voice note, voice notes, voicenote, voicenotes, voice message, voice messages, voice msg, voice msgs,
    voice reply, voice replies, voice clip, voice recording, audio, audio note, audio notes, audio message,
    audio messages, audio msg, audio reply, audio clip, not text, no text, instead of text, rather than text,
    awaaz, awaz, aawaz, आवाज, आवाज़, वॉइस, वॉयस, वाइस, वॉइस नोट, वॉयस नोट, वॉइस मैसेज, वॉयस मैसेज, ऑडियो, ऑडियो मैसेज,
    बोलकर, बोल कर, bolkar, bol kar, sunakar, सुनाकर, आवाजात,
    குரல், குரல் செய்தி, குரல் பதிவு, குரலில், குரல்ல, வாய்ஸ், வாய்ஸ் நோட், வாய்ஸ் மெசேஜ், ஆடியோ, kural, kural seithi,
    వాయిస్, వాయిస్ నోట్, వాయిస్ మెసేజ్, ఆడియో, ವಾಯ್ಸ್, ವಾಯ್ಸ್ ನೋಟ್, ವಾಯ್ಸ್ ಮೆಸೇಜ್, ಆಡಿಯೋ, വോയ്സ്, വോയ്സ് നോട്ട്,
    വോയ്സ് മെസേജ്, ഓഡിയോ, ভয়েস, ভয়েস নোট, ভয়েস মেসেজ, অডিও, व्हॉइस, व्हॉइस नोट, व्हॉइस मेसेज, વોઇસ, વોઇસ નોટ,
    વોઇસ મેસેજ, ਵੌਇਸ ਨੋਟ, ਵੌਇਸ ਮੈਸੇਜ, وائس نوٹ, وائس میسج, suara, pesan suara, mesej suara, เสียง, ข้อความเสียง,
    tin nhắn thoại, giọng nói, boses
"""
_TEXT = """
    text, texts, text message, text messages, text msg, text reply, in writing, written, written form, written reply,
    typed, not voice, no voice, no voice notes, no voice messages, not audio, no audio, not in voice,
    not as voice notes, instead of voice, instead of voice notes, rather than voice,
    likhkar, likh kar, likh ke, likhit, लिखकर, लिख कर, लिख के, लिखित, टेक्स्ट, टेक्स्ट मैसेज, लिहून,
    எழுத்து, எழுத்தில், எழுதி, டெக்ஸ்ட், ezhuthi, eluthi, రాసి, టెక్స్ట్, ಬರೆದು, ಟೆಕ್ಸ್ಟ್, എഴുതി, ടെക്സ്റ്റ്,
    লিখে, টেক্সট, લખીને, ટેક્સ્ટ, ਲਿਖ ਕੇ, ٹیکسٹ, teks, tulisan, ข้อความ, tin nhắn, văn bản
"""
# These say by themselves what is not wanted.
_REFUSED_VOICE = """
    dont send voice, dont send voice notes, dont send voice messages, dont send me voice notes, dont send audio,
    do not send voice notes, do not send voice messages, stop sending voice notes, stop sending voice messages,
    stop voice notes, stop the voice notes, no more voice notes, no more voice messages, i cant listen,
    i cannot listen, i cant listen now, i cant listen right now, i cant play audio, i cant hear,
    voice note mat bhejo, voice mat bhejo, audio mat bhejo, voice nahi chahiye, वॉइस नोट मत भेजो, वॉइस मत भेजो,
    வாய்ஸ் வேண்டாம், குரல் செய்தி வேண்டாம், voice vendam
"""
_ORDERS = """
    reply, answer, respond, send, send me, send it, tell, tell me, say, say it, speak, speak it, talk, talk to me,
    give, give me, use, explain, explain it, repeat, repeat it, repeat that, read it out, read it to me, write,
    write to me, write back, write it, type, type it, switch, switch to, change, change to, go back to, back to,
    continue, communicate, i want you to, i would like you to, id like you to, i prefer you to, reply to me,
    reply me, reply back, answer me, respond to me,
    bhejo, bhej do, bhejiye, bhejiyega, bhej dijiye, bhejna, bhejdo, batao, bata do, bataiye, bataye, batana, bolo,
    boliye, jawab do, jawab dijiye, jawab dena, jawaab do, reply karo, reply kijiye, reply kare, reply karna, karo,
    bhej sakte hain, bhej sakte ho, bata sakte hain, bata sakte ho, भेज सकते हैं, बता सकते हैं,
    kijiye, do, dijiye, de do, sunao, sunaiye, likho, likhiye, samjhao, samjhaiye,
    भेजो, भेज दो, भेजिए, भेजिये, भेज दीजिए, भेजें, बताओ, बताइए, बताइये, बताएं, बोलो, बोलिए, जवाब दो, जवाब दीजिए, जवाब दें,
    उत्तर दीजिए, दो, दीजिए, दें, करो, करें, कीजिए, सुनाओ, सुनाइए, लिखो, लिखिए, समझाओ, समझाइए, पाठवा, सांगा,
    அனுப்பு, அனுப்புங்க, அனுப்புங்கள், அனுப்பவும், சொல்லு, சொல்லுங்க, சொல்லுங்கள், பேசுங்க, பேசுங்கள், பதில் சொல்லுங்கள்,
    பதிலளிக்கவும், அனுப்ப முடியுமா, anuppu, anuppunga, anuppungal, sollu, sollunga, sollungal, pesunga,
    పంపండి, పంపు, చెప్పండి, pampandi, pampu, cheppandi, ಕಳಿಸಿ, ಕಳುಹಿಸಿ, ಹೇಳಿ, kalisi, heli, അയക്കൂ, അയയ്ക്കൂ, പറയൂ,
    ayakku, parayu, পাঠান, পাঠাও, বলুন, pathan, pathao, bolun, pathva, sanga, મોકલો, કહો, moklo, ਭੇਜੋ, ਦੱਸੋ, بھیجیں,
    بھیجو, بتائیں, kirim, kirimkan, balas, jawab, hantar, hantarkan, ส่ง, ตอบ, gửi, trả lời, magpadala
"""
_WANTS = """
    i want, i need, i prefer, i would prefer, id prefer, i would like, id like, i like, can i have, can i get,
    may i have,     could i have, could i get, chahiye, mujhe, चाहिए, मुझे, வேண்டும், வேணும், venum, vendum, కావాలి, kavali,
    ಬೇಕು, beku, വേണം, venam, চাই, chai, हवा, हवे, જોઈએ, ਚਾਹੀਦਾ, چاہیے, mau, ingin, nak, ขอ, muốn
"""
_POLITE = """
    please, pls, plz, plss, kindly, can you, could you, would you, will you, can u, could u, if possible, if you can,
    kripya, kripaya, कृपया, प्लीज, प्लीज़, தயவுசெய்து, தயவு செய்து, ப்ளீஸ், దయచేసి, dayachesi, ದಯವಿಟ್ಟು, ദയവായി,
    দয়া করে, कृपा करून, કૃપા કરીને, ਕਿਰਪਾ ਕਰਕੇ, براہ کرم, tolong, sila, ครับ, ค่ะ, ạ, po, kya aap, क्या आप,
    sakte hain, sakte ho, सकते हैं, सकते हो
"""
_BESIDE_THE_POINT = """
    a, an, the, in, as, by, with, via, through, on, using, only, instead, now, from now on, from now, always, again,
    me, it, that, this, to me, to have, to get, to hear, to receive, form, format, mode, ok, okay, yes, oh, and, so,
    actually, sorry, hi, hello, hey, sir, madam, maam, ji, haan, thanks, thank you, your, answer, reply, replies,
    answers, the answer, the reply, your answer, your reply, your answers, your replies, next, the next one, for me,
    mein, me, main, mai, se, ka, ki, ek, hi, ab, mujhe, में, मे, से, एक, ही, अब, मध्ये, का, की, la, லே, ல, ஒரு, oru,
    lo, లో, ఒక, ನಲ್ಲಿ, ഒരു, একটা, એક, saja, dengan, pakai, dalam, bằng, bhi, भी, aap, आप, ஆக, ah, aa, reply mein
"""


def _preceded(before: str, listed: str) -> frozenset[tuple[str, ...]]:
    return frozenset((*first, *phrase) for first in phrases_of(before) for phrase in phrases_of(listed))


_BOOK = PhraseBook(
    {
        _Role.VOICE: phrases_of(_VOICE),
        _Role.TEXT: phrases_of(_TEXT),
        _Role.TEXT | _Role.ORDER: phrases_of(_REFUSED_VOICE),
        _Role.ORDER: phrases_of(_ORDERS),
        _Role.WANT: phrases_of(_WANTS),
        _Role.POLITE: phrases_of(_POLITE),
        0: phrases_of(_BESIDE_THE_POINT),
    }
)
_OPENING = PhraseBook({_Role.ORDER: phrases_of(_ORDERS), _Role.POLITE: phrases_of(_POLITE)})
_CLOSING = PhraseBook(
    {
        _Role.VOICE: _preceded(
            "in, in a, in an, as, as a, as an, by, by a, with a, with an, via, via a, through a",
            """voice, voice note, voice notes, voicenote, voice message, voice messages, voice msg, audio, audio note,
            audio message, audio clip""",
        ),
        _Role.TEXT: _preceded("in, in a, as, as a, by, via", "text, text message, writing, text form, written form"),
        _Role.POLITE: phrases_of("please, pls, plz, only, instead, thanks, thank you"),
    }
)
_LONGEST_OPENING, _LONGEST_CLOSING = 5, 8
_LONGEST_MESSAGE_WORDS = 80
# "Explain the report I sent in a voice note" is about what the user did.
_OWN_DOING = frozenset({"i", "ive", "we", "weve", "my", "our", "he", "she", "they"})

_CLAUSE_END = re.compile("[,.;:!?\u0964\u0965\u060c\u061f\u06d4\n\u2014]|\\b(?:but|lekin|magar|par)\\b|लेकिन|मगर|ஆனால்|ஆனா")


def requested_form(text: str) -> FormRequest | None:
    """The form that the user asks for; None when they ask for none, or for both."""
    clauses = [words for clause in _CLAUSE_END.split(text.casefold()) if (words := words_of(clause))]
    if sum(map(len, clauses)) > _LONGEST_MESSAGE_WORDS:
        return None
    asked = [(_asked_alone(words), _asked_at_the_end(words), words) for words in clauses]
    forms = {alone or at_end for alone, at_end, _ in asked} - {None}
    if len(forms) != 1:
        return None
    (form,) = forms
    assert form is not None
    is_all = all(alone is not None or _is_beside_the_point(words) for alone, _, words in asked)
    return FormRequest(form=form, is_all=is_all)


def _asked_alone(words: tuple[str, ...]) -> ReplyForm | None:
    """The form, if the words are a request and nothing else."""
    forms = {form for reading in _BOOK.readings(words) if (form := _form_of(reading)) is not None}
    return forms.pop() if len(forms) == 1 else None


def _form_of(reading: int) -> ReplyForm | None:
    asks = reading & (_Role.ORDER | _Role.WANT | _Role.POLITE)
    if not asks or (reading & _Role.ORDER and reading & _Role.WANT):
        return None
    match reading & (_Role.VOICE | _Role.TEXT):
        case _Role.VOICE:
            return ReplyForm.VOICE
        case _Role.TEXT:
            return ReplyForm.TEXT
    return None


def _asked_at_the_end(words: tuple[str, ...]) -> ReplyForm | None:
    """The form, if the words begin with an order to us and end with how it is to be carried out."""
    if not any(
        reading & _Role.ORDER for n in range(1, _LONGEST_OPENING + 1) for reading in _OPENING.readings(words[:n])
    ):
        return None
    if not _OWN_DOING.isdisjoint(words):
        return None
    for length in range(min(_LONGEST_CLOSING, len(words) - 1), 0, -1):
        for reading in _CLOSING.readings(words[-length:]):
            if reading & _Role.VOICE:
                return ReplyForm.VOICE
            if reading & _Role.TEXT:
                return ReplyForm.TEXT
    return None


def _is_beside_the_point(words: tuple[str, ...]) -> bool:
    return any(not reading & (_Role.VOICE | _Role.TEXT) for reading in _BOOK.readings(words))
