"""What the clinic tells those who ask in Hindi, in either script: documents as an operator would upload them."""

from __future__ import annotations

from dataclasses import dataclass

MARKDOWN = "text/markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoDocument:
    """A Markdown file of one agent; its headings are what people ask, offline its sentences are the answers."""

    agent_id: str
    title: str
    text: str


_RECEPTION_HINDI = """\
# रिसेप्शन

## क्लिनिक कब खुलता है और कब बंद होता है: समय, टाइमिंग, कितने बजे

क्लिनिक सोमवार से शुक्रवार सुबह 8 बजे से रात 8 बजे तक और शनिवार को सुबह 9 बजे से दोपहर 2 बजे तक खुला रहता है। \
रविवार और सरकारी छुट्टियों पर क्लिनिक बंद रहता है।

## क्लिनिक कहाँ है: पता, रास्ता, लोकेशन

हमारा पता है: 24, 100 फ़ीट रोड, इंदिरानगर, बेंगलुरु, लेकसाइड मेट्रो पिलर 118 के सामने। इंदिरानगर मेट्रो स्टेशन से \
पैदल पाँच मिनट लगते हैं।

## पार्किंग, गाड़ी कहाँ खड़ी करें

मरीज़ों के लिए बेसमेंट में मुफ़्त पार्किंग है। प्रवेश 12वीं मेन से है।

## कौन से डॉक्टर हैं

डॉ. काव्या राव और डॉ. इमरान शेख हमारे फ़ैमिली डॉक्टर हैं। बच्चों को डॉ. लीला मेनन देखती हैं, और त्वचा के डॉक्टर \
अर्जुन नायर हैं।

## बच्चों के डॉक्टर और टीका

डॉ. लीला मेनन सोमवार से शुक्रवार सुबह 10 बजे से शाम 4 बजे तक बच्चों को देखती हैं। बच्चों के टीके बुधवार को लगते हैं।

## खून की जाँच, ब्लड टेस्ट और लैब का समय

खून का सैंपल सोमवार से शुक्रवार सुबह 8 से 11 बजे तक और शनिवार को सुबह 9 से 11 बजे तक लिया जाता है। रिपोर्ट अगले कामकाजी \
दिन शाम 6 बजे तक मिल जाती है।

## जाँच की रिपोर्ट कब और कैसे मिलेगी

रिपोर्ट तैयार होते ही हम उसे WhatsApp पर भेज देते हैं। छपी हुई कॉपी रिसेप्शन से भी ले सकते हैं।

## इमरजेंसी, आपातकाल, एम्बुलेंस

इमरजेंसी में तुरंत 112 पर फ़ोन करें। हमारे यहाँ इमरजेंसी वार्ड नहीं है; सबसे पास का ओल्ड एयरपोर्ट रोड पर मणिपाल हॉस्पिटल में है।

## बुखार, दर्द, तबीयत खराब, बीमारी, दवा की खुराक

मैं इलाज की सलाह नहीं दे सकती, पर डॉक्टर आपको अक्सर उसी दिन देख सकते हैं। सीने में दर्द या साँस की तकलीफ़ हो तो \
तुरंत 112 पर फ़ोन करें।

## संपर्क, फ़ोन नंबर

फ़ोन और WhatsApp पर हमारा नंबर 080 4711 2233 है। ई-मेल hello@lakeside-clinic.example है।
"""

_APPOINTMENTS_HINDI = """\
# अपॉइंटमेंट

## अपॉइंटमेंट कैसे लें, बुक करना, डॉक्टर से मिलना

अपॉइंटमेंट के लिए डॉक्टर का नाम और दिन बता दीजिए। क्लिनिक के समय में पंद्रह मिनट के अंदर WhatsApp पर समय पक्का कर दिया जाता है।

## अपॉइंटमेंट बदलना, आगे बढ़ाना, दूसरा समय

अपॉइंटमेंट दो घंटे पहले तक मुफ़्त में बदला जा सकता है। बस पुराना और नया समय बता दीजिए।

## अपॉइंटमेंट रद्द करना, कैंसिल करना

अपॉइंटमेंट दो घंटे पहले तक मुफ़्त में रद्द किया जा सकता है। उसके बाद 200 रुपये लगते हैं।

## साथ क्या लाना है, कौन से कागज़

फ़ोटो पहचान पत्र, पुरानी रिपोर्ट और अपनी दवाओं की सूची साथ लाएँ। पहली बार दस मिनट पहले आएँ।

## जाँच से पहले खाली पेट, फ़ास्टिंग

शुगर और कोलेस्ट्रॉल की जाँच से पहले दस घंटे कुछ न खाएँ। पानी पी सकते हैं।

## बिना अपॉइंटमेंट आना

बिना अपॉइंटमेंट भी आ सकते हैं, पर अपॉइंटमेंट वाले पहले देखे जाते हैं। आम तौर पर तीस से साठ मिनट इंतज़ार होता है।
"""

_BILLING_HINDI = """\
# फ़ीस और बिल

## डॉक्टर की फ़ीस कितनी है, परामर्श शुल्क, कितने रुपये, खर्च

फ़ैमिली डॉक्टर की फ़ीस 600 रुपये है। बच्चों और त्वचा के विशेषज्ञ की फ़ीस 900 रुपये है।

## भुगतान कैसे करें, पेमेंट, पैसे देना

आप UPI (जैसे Google Pay), कार्ड या नकद से भुगतान कर सकते हैं। चाहें तो हम WhatsApp पर पेमेंट लिंक भेज देते हैं।

## बीमा, इंश्योरेंस

स्टार हेल्थ, एचडीएफ़सी एर्गो, आईसीआईसीआई लोम्बार्ड और निवा बूपा का बीमा बिना पहले भुगतान के चलता है। बाकी कंपनियों में \
पहले भुगतान करना होता है, और क्लेम में हम मदद करते हैं।

## रिफ़ंड, पैसे वापस कब मिलेंगे

रिफ़ंड पाँच से सात कामकाजी दिनों में आपके खाते में आ जाता है। पैसे उसी तरीके से वापस आते हैं जिससे दिए गए थे।

## ब्लड टेस्ट और शुगर जाँच की कीमत, कितने की है

शुगर की जाँच 150 रुपये की और कम्प्लीट ब्लड काउंट 350 रुपये का है। बाकी जाँचों की कीमत रिसेप्शन बता देगा।

## हेल्थ चेक-अप पैकेज, चेकअप कितने का है

बेसिक हेल्थ चेक-अप 1,499 रुपये का और फ़ुल चेक-अप 3,999 रुपये का है। दोनों में डॉक्टर का परामर्श शामिल है।

## वीडियो परामर्श की फ़ीस

वीडियो परामर्श की फ़ीस 500 रुपये है और पहले देनी होती है।

## बिल और रसीद

बिल हर विज़िट के बाद WhatsApp पर आ जाता है। भुगतान करते ही रसीद भी आ जाती है।
"""

_RECEPTION_HINGLISH = """\
# Reception

## Clinic kab khulta hai aur kab band hota hai: timing, samay, kitne baje

Clinic Monday se Friday subah 8 baje se raat 8 baje tak aur Saturday ko subah 9 baje se dopahar 2 baje tak khula rehta \
hai. Sunday aur sarkari chhutti ke din clinic band rehta hai.

## Clinic kahan hai: address, pata, location, rasta

Clinic 24, 100 Feet Road, Indiranagar, Bengaluru mein hai, Lakeside metro pillar 118 ke saamne. Indiranagar metro \
station se paidal paanch minute lagte hain.

## Parking, gaadi kahan lagayein

Patients ke liye basement mein free parking hai. Entry 12th Main se hai.

## Kaun se doctor hain

Dr Kavya Rao aur Dr Imran Sheikh hamare family doctor hain. Bachchon ko Dr Leela Menon dekhti hain, aur skin ke doctor \
Dr Arjun Nair hain.

## Bachche ke doctor aur teeka

Dr Leela Menon Monday se Friday subah 10 baje se shaam 4 baje tak bachchon ko dekhti hain. Bachchon ke teeke Wednesday \
ko lagte hain.

## Khoon ki jaanch, blood test aur lab ka samay, kitne baje

Khoon ka sample Monday se Friday subah 8 se 11 baje tak aur Saturday ko subah 9 se 11 baje tak liya jaata hai. Report \
agle working day shaam 6 baje tak mil jaati hai.

## Test report kab aur kaise milegi

Report taiyaar hote hi hum WhatsApp par bhej dete hain. Printed copy reception se bhi le sakte hain.

## Emergency, ambulance

Emergency mein turant 112 par phone karein. Hamare yahan emergency ward nahi hai; sabse paas ka Old Airport Road par \
Manipal Hospital mein hai.

## Bukhar, dard, tabiyat kharab, dawai kitni leni hai

Main ilaaj ki salah nahi de sakti, par doctor aapko aksar usi din dekh sakte hain. Seene mein dard ya saans ki \
takleef ho to turant 112 par phone karein.
"""

_APPOINTMENTS_HINGLISH = """\
# Appointment

## Appointment kaise lein, book karna, doctor se milna

Appointment ke liye doctor ka naam aur din bata dijiye. Clinic ke samay mein pandrah minute ke andar WhatsApp par time \
pakka kar diya jaata hai.

## Appointment badalna, aage badhana, doosra time

Appointment do ghante pehle tak free mein badal sakte hain. Bas purana aur naya time bata dijiye.

## Appointment cancel karna, radd karna

Appointment do ghante pehle tak free mein cancel ho sakta hai. Uske baad 200 rupaye lagte hain.

## Kya saath laana hai, kaunse kaagaz, documents

Photo ID, purani report aur apni dawaiyon ki list saath laayein. Pehli baar das minute pehle aayein.

## Test se pehle khaali pet, fasting, kya khana nahi hai

Sugar aur cholesterol ke test se pehle das ghante kuch na khaayein. Paani pee sakte hain.

## Bina appointment ke aana

Bina appointment bhi aa sakte hain, par appointment wale pehle dekhe jaate hain. Aam taur par tees se saath minute \
intezaar hota hai.
"""

_BILLING_HINGLISH = """\
# Fees aur bill

## Doctor ki fees kitni hai, consultation ka kharcha, kitne paise lagenge, kitne rupaye

Family doctor ki fees 600 rupaye hai. Bachchon aur skin ke specialist ki fees 900 rupaye hai.

## Payment kaise karein, paise dena

Aap UPI (jaise Google Pay), card ya cash se payment kar sakte hain. Chahein to hum WhatsApp par payment link bhej dete \
hain.

## Insurance, bima

Star Health, HDFC Ergo, ICICI Lombard aur Niva Bupa ka insurance bina advance payment ke chalta hai. Baaki companiyon \
mein pehle payment karna hota hai, aur claim mein hum madad karte hain.

## Refund, paise wapas kab milenge

Refund paanch se saat working days mein aapke account mein aa jaata hai. Paise usi tareeke se wapas aate hain jisse \
diye gaye the.

## Blood test aur sugar test kitne ka hai, kitne mein hota hai, keemat

Sugar test 150 rupaye ka aur complete blood count 350 rupaye ka hai. Baaki tests ki keemat reception bata dega.

## Health check-up package kitne ka hai

Basic health check-up 1,499 rupaye ka aur full check-up 3,999 rupaye ka hai. Dono mein doctor ki consultation shaamil \
hai.

## Bill aur raseed kab milegi

Bill har visit ke baad WhatsApp par aa jaata hai. Payment karte hi raseed bhi aa jaati hai.
"""

DOCUMENTS = (
    DemoDocument(agent_id="reception", title="रिसेप्शन की जानकारी", text=_RECEPTION_HINDI),
    DemoDocument(agent_id="reception", title="Reception ki jaankari", text=_RECEPTION_HINGLISH),
    DemoDocument(agent_id="appointments", title="अपॉइंटमेंट की जानकारी", text=_APPOINTMENTS_HINDI),
    DemoDocument(agent_id="appointments", title="Appointment ki jaankari", text=_APPOINTMENTS_HINGLISH),
    DemoDocument(agent_id="billing", title="फ़ीस और बिल की जानकारी", text=_BILLING_HINDI),
    DemoDocument(agent_id="billing", title="Fees aur bill ki jaankari", text=_BILLING_HINGLISH),
)
