"""Which path reaches whom, from where, and how."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase

import pytest

from tests.template.stack import ROOT, Node, Stack, attributes, text

VALUES_PER_RULE = 5
LONGEST_TARGET_GROUP_NAME = 32
LONGEST_STACK_NAME = 24
META_NETWORK = 32934
HTTP_FUNCTIONS = {"VoiceWebhook", "MessageWebhook", "CostReport", "AdminApi", "HistoryApi"}

ROUTES = {
    "/webhooks/messages/whatsapp": "MessageWebhookTargetGroup",
    "/webhooks/messages/twilio-whatsapp": "MessageWebhookTargetGroup",
    "/webhooks/messages/twilio-whatsapp/status": "MessageWebhookTargetGroup",
    "/webhooks/messages/a-channel-of-tomorrow": "MessageWebhookTargetGroup",
    "/webhooks/voice/incoming": "VoiceWebhookTargetGroup",
    "/webhooks/voice/status": "VoiceWebhookTargetGroup",
    "/webhooks/voice/stream-status": "VoiceWebhookTargetGroup",
    "/webhooks/voice/recover": "VoiceWebhookTargetGroup",
    "/webhooks/voice/machine-detection": "VoiceWebhookTargetGroup",
    "/webhooks/voice/transfer-summary": "VoiceWebhookTargetGroup",
    "/webhooks/voice/transfer-result": "VoiceWebhookTargetGroup",
    "/api/v1/conversations": "HistoryTargetGroup",
    "/api/v1/conversations/42": "HistoryTargetGroup",
    "/api/v1/conversations/42/messages": "HistoryTargetGroup",
    "/api/v1/calls": "HistoryTargetGroup",
    "/api/v1/calls/CA1": "HistoryTargetGroup",
    "/api/v1/calls/CA1/recording": "HistoryTargetGroup",
    "/api/v1/openapi.json": "HistoryTargetGroup",
    "/api/v1/docs": "HistoryTargetGroup",
    "/api/v1/agents": "AdminTargetGroup",
    "/api/v1/agents/billing": "AdminTargetGroup",
    "/api/v1/routing-rules": "AdminTargetGroup",
    "/api/v1/routing-rules/7": "AdminTargetGroup",
    "/api/v1/routing-rules/test": "AdminTargetGroup",
    "/api/v1/session": "AdminTargetGroup",
    "/api/v1/call-backs": "AdminTargetGroup",
    "/api/v1/call-backs/42": "AdminTargetGroup",
    "/api/v1/call-backs/42/done": "AdminTargetGroup",
    "/api/v1/tools": "AdminTargetGroup",
    "/api/v1/tools/look_up_bill/test": "AdminTargetGroup",
    "/api/v1/outbound-calls": "AdminTargetGroup",
    "/api/v1/outbound-messages": "AdminTargetGroup",
    "/api/v1/conversations/42/takeover": "AdminTargetGroup",
    "/api/v1/conversations/42/release": "AdminTargetGroup",
    "/api/v1/live": "AdminTargetGroup",
    "/api/v1/updates-ticket": "AdminTargetGroup",
    "/api/v1/costs": "CostReportTargetGroup",
    "/api/v1/costs/recommendations": "CostReportTargetGroup",
    "/media/a-token": "StreamTargetGroup",
    "/updates": "StreamTargetGroup",
    "/console": "StreamTargetGroup",
    "/console/app.js": "StreamTargetGroup",
    "/health/stream": "StreamTargetGroup",
    "/health/message_webhook": "MessageWebhookTargetGroup",
    "/health/voice_webhook": "VoiceWebhookTargetGroup",
    "/health/history_api": "HistoryTargetGroup",
    "/health/admin_api": "AdminTargetGroup",
    "/health/cost_report": "CostReportTargetGroup",
    "/": None,
    "/api/v2/agents": None,
    "/health/message_worker": None,
    "/media": None,
    "/wp-login.php": None,
}


def rules(stack: Stack) -> list[Node]:
    return sorted(
        stack.of_type("AWS::ElasticLoadBalancingV2::ListenerRule").values(), key=lambda rule: rule["Priority"]
    )


def patterns(rule: Node) -> list[str]:
    values: list[str] = rule["Conditions"][0]["PathPatternConfig"]["Values"]
    return values


def methods(rule: Node) -> list[str]:
    """Those that the rule is for; empty for all."""
    held = [condition["HttpRequestMethodConfig"]["Values"] for condition in rule["Conditions"][1:]]
    return [method for values in held for method in values]


def target(stack: Stack, path: str, method: str = "GET") -> str | None:
    """Where the load balancer sends a request: the first rule by priority; its patterns know case, `*` and `?`."""
    for rule in rules(stack):
        if methods(rule) and method not in methods(rule):
            continue
        if any(fnmatchcase(path, pattern) for pattern in patterns(rule)):
            name: str = rule["Actions"][0]["TargetGroupArn"]["Ref"]
            return name
    return None


@pytest.mark.parametrize(("path", "expected"), ROUTES.items())
def test_path_reaches_its_target(stack: Stack, path: str, expected: str | None) -> None:
    assert target(stack, path) == expected


@pytest.mark.parametrize(
    ("method", "expected"),
    [("GET", "HistoryTargetGroup"), ("OPTIONS", "HistoryTargetGroup"), ("POST", "AdminTargetGroup")],
)
def test_a_person_writes_where_others_read(stack: Stack, method: str, expected: str) -> None:
    assert target(stack, "/api/v1/conversations/42/messages", method) == expected


def test_every_pattern_is_literal_and_within_the_limit_of_a_rule(stack: Stack) -> None:
    for rule in rules(stack):
        fields = [condition["Field"] for condition in rule["Conditions"]]
        assert fields in (["path-pattern"], ["path-pattern", "http-request-method"])
        assert len(patterns(rule)) + len(methods(rule)) <= VALUES_PER_RULE
        assert all(pattern.startswith("/") for pattern in patterns(rule))


def test_every_rule_is_used_and_no_two_have_the_same_priority(stack: Stack) -> None:
    priorities = [rule["Priority"] for rule in rules(stack)]

    used = {target(stack, path) for path, expected in ROUTES.items() if expected}

    assert len(set(priorities)) == len(priorities)
    assert used == {rule["Actions"][0]["TargetGroupArn"]["Ref"] for rule in rules(stack)}


def test_an_unknown_path_gets_the_envelope(stack: Stack) -> None:
    action = stack.properties("HttpsListener")["DefaultActions"][0]

    answer = json.loads(action["FixedResponseConfig"]["MessageBody"])

    assert action["FixedResponseConfig"]["StatusCode"] == "404"
    assert answer["status"] == "error"
    assert answer["data"] is None
    assert answer["error"]["code"] == "not_found"
    assert answer["error"].keys() == {"code", "message", "details", "request_id"}


def test_each_http_function_is_called_by_its_own_target_group_only(stack: Stack) -> None:
    groups = {
        group["Targets"][0]["Id"]["Ref"].removesuffix("Aliaslive"): group
        for group in stack.of_type("AWS::ElasticLoadBalancingV2::TargetGroup").values()
        if group["TargetType"] == "lambda"
    }
    permissions = {
        permission["FunctionName"]["Ref"].removesuffix("Aliaslive"): permission
        for permission in stack.of_type("AWS::Lambda::Permission").values()
        if permission["Principal"] == "elasticloadbalancing.amazonaws.com"
    }

    assert groups.keys() == permissions.keys() == HTTP_FUNCTIONS
    for function, group in groups.items():
        permission = permissions[function]
        assert permission["FunctionName"]["Ref"] == f"{function}Aliaslive"
        assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
        assert permission["SourceArn"]["Fn::Sub"].endswith(f":targetgroup/{group['Name']['Fn::Sub']}/*")


def test_functions_get_every_value_of_a_repeated_header(stack: Stack) -> None:
    for group in stack.of_type("AWS::ElasticLoadBalancingV2::TargetGroup").values():
        if group["TargetType"] == "lambda":
            assert attributes(group, "TargetGroupAttributes") == {"lambda.multi_value_headers.enabled": "true"}


def test_target_group_names_fit_behind_the_longest_stack_name(stack: Stack) -> None:
    for group in stack.of_type("AWS::ElasticLoadBalancingV2::TargetGroup").values():
        name = group["Name"]["Fn::Sub"].replace("${AWS::StackName}", "x" * LONGEST_STACK_NAME)
        assert len(name) <= LONGEST_TARGET_GROUP_NAME


@pytest.mark.requirement("4.2")
def test_https_ends_at_the_load_balancer_with_a_certificate_of_the_domain(stack: Stack) -> None:
    listener = stack.properties("HttpsListener")
    certificate = stack.properties("Certificate")

    assert (listener["Port"], listener["Protocol"]) == (443, "HTTPS")
    assert listener["Certificates"] == [{"CertificateArn": {"Ref": "Certificate"}}]
    assert "TLS13" in listener["SslPolicy"]
    assert certificate["DomainName"] == "agents.example.in"
    assert certificate["ValidationMethod"] == "DNS"
    assert target(stack, "/media/a-token") == "StreamTargetGroup"


def test_plain_http_is_only_redirected(stack: Stack) -> None:
    (action,) = stack.properties("RedirectListener")["DefaultActions"]

    assert action["RedirectConfig"] == {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}


@pytest.mark.requirement("4.6")
def test_the_name_points_to_the_load_balancer(stack: Stack) -> None:
    record = stack.properties("DnsRecord")

    assert record["Name"] == "agents.example.in"
    assert record["AliasTarget"]["DNSName"] == {"Fn::GetAtt": ["LoadBalancer", "DNSName"]}


@pytest.mark.requirement("2.3")
def test_a_quiet_socket_outlives_the_longest_call(stack: Stack) -> None:
    settings = attributes(stack.properties("LoadBalancer"), "LoadBalancerAttributes")

    assert int(settings["idle_timeout.timeout_seconds"]) > 30 * 60


def test_the_address_that_the_load_balancer_saw_stands_last(stack: Stack) -> None:
    settings = attributes(stack.properties("LoadBalancer"), "LoadBalancerAttributes")

    assert settings["routing.http.xff_header_processing.mode"] == "append"


@pytest.mark.requirement("4.7")
def test_the_world_reaches_the_load_balancer_on_two_ports_and_nothing_else(stack: Stack) -> None:
    open_to_world = {
        (name, rule["FromPort"], rule["ToPort"])
        for name, group in stack.of_type("AWS::EC2::SecurityGroup").items()
        for rule in group.get("SecurityGroupIngress", [])
        if rule.get("CidrIp") == "0.0.0.0/0"
    }

    assert open_to_world == {("LoadBalancerSecurityGroup", 443, 443), ("LoadBalancerSecurityGroup", 80, 80)}
    assert not stack.of_type("AWS::EC2::SecurityGroupIngress")


@pytest.mark.requirement("4.7")
def test_each_store_admits_only_the_roles_before_it(stack: Stack) -> None:
    admitted = {
        name: {rule["SourceSecurityGroupId"]["Ref"] for rule in stack.properties(name)["SecurityGroupIngress"]}
        for name in ("StreamSecurityGroup", "ProxySecurityGroup", "DatabaseSecurityGroup", "CacheSecurityGroup")
    }

    assert admitted == {
        "StreamSecurityGroup": {"LoadBalancerSecurityGroup"},
        "ProxySecurityGroup": {"StreamSecurityGroup", "FunctionSecurityGroup"},
        "DatabaseSecurityGroup": {"ProxySecurityGroup", "FunctionSecurityGroup"},
        "CacheSecurityGroup": {"StreamSecurityGroup", "FunctionSecurityGroup"},
    }


def firewall_rules(stack: Stack) -> dict[str, Node]:
    return {rule["Name"]: rule for rule in stack.properties("Firewall")["Rules"]}


@pytest.mark.requirement("6.3")
def test_whatsapp_webhooks_are_refused_from_outside_meta(stack: Stack) -> None:
    rule = firewall_rules(stack)["WhatsappOnlyFromMeta"]

    path, source = rule["Statement"]["AndStatement"]["Statements"]

    assert path["ByteMatchStatement"]["SearchString"] == "/webhooks/messages/whatsapp"
    assert source["NotStatement"]["Statement"]["AsnMatchStatement"]["AsnList"] == [META_NETWORK]
    assert rule["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 401


@pytest.mark.requirement("6.3")
def test_twilio_webhooks_are_refused_from_outside_bought_ranges(template: dict[str, Node], stack: Stack) -> None:
    bought = Stack.with_parameters(template, TwilioCidrs="192.0.2.0/24")

    paths, source = firewall_rules(bought)["TwilioOnlyFromItsRanges"]["Statement"]["AndStatement"]["Statements"]

    starts = [path["ByteMatchStatement"]["SearchString"] for path in paths["OrStatement"]["Statements"]]
    assert starts == ["/webhooks/voice/", "/webhooks/messages/twilio-"]
    assert "TwilioAddresses" in text(source)
    assert "TwilioOnlyFromItsRanges" not in firewall_rules(stack)


def test_no_managed_rule_reads_what_users_write_or_blocks_hosting_addresses(stack: Stack) -> None:
    found = firewall_rules(stack)

    for name in ("RatePerAddress", "CommonRules", "KnownBadInputs"):
        (kind,) = found[name]["Statement"].values()
        assert "/webhooks/" in text(kind["ScopeDownStatement"])
        assert "/media/" in text(kind["ScopeDownStatement"])
    assert "AnonymousIpList" not in text(list(found.values()))
    assert "BotControl" not in text(list(found.values()))


def test_the_firewall_stands_before_the_load_balancer(stack: Stack) -> None:
    (association,) = stack.of_type("AWS::WAFv2::WebACLAssociation").values()

    assert association["ResourceArn"] == {"Ref": "LoadBalancer"}


def test_long_prompts_are_counted_not_blocked(stack: Stack) -> None:
    managed = firewall_rules(stack)["CommonRules"]["Statement"]["ManagedRuleGroupStatement"]

    assert {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}} in managed["RuleActionOverrides"]


def documented_paths() -> list[str]:
    document = json.loads((ROOT / "functions" / "history_api" / "openapi.json").read_text(encoding="utf-8"))
    written = [path.replace("/health/{function}", "/health/history_api") for path in document["paths"]]
    return [re.sub(r"\{[^}]+\}", "42", path) for path in written]


@pytest.mark.requirement("13.1")
@pytest.mark.parametrize("path", documented_paths())
def test_every_documented_path_is_served(stack: Stack, path: str) -> None:
    assert target(stack, path) is not None
