"""Composition root: the only place where use cases meet adapters.

Imports stand inside the functions on purpose: a webhook must not pay for libraries that only the worker needs, because
every import lengthens a cold start.
"""

from __future__ import annotations

from shared.wiring.api import (
    change_hands,
    edit_agents,
    edit_rules,
    edit_tools,
    query_history,
    review_tool_calls,
    send_outbound_message,
    token_verifier,
    try_routing,
    try_tool,
    update_tickets,
)
from shared.wiring.calls import (
    answer_call,
    close_call,
    end_call,
    follow_call,
    live_tasks,
    open_call,
    place_call,
    ring_back,
    telephony,
)
from shared.wiring.environment import now, settings
from shared.wiring.operations import (
    answer_costs,
    check_restore,
    cost_source,
    erase_user,
    fetch_pending_media,
    forget_unknown_reports,
    measure_restorable_lag,
    migrate_database,
    recommendations,
    repair_calls,
    report_costs,
    report_idle_resources,
    rotate_password,
)
from shared.wiring.stores import received_records
from shared.wiring.turns import (
    answer_message,
    can_transfer_calls,
    gather_burst,
    guard_source,
    handle_item,
    orchestrator,
    recall_conversation,
    receive_message,
)

__all__ = [
    "answer_call",
    "answer_costs",
    "answer_message",
    "can_transfer_calls",
    "change_hands",
    "check_restore",
    "close_call",
    "cost_source",
    "edit_agents",
    "edit_rules",
    "edit_tools",
    "end_call",
    "erase_user",
    "fetch_pending_media",
    "follow_call",
    "forget_unknown_reports",
    "gather_burst",
    "guard_source",
    "handle_item",
    "live_tasks",
    "measure_restorable_lag",
    "migrate_database",
    "now",
    "open_call",
    "orchestrator",
    "place_call",
    "query_history",
    "recall_conversation",
    "receive_message",
    "received_records",
    "recommendations",
    "repair_calls",
    "report_costs",
    "report_idle_resources",
    "review_tool_calls",
    "ring_back",
    "rotate_password",
    "send_outbound_message",
    "settings",
    "telephony",
    "token_verifier",
    "try_routing",
    "try_tool",
    "update_tickets",
]
