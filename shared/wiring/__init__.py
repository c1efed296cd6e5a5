"""Composition root: the only place where use cases meet adapters.

Imports stand inside the functions on purpose: a webhook must not pay for libraries that only the worker needs, because
every import lengthens a cold start.
"""

from __future__ import annotations

from shared.wiring.api import (
    change_hands,
    edit_agents,
    edit_documents,
    edit_rules,
    edit_tools,
    limit_requests,
    link_persons,
    query_history,
    review_tool_calls,
    search_knowledge,
    send_outbound_message,
    token_verifier,
    try_routing,
    try_tool,
    update_tickets,
    write_as_person,
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
from shared.wiring.costs import answer_costs, cost_source, report_costs
from shared.wiring.environment import now, settings
from shared.wiring.exports import export_conversations
from shared.wiring.operations import (
    check_restore,
    erase_user,
    fetch_pending_media,
    forget_unknown_reports,
    inspect_restored,
    measure_restorable_lag,
    measure_restore_tests,
    migrate_database,
    repair_calls,
    rotate_password,
)
from shared.wiring.savings import recommendations, report_idle_resources
from shared.wiring.stores import call_backs, received_records
from shared.wiring.turns import (
    answer_message,
    can_transfer_calls,
    fold_past,
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
    "call_backs",
    "can_transfer_calls",
    "change_hands",
    "check_restore",
    "close_call",
    "cost_source",
    "edit_agents",
    "edit_documents",
    "edit_rules",
    "edit_tools",
    "end_call",
    "erase_user",
    "export_conversations",
    "fetch_pending_media",
    "fold_past",
    "follow_call",
    "forget_unknown_reports",
    "gather_burst",
    "guard_source",
    "handle_item",
    "inspect_restored",
    "limit_requests",
    "link_persons",
    "live_tasks",
    "measure_restorable_lag",
    "measure_restore_tests",
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
    "search_knowledge",
    "send_outbound_message",
    "settings",
    "telephony",
    "token_verifier",
    "try_routing",
    "try_tool",
    "update_tickets",
    "write_as_person",
]
