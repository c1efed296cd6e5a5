"""Whether a caller says goodbye. Pure, and careful: what is in doubt is left to the agent, who can ask.

Native speakers should review all languages but English.
"""

from __future__ import annotations

from enum import IntFlag
from functools import lru_cache

from shared.domain.spoken.backchannels import backchannels_of
from shared.domain.spoken.phrases import PhraseBook, phrases_of, primary_language
from shared.domain.spoken.words import words_of


class _Role(IntFlag):
    """COURTESY says nothing about the end; ENOUGH ends the call only with THANKS, for it may be an answer."""

    COURTESY = 1
    THANKS = 2
    ENOUGH = 4
    GOODBYE = 8


_GOODBYES = {
    "en": """bye, bye bye, byebye, bubye, buh bye, bye for now, goodbye, good bye, see you, see ya, see you later,
        see you soon, see you then, see you tomorrow, talk to you later, talk to you soon, talk later, talk soon,
        good night, goodnight, have a good day, have a nice day, have a great day, have a lovely day, have a good one,
        have a good evening, have a nice evening, have a good night, take care, catch you later, ta ta,
        you can hang up, you may hang up, please hang up, end the call, you can end the call, disconnect the call,
        cut the call, ill hang up, ill hang up now, im hanging up""",
    "hi": """अलविदा, बाय, बाय बाय, गुड बाय, गुडबाय, टा टा, फिर मिलेंगे, फिर बात करेंगे, फिर बात करते हैं, शुभ रात्रि, गुड नाइट,
        खुदा हाफिज, खुदा हाफ़िज़, अल्लाह हाफिज, फोन रखता हूं, फोन रखती हूं, रखता हूं, रखती हूं, फोन रख रहा हूं, फोन रख रही हूं,
        फ़ोन रखता हूं, फ़ोन रखती हूं, फोन रख दीजिए, फोन काट दीजिए, कॉल काट दीजिए,
        alvida, phir milenge, fir milenge, phir baat karenge, fir baat karenge, phir baat karte hain, shubh ratri,
        khuda hafiz, allah hafiz, phone rakhta hoon, phone rakhti hoon, phone rakhta hun, phone rakhti hun,
        rakhta hoon, rakhti hoon, rakhta hun, rakhti hun, phone rakh dijiye, call kaat dijiye, phone kaat dijiye""",
    "ta": """பை, பை பை, குட் பை, குட்பை, டாடா, போய் வருகிறேன், போயிட்டு வரேன், போயிட்டு வர்றேன், விடைபெறுகிறேன்,
        போனை வைக்கிறேன், போன் வைக்கிறேன், வைக்கிறேன், வச்சிடுறேன், பிறகு பேசலாம், அப்புறம் பேசலாம், மீண்டும் சந்திப்போம்,
        poitu varen, poittu varen, poyittu varen, vaikkiren, vekkiren, vechidren, vachidren, apram pesalam,
        apparam pesalam, appuram pesalam, piragu pesalam""",
    "te": """బై, బై బై, ఉంటాను, ఉంటానండి, ఉంటా, మళ్ళీ కలుద్దాం, మళ్లీ కలుద్దాం, వీడ్కోలు, ఫోన్ పెట్టేస్తాను, ఫోన్ పెట్టేస్తున్నాను,
        untanu, untanandi, malli kaluddam, phone pettestanu""",
    "bn": """বাই, বাই বাই, বিদায়, আবার দেখা হবে, আবার কথা হবে, রাখছি, ফোন রাখছি, রাখি তাহলে,
        biday, abar dekha hobe, abar kotha hobe, rakhchi, phone rakhchi""",
    "mr": """बाय, बाय बाय, पुन्हा भेटू, परत भेटू, ठेवतो, ठेवते, फोन ठेवतो, फोन ठेवते,
        punha bhetu, parat bhetu, thevto, thevte, phone thevto, phone thevte""",
    "gu": "આવજો, બાય, બાય બાય, ફરી મળીશું, ફોન મૂકું છું, aavjo, avjo, fari malishu, phone muku chu",
    "kn": """ಬೈ, ಬೈ ಬೈ, ವಿದಾಯ, ಮತ್ತೆ ಸಿಗೋಣ, ಮತ್ತೆ ಮಾತಾಡೋಣ, ಇಡ್ತೀನಿ, ಫೋನ್ ಇಡ್ತೀನಿ, ಫೋನ್ ಇಡುತ್ತೇನೆ,
        matte sigona, matte matadona, idtini, phone idtini""",
    "ml": """ബൈ, ബൈ ബൈ, വിട, പിന്നെ കാണാം, പിന്നെ വിളിക്കാം, വെക്കട്ടെ, വയ്ക്കട്ടെ, ഫോൺ വെക്കട്ടെ, ഫോൺ വയ്ക്കട്ടെ,
        pinne kanam, pinne kaanam, pinne vilikkam, vekkatte, phone vekkatte""",
    "pa": "ਅਲਵਿਦਾ, ਬਾਏ, ਬਾਏ ਬਾਏ, ਫਿਰ ਮਿਲਾਂਗੇ, ਰੱਬ ਰਾਖਾ, phir milange, rab rakha, rabb rakha",
    "ur": "خدا حافظ, اللہ حافظ, الوداع, بائے, بائے بائے, پھر ملیں گے, پھر بات کریں گے, شب بخیر",
    "id": "dadah, dah, da dah, sampai jumpa, sampai jumpa lagi, sampai nanti, sampai ketemu lagi, selamat tinggal",
    "ms": "selamat tinggal, jumpa lagi, kita jumpa lagi, bai, bai bai, babai",
    "th": "ลาก่อน, บาย, บายบาย, บ๊ายบาย, บ๊ายบ่าย, ไว้คุยกันใหม่, แล้วเจอกัน",
    "vi": "tạm biệt, tạm biệt nhé, bai, bai bai, hẹn gặp lại, hẹn gặp lại nhé, bye nhé",
    "fil": "paalam, paalam na, babay, ba bye, hanggang sa muli, ingat, ingat po",
}

# "That's all" may be the end of a list of symptoms, "namaste" a greeting, "Tata" a company: with thanks they are ends.
_ENOUGH = {
    "en": """thats all, that is all, thats it, that is it, thatll be all, that will be all, that would be all,
        thatd be all, that was all, that was it, thats everything, thats all i needed, thats all i wanted,
        thats all i wanted to know, nothing else, nothing more, no more questions, im done, i am done, im good,
        im all set, all done, we are done, were done, i have to go, i need to go, i must go, ive got to go, gotta go,
        tata, namaste, namaskar""",
    "hi": """बस, बस इतना ही, बस इतना ही था, इतना ही, इतना ही था, बस यही, बस यही था, यही था, और कुछ नहीं, कुछ नहीं,
        कुछ और नहीं, बस हो गया, हो गया, टाटा, नमस्ते, नमस्कार, प्रणाम, राम राम,
        bas, bas itna hi, bas itna hi tha, itna hi, itna hi tha, bas yahi, bas yehi, bas yahi tha, bas yehi tha,
        aur kuch nahi, aur kuch nahin, kuch nahi, kuch nahin, bas ho gaya, ho gaya, pranam, ram ram""",
    "ta": """அவ்வளவுதான், அவ்வளவு தான், அவ்ளோதான், அவ்ளோ தான், வேற ஒன்னும் இல்ல, வேற எதுவும் இல்ல, வேறு ஒன்றும் இல்லை,
        வேறு எதுவும் இல்லை, போதும், வணக்கம், avlodhan, avlothan, avlo than, avlo dhan, avvalavuthan, avvalavu than,
        vera onnum illa, vera ethuvum illa, podhum, pothum, vanakkam""",
    "te": "అంతే, అంతేనండి, ఇంకేం లేదు, ఇంకేమీ లేదు, చాలు, నమస్కారం, anthe, ante, inkem ledu, inkemi ledu, chalu",
    "bn": "এটুকুই, এইটুকুই, আর কিছু না, আর কিছু নেই, ব্যস, নমস্কার, etukui, eituku, ar kichu na, ar kichu nei",
    "mr": "बस, इतकंच, एवढंच, अजून काही नाही, बाकी काही नाही, नमस्कार, itkach, evdhach, baki kahi nahi",
    "gu": "બસ, બસ એટલું જ, એટલું જ, બીજું કંઈ નહીં, નમસ્તે, bas, bas etlu j, etlu j, biju kai nahi",
    "kn": "ಅಷ್ಟೇ, ಇಷ್ಟೇ, ಬೇರೆ ಏನೂ ಇಲ್ಲ, ಸಾಕು, ನಮಸ್ಕಾರ, ashte, ishte, bere enu illa, saaku",
    "ml": """അത്രേയുള്ളൂ, അത്രയേയുള്ളൂ, അത്രേ ഉള്ളൂ, വേറെ ഒന്നുമില്ല, വേറൊന്നുമില്ല, മതി, നമസ്കാരം,
        athre ullu, athreyullu, vere onnumilla, mathi""",
    "pa": "ਬੱਸ, ਬਸ, ਬੱਸ ਇੰਨਾ ਹੀ, ਹੋਰ ਕੁਝ ਨਹੀਂ, ਸਤ ਸ੍ਰੀ ਅਕਾਲ, bas, bas inna hi, hor kuch nahi, sat sri akal",
    "ur": "بس, بس اتنا ہی, بس اتنا ہی تھا, اور کچھ نہیں, کچھ نہیں",
    "id": "itu saja, itu aja, sudah cukup, cukup, sudah, tidak ada lagi, nggak ada lagi, gak ada lagi",
    "ms": "itu saja, itu sahaja, tak ada apa lagi, tiada apa lagi, cukup",
    "th": "แค่นี้, แค่นี้แหละ, เท่านี้, เท่านี้แหละ, ไม่มีอะไรแล้ว, สวัสดี",
    "vi": """thế thôi, vậy thôi, chỉ vậy thôi, chỉ thế thôi, hết rồi, không còn gì nữa, chào anh, chào chị, chào em,
        chào bạn, xin chào""",
    "fil": "yun lang, yun lang po, iyon lang, iyon lang po, iyun lang, wala na, wala na po",
}

_THANKS = {
    "en": """thank you, thankyou, thanks, thank you so much, thank you very much, thanks a lot, thanks so much,
        many thanks, i appreciate it, much appreciated, appreciate it""",
    "hi": """धन्यवाद, शुक्रिया, मेहरबानी, थैंक यू, थैंक्यू, थैंक्स, dhanyavaad, dhanyavad, dhanyawad, dhanyawaad, shukriya,
        shukria, meherbani""",
    "ta": """நன்றி, ரொம்ப நன்றி, மிக்க நன்றி, ரொம்ப தேங்க்ஸ், தேங்க்ஸ், தேங்க் யூ, தேங்க்யூ, nandri, nanri, romba nandri,
        romba thanks""",
    "te": "ధన్యవాదాలు, ధన్యవాదములు, థాంక్స్, థ్యాంక్స్, థాంక్యూ, థ్యాంక్యూ, dhanyavadalu, dhanyavaadalu",
    "bn": "ধন্যবাদ, অনেক ধন্যবাদ, থ্যাংক ইউ, থ্যাঙ্ক ইউ, থ্যাংকস, dhonnobad, onek dhonnobad",
    "mr": "धन्यवाद, आभारी आहे, थँक यू, थँक्यू, थँक्स, dhanyavad, dhanyawad, abhari aahe",
    "gu": "આભાર, ધન્યવાદ, થેંક યુ, થેન્ક યુ, થેંક્સ, ખૂબ આભાર, aabhar, abhar, khub aabhar, dhanyavad",
    "kn": "ಧನ್ಯವಾದ, ಧನ್ಯವಾದಗಳು, ಥ್ಯಾಂಕ್ಸ್, ಥ್ಯಾಂಕ್ ಯೂ, dhanyavada, dhanyavadagalu",
    "ml": "നന്ദി, വളരെ നന്ദി, താങ്ക്സ്, താങ്ക് യൂ, താങ്ക്യൂ, nanni, nandi, valare nanni",
    "pa": "ਧੰਨਵਾਦ, ਸ਼ੁਕਰੀਆ, ਮਿਹਰਬਾਨੀ, ਥੈਂਕ ਯੂ, dhannvad, dhanwad, shukriya, meharbani",
    "ur": "شکریہ, بہت شکریہ, مہربانی, تھینک یو",
    "id": "terima kasih, makasih, terima kasih banyak, makasih banyak, trims",
    "ms": "terima kasih, terima kasih banyak",
    "th": "ขอบคุณ, ขอบคุณมาก, ขอบคุณมากๆ, ขอบใจ",
    "vi": """cảm ơn, cám ơn, cảm ơn nhiều, cám ơn nhiều, cảm ơn bạn, cảm ơn anh, cảm ơn chị, cảm ơn em, xin cảm ơn,
        cảm ơn bạn nhiều, cảm ơn anh nhiều, cảm ơn chị nhiều""",
    "fil": "salamat, salamat po, maraming salamat, maraming salamat po",
}

_COURTESIES = {
    "en": """no, nope, nah, well, so, then, now, again, perfect, super, cool, and, but, so much, very much, a lot,
        for your help, for the help, for all your help, for helping, for helping me, for your time, for everything,
        for the information, for the info, for calling, for now, for today, today, from my side, from me, i think,
        that helps, you too, same to you, sir, madam, maam, doctor, dear, please, everyone, bro, brother, sister""",
    "hi": """चलो, चलिए, तो, फिर, अब, बहुत, बहुत बहुत, आपका, आपका बहुत, नहीं, नही, मैडम, सर, जी नहीं, भैया, दीदी, अभी के लिए,
        chalo, chaliye, to, toh, phir, fir, ab, bahut, bahut bahut, aapka, aapka bahut, nahi, nahin, bhaiya, didi,
        abhi ke liye""",
    "ta": "இல்ல, இல்லை, சார், மேடம், அப்போ, அப்ப, illa, illai, appo, appa",
    "te": "లేదు, అండి, సార్, మేడం, ledu, andi",
    "bn": "না, তাহলে, দাদা, দিদি, আপনাকে, na, tahole, apnake",
    "mr": "नाही, मग, चला, सर, मॅडम, nahi, mag, chala",
    "gu": "ના, ચાલો, તો, na, chalo",
    "kn": "ಇಲ್ಲ, ಸರ್, ಮೇಡಂ, illa",
    "ml": "ഇല്ല, എന്നാൽ, സാർ, മാഡം, illa, ennal",
    "pa": "ਨਹੀਂ, ਚੰਗਾ ਜੀ, ਚਲੋ, ਤੁਹਾਡਾ, ਬਹੁਤ, nahi, tuhada, bahut",
    "ur": "نہیں, جی نہیں, چلیں, چلو, تو, پھر, بہت, آپ کا, آپ کا بہت",
    "id": "tidak, nggak, kalau begitu, deh, dulu, pak, bu, mas, mbak, kak, atas bantuannya",
    "ms": "tidak, tak, kalau begitu, encik, puan, cik",
    "th": "ไม่, ไม่ครับ, ไม่ค่ะ, นะ, นะคะ, นะครับ, คะ, จ้า, งั้น",
    "vi": "không, thôi, nhé, nha, anh, chị, em, bạn",
    "fil": "po, na, naman, hindi, hindi na po, wala",
}


def is_farewell(text: str, language: str) -> bool:
    """Whether an utterance is a goodbye and nothing else, in the call's language (BCP 47), English or Hindi.

    "Okay, thank you, bye" is one. Words that may end a list as well ("that's all") need thanks beside them. A question
    is none, nor is a sentence that only mentions a goodbye.
    """
    if text.rstrip().endswith(("?", "\u061f")):
        return False
    readings = _book(primary_language(language)).readings(words_of(text))
    return any(_Role.GOODBYE & reading or {_Role.THANKS, _Role.ENOUGH} <= set(_Role(reading)) for reading in readings)


@lru_cache(maxsize=64)
def _book(language: str) -> PhraseBook:
    listed = {
        _Role.GOODBYE: _GOODBYES,
        _Role.ENOUGH: _ENOUGH,
        _Role.THANKS: _THANKS,
        _Role.COURTESY: _COURTESIES,
    }
    phrases = {
        int(role): frozenset().union(*(phrases_of(table.get(known, "")) for known in ("en", "hi", language)))
        for role, table in listed.items()
    }
    courtesy = int(_Role.COURTESY)
    return PhraseBook({**phrases, courtesy: phrases[courtesy] | backchannels_of(language)})
