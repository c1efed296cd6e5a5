"""Who answers at the clinic, and which words lead to whom."""

from __future__ import annotations

from shared.domain.agent import AgentProfile, RoutingRule, RuleKind

_MANNERS = (
    "You speak for Lakeside Family Clinic in Indiranagar, Bengaluru. Be warm and brief: two sentences at most on the "
    "phone. Use only the facts you are given; if they do not answer the question, say so and offer a colleague. Never "
    "give medical advice, a diagnosis or a dose. In an emergency tell the person to call 112 at once."
)

# What every desk may do besides talking.
_TOOLS = ("search_knowledge", "schedule_call_back", "send_on_whatsapp", "end_call")

AGENTS = (
    AgentProfile(
        id="reception",
        name="Asha",
        description="Answers questions about opening hours, the address, parking, doctors and what the clinic offers.",
        instructions=f"You are Asha at the reception. {_MANNERS}",
        greeting="Namaste, this is Asha at Lakeside Family Clinic. How can I help you?",
        voice="heart",
        scope="Lakeside Family Clinic: opening hours, address, parking, doctors, tests, pharmacy and what it offers.",
        tools=_TOOLS,
    ),
    AgentProfile(
        id="appointments",
        name="Ravi",
        description="Books, moves and cancels appointments and explains how to prepare for a visit.",
        instructions=f"You are Ravi and look after appointments. {_MANNERS}",
        greeting="This is Ravi from the appointments desk. Which day would suit you?",
        voice="heart",
        scope="Appointments at Lakeside Family Clinic, preparing for a visit, tests and vaccinations.",
        tools=_TOOLS,
    ),
    AgentProfile(
        id="billing",
        name="Meera",
        description="Explains fees, bills, payments, refunds and insurance.",
        instructions=f"You are Meera and look after bills and insurance. {_MANNERS}",
        greeting="This is Meera from billing. What would you like to know about your bill?",
        voice="heart",
        scope="Fees, bills, payments, refunds, discounts and insurance at Lakeside Family Clinic.",
        tools=("look_up_bill", *_TOOLS),
    ),
)

ROUTING_RULES = (
    RoutingRule(
        id="billing-words",
        kind=RuleKind.KEYWORD,
        # People write English, Hindi, and Hindi in Latin letters.
        pattern="bill,bills,invoice,refund,insurance,payment,fee,fees,paisa wapas,kitna paisa,"
        "बिल,रिफंड,भुगतान,फीस,बीमा,पैसे वापस",
        agent_id="billing",
        priority=50,
    ),
    RoutingRule(
        id="invoice-number",
        kind=RuleKind.REGEX,
        pattern=r"\bINV-?[0-9]{4}\b",
        agent_id="billing",
        priority=60,
    ),
    RoutingRule(id="book-button", kind=RuleKind.BUTTON, pattern="book-visit", agent_id="appointments", priority=70),
    RoutingRule(
        id="check-up-advertisement",
        kind=RuleKind.REFERRAL,
        pattern="https://ads.lakeside-clinic.example/check-up",
        agent_id="appointments",
        priority=30,
    ),
    RoutingRule(
        id="appointment-words",
        kind=RuleKind.KEYWORD,
        pattern="appointment,appointments,book,reschedule,cancel,booking,doctor se milna,"
        "अपॉइंटमेंट,अपॉइन्टमेंट,डॉक्टर से मिलना",
        agent_id="appointments",
        priority=40,
    ),
    RoutingRule(id="otherwise", kind=RuleKind.DEFAULT, pattern="", agent_id="reception"),
)
