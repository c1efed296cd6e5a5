"""Example requests and answers of the administration, from the demo clinic."""

from __future__ import annotations

from typing import Any

NEW_AGENT: dict[str, Any] = {
    "id": "pharmacy",
    "name": "Pharmacy",
    "description": "Answers about prescriptions, refills and opening hours of the pharmacy.",
    "instructions": "You work at the pharmacy of the clinic. Answer briefly. Never advise on doses.",
    "greeting": "This is the pharmacy. How can I help?",
    "greeting_interruptible": True,
    "language": "en-IN",
    "voice": "default",
    "coalesce_seconds": 0,
    "voice_notes": "on_request",
    "answer_threshold": 0.4,
    "scope": "Prescriptions, refills, stock and opening hours of the pharmacy.",
    "tools": ["search_knowledge", "look_up_bill"],
    "models": [],
    "is_enabled": True,
}
CHANGED_AGENT: dict[str, Any] = {name: value for name, value in NEW_AGENT.items() if name != "id"}
AGENT: dict[str, Any] = {**NEW_AGENT, "version": 1}

NEW_RULE: dict[str, Any] = {
    "id": "pharmacy-words",
    "kind": "keyword",
    "pattern": "pharmacy,prescription,refill",
    "agent_id": "pharmacy",
    "priority": 10,
    "is_enabled": True,
}
CHANGED_RULE: dict[str, Any] = {name: value for name, value in NEW_RULE.items() if name != "id"}
RULE: dict[str, Any] = {**NEW_RULE, "version": 1}

TRIAL: dict[str, Any] = {"text": "I need a refill of my prescription.", "channel": "whatsapp"}
ROUTING: dict[str, Any] = {
    "agent_id": "pharmacy",
    "reason": "rule",
    "detail": "pharmacy-words",
    "steps": [
        {"step": "opted_out", "outcome": "passed", "why": "not opted out"},
        {"step": "human", "outcome": "passed", "why": "no person has the conversation"},
        {"step": "rule", "outcome": "decided", "why": "rule pharmacy-words (keyword) matched 'prescription'"},
        {"step": "sticky", "outcome": "not_asked", "why": "decided before, by rule"},
        {"step": "meaning", "outcome": "not_asked", "why": "decided before, by rule"},
        {"step": "default", "outcome": "not_asked", "why": "decided before, by rule"},
    ],
}

LIVE: dict[str, Any] = {
    "active_calls": 3,
    "capacity": 50,
    "tasks": [
        {
            "task_id": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "active_calls": 3,
            "capacity": 50,
            "loop_lag_ms": 1.25,
            "is_draining": False,
        }
    ],
}
