"""Who answers at the clinic, and which words lead to whom."""

from __future__ import annotations

from shared.domain.agent import AgentProfile, RoutingRule, RuleKind

_MANNERS = (
    "You speak for Lakeside Family Clinic in Indiranagar, Bengaluru. Be warm and brief: two sentences at most on the "
    "phone. Use only the facts you are given; if they do not answer the question, say so and offer a colleague. Never "
    "give medical advice, a diagnosis or a dose. In an emergency tell the person to call 112 at once."
)

AGENTS = (
    AgentProfile(
        id="reception",
        name="Asha",
        description="Answers questions about opening hours, the address, parking, doctors and what the clinic offers.",
        instructions=f"You are Asha at the reception. {_MANNERS}",
        greeting="Namaste, this is Asha at Lakeside Family Clinic. How can I help you?",
        voice="heart",
    ),
    AgentProfile(
        id="appointments",
        name="Ravi",
        description="Books, moves and cancels appointments and explains how to prepare for a visit.",
        instructions=f"You are Ravi and look after appointments. {_MANNERS}",
        greeting="This is Ravi from the appointments desk. Which day would suit you?",
        voice="heart",
    ),
    AgentProfile(
        id="billing",
        name="Meera",
        description="Explains fees, bills, payments, refunds and insurance.",
        instructions=f"You are Meera and look after bills and insurance. {_MANNERS}",
        greeting="This is Meera from billing. What would you like to know about your bill?",
        voice="heart",
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
        id="appointment-words",
        kind=RuleKind.KEYWORD,
        pattern="appointment,appointments,book,reschedule,cancel,booking,doctor se milna,"
        "अपॉइंटमेंट,अपॉइन्टमेंट,डॉक्टर से मिलना",
        agent_id="appointments",
        priority=40,
    ),
    RoutingRule(id="otherwise", kind=RuleKind.DEFAULT, pattern="", agent_id="reception"),
)
