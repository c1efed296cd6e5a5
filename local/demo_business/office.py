"""What the clinic's own bookkeeping knows, and the tool by which the agents ask it."""

from __future__ import annotations

from shared.domain.json_value import JSON
from shared.domain.tools.http_tool import HttpMethod, HttpTool

BILLS_PATH = "/office/bills"
_BILLS = {
    "INV-1042": ("a complete blood count", 350, "It is due by 5 December."),
    "INV-1043": ("a consultation with Dr Kavya Rao", 600, "It was paid on 14 November by UPI."),
    "INV-1044": ("the full health check-up", 3999, "Half of it is paid; 2,000 rupees are due by 30 November."),
}


def bill(number: str) -> dict[str, object]:
    """The bill with this number, as the bookkeeping tells of it."""
    found = _BILLS.get(number)
    if found is None:
        return {"number": number, "is_known": False, "message": f"There is no bill with the number {number}."}
    subject, rupees, state = found
    message = f"Bill {number} is for {subject}: {rupees:,} rupees. {state}"
    return {"number": number, "is_known": True, "amount_inr": rupees, "message": message}


def bill_tool(base_url: str) -> HttpTool:
    """The tool that asks the bookkeeping at this address."""
    number: JSON = {"type": "string", "pattern": "^INV-[0-9]{4}$", "description": "As printed on the bill: INV-1234."}
    return HttpTool(
        id="look_up_bill",
        description="Looks up a bill or invoice of the clinic by its number: what it is for, how much is due and when.",
        method=HttpMethod.GET,
        url=f"{base_url}{BILLS_PATH}/{{number}}",
        parameters={
            "type": "object",
            "properties": {"number": number},
            "required": ["number"],
            "additionalProperties": False,
        },
        timeout_ms=3000,
    )
