"""Operations on routing rules."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi import Path as PathParameter

from shared import errors
from shared.http_api import agent_examples as examples
from shared.http_api.agent_models import ChangedRule, NewRule, RoutingTrial, RoutingView, RuleView
from shared.http_api.envelope import ItemPage, Success, fails_with, succeeds_with
from shared.http_api.fields import Slug
from shared.http_api.history_examples import page
from shared.http_api.versions import ReadVersion, tagged
from shared.use_cases.edit_agents import EditRules
from shared.use_cases.try_routing import TryRouting

RULES_OF_A_PAGE = 500
"""Of the longest, less than the megabyte that a load balancer takes from a function."""
RuleId = Annotated[Slug, PathParameter(examples=[examples.RULE["id"]])]
_INPUT = (errors.InvalidRequest, errors.InvalidContent, errors.Inapplicable)
_with_input = fails_with(*_INPUT)
_new = fails_with(*_INPUT, errors.VersionConflict)
_changes = fails_with(*_INPUT, errors.NotFound, errors.VersionConflict)


def rule_routes(edit_rules: EditRules, try_routing: TryRouting) -> APIRouter:
    """The operations, for a router that lets admins in only."""
    router = APIRouter(prefix="/routing-rules", tags=["routing rules"])

    @router.get("", responses=succeeds_with(page(examples.RULE)) | _with_input)
    async def list_rules(
        cursor: Annotated[Slug | None, Query(description="`next_cursor` of the page before.")] = None,
        limit: Annotated[int, Query(ge=1, le=RULES_OF_A_PAGE, description="Most items of a page.")] = RULES_OF_A_PAGE,
    ) -> Success[ItemPage[RuleView]]:
        """List routing rules, disabled ones included, in the order in which they are tried."""
        rules, next_cursor = await edit_rules.page(after=cursor, limit=limit)
        views = [RuleView.model_validate(rule) for rule in rules]
        return Success(data=ItemPage[RuleView](items=views, next_cursor=next_cursor))

    @router.post(
        "",
        status_code=201,
        responses=succeeds_with(examples.RULE, status=201) | _new,
    )
    async def add_rule(rule: NewRule, response: Response) -> Success[RuleView]:
        """Add a routing rule."""
        view = RuleView.model_validate(await edit_rules.add(rule.rule(rule.id)))
        response.headers["location"] = f"/api/v1/routing-rules/{view.id}"
        return tagged(response, view)

    @router.post("/test", responses=succeeds_with(examples.ROUTING) | fails_with(errors.NotFound) | _with_input)
    async def try_route(trial: RoutingTrial) -> Success[RoutingView]:
        """Say which agent a message would reach, and what every step says to it; nothing is sent or changed."""
        return Success(data=RoutingView.of(await try_routing(trial.trial())))

    @router.get("/{rule_id}", responses=succeeds_with(examples.RULE) | fails_with(errors.NotFound) | _with_input)
    async def read_rule(rule_id: RuleId, response: Response) -> Success[RuleView]:
        """Read one routing rule; its `ETag` is what a change has to send as `If-Match`."""
        return tagged(response, RuleView.model_validate(await edit_rules.read(rule_id)))

    @router.put("/{rule_id}", responses=succeeds_with(examples.RULE | {"version": 2}) | _changes)
    async def replace_rule(
        rule_id: RuleId, rule: ChangedRule, version: ReadVersion, response: Response
    ) -> Success[RuleView]:
        """Replace a routing rule that nobody changed since it was read."""
        changed = await edit_rules.replace(rule.rule(rule_id), version=version)
        return tagged(response, RuleView.model_validate(changed))

    @router.delete("/{rule_id}", status_code=204, responses=_changes)
    async def remove_rule(rule_id: RuleId, version: ReadVersion) -> None:
        """Remove a routing rule."""
        await edit_rules.remove(rule_id, version=version)

    return router
