"""What the agents of the clinic know, in sentences that may be said as they stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgePassage:
    """One thing that an agent knows; offline the agent answers in these very words.

    Attributes:
        title: what it is about, or a question that it answers.
        measured: what a user's question is compared with.
    """

    agent_id: str
    title: str
    text: str
    measured: str


_RECEPTION = {
    "Opening hours": "We are open Monday to Friday from 8 am to 8 pm. On Saturday we are open from 9 am to 2 pm. "
    "We are closed on Sundays and on public holidays.",
    "Address": "The clinic is at 24, 100 Feet Road, Indiranagar, Bengaluru, opposite the Lakeside metro pillar 118. "
    "Indiranagar metro station is a five-minute walk away.",
    "Parking": "There is free parking for patients in the basement. The entrance is on 12th Main.",
    "Doctors": "Dr Kavya Rao and Dr Imran Sheikh are our family doctors. Dr Leela Menon looks after children, and "
    "Dr Arjun Nair is our skin specialist.",
    "Children": "Dr Leela Menon sees children from Monday to Friday between 10 am and 4 pm. Vaccinations are given on "
    "Wednesdays.",
    "Laboratory and blood tests": "Blood samples are taken from 8 am to 11 am on weekdays and from 9 am to 11 am on "
    "Saturday. Results are ready the next working day by 6 pm.",
    "Test reports": "We send your test report on WhatsApp as soon as it is ready. You can also collect a printed copy "
    "at the reception.",
    "Pharmacy": "The pharmacy in the clinic is open whenever the clinic is. It delivers medicines within three "
    "kilometres for 40 rupees.",
    "Languages": "Our staff speak English, Hindi, Kannada and Tamil.",
    "Emergencies": "In an emergency please call 112 at once. We have no emergency room; the nearest one is at Manipal "
    "Hospital on Old Airport Road.",
    "Contact": "You reach us by telephone and on WhatsApp at 080 4711 2233. The e-mail address is "
    "hello@lakeside-clinic.example.",
    "Illness, pain, symptoms, fever, medicines and doses": "I can't give medical advice, but a doctor can see you, "
    "usually on the same day. If it is urgent, for example chest pain or trouble breathing, please call 112 at once.",
    "Home visits": "Our family doctors make home visits within five kilometres for patients over 65.",
}

_APPOINTMENTS = {
    "Booking an appointment with a doctor": "To book an appointment, tell me the doctor and the day you prefer. The "
    "desk confirms the time on WhatsApp within fifteen minutes during opening hours.",
    "Free appointments": "Family doctors usually have free appointments on the same day, and the children's doctor "
    "within two days. The skin specialist is booked about a week ahead.",
    "Moving an appointment": "You can move an appointment free of charge until two hours before it. Just tell me the "
    "old and the new time.",
    "Cancelling an appointment": "You can cancel free of charge until two hours before the appointment. After that we "
    "charge 200 rupees.",
    "What to bring": "Please bring a photo identity card, earlier reports and the list of your medicines. Come ten "
    "minutes early for your first visit.",
    "Fasting before a blood test": "For sugar and cholesterol tests please do not eat for ten hours before. Water is "
    "fine.",
    "Coming late": "If you are more than fifteen minutes late, we give your time to the next patient and fit you in "
    "as soon as we can.",
    "Walk-in patients": "You may come without an appointment, but those with one go first. The wait is usually thirty "
    "to sixty minutes.",
    "Vaccination appointments": "Children are vaccinated on Wednesdays between 10 am and 4 pm, with an appointment. "
    "Please bring the vaccination card.",
    "Booking for somebody else": "You can book for a family member. Tell me the full name and the age of the patient.",
    "Appointment reminder": "We send a reminder on WhatsApp on the day before your appointment.",
    "Video consultation": "Family doctors also see patients by video between 6 pm and 8 pm on weekdays. We send the "
    "link on WhatsApp.",
}

_BILLING = {
    "Consultation fee": "A consultation with a family doctor costs 600 rupees. The fee of a specialist, for skin "
    "or for children, is 900 rupees.",
    "Follow-up visit": "A follow-up visit to the same doctor within seven days is free.",
    "Video consultation fee": "A video consultation costs 500 rupees and is paid in advance.",
    "Ways to pay": "You can pay by UPI, for example Google Pay, by card or in cash. We send a payment link on "
    "WhatsApp if you prefer to pay from home.",
    "Insurance": "We accept Star Health, HDFC Ergo, ICICI Lombard and Niva Bupa without advance payment. For other "
    "insurers you pay first and we help you with the claim.",
    "Bills and invoices": "Your bill is sent on WhatsApp after every visit. For an invoice with a GST number write to "
    "billing@lakeside-clinic.example.",
    "Refunds": "Refunds reach your account within five to seven working days. They go back the way you paid.",
    "Charged twice": "If you were charged twice, the second payment is returned automatically within three working "
    "days. Otherwise send us the payment reference and we will look into it.",
    "Health check-up packages": "The basic health check-up costs 1,499 rupees and the full one 3,999 rupees. Both "
    "include a consultation.",
    "Receipts": "A receipt comes on WhatsApp as soon as you have paid. The reception prints a copy if you need one.",
    "Prices of laboratory tests": "A blood sugar test costs 150 rupees and a complete blood count 350 rupees. The "
    "reception tells you the price of any other test.",
    "Discounts": "Patients over 60 get ten percent off consultations and tests.",
}

# People ask in few words that mean little by themselves. What they say is compared with these words alone; with a
# whole passage it would have too little in common.
_ASKED_AS = {
    "Opening hours": ("What are your timings?", "When do you open and close?", "Are you open now?"),
    "Address": ("Where are you?", "Where is the clinic located?", "How do I get there by metro, bus or car?"),
    "Doctors": ("Who are your doctors?", "Do you have a skin doctor, a dermatologist?", "Is Dr Rao there?"),
    "Children": ("Who is the pediatrician?", "Do you have a doctor for my child?"),
    "Illness, pain, symptoms, fever, medicines and doses": (
        "How much medicine should I take?",
        "I feel ill and have a headache.",
        "My child has fever.",
    ),
    "Booking an appointment with a doctor": (
        "I would like to book an appointment.",
        "Book an appointment with Dr Rao on Monday.",
        "Can I book for tomorrow morning?",
        "I need an appointment for next Tuesday at three.",
    ),
    "Moving an appointment": ("Can I reschedule?", "Can I come at another time?"),
    "Coming late": ("I am running late for my appointment.",),
    "What to bring": ("What documents should I bring?",),
    "Consultation fee": ("What is the doctor's fee?", "How much does a visit to the doctor cost?"),
    "Ways to pay": ("Can I pay in cash?", "Do you accept credit cards?", "How can I pay?"),
    "Bills and invoices": ("Can you send me the invoice by e-mail?",),
    "Charged twice": ("When do I get back the second payment?",),
}
_PASSAGES = tuple(
    (agent_id, title, text)
    for agent_id, passages in (("reception", _RECEPTION), ("appointments", _APPOINTMENTS), ("billing", _BILLING))
    for title, text in passages.items()
)

KNOWLEDGE = tuple(
    KnowledgePassage(agent_id=agent_id, title=title, text=text, measured=f"{title}. {text}")
    for agent_id, title, text in _PASSAGES
) + tuple(
    KnowledgePassage(agent_id=agent_id, title=question, text=text, measured=question)
    for agent_id, title, text in _PASSAGES
    for question in _ASKED_AS.get(title, ())
)
