from __future__ import annotations

import pytest

from local.layout import REPOSITORY
from local.listener_rules import FixedResponse, FunctionTarget, StreamTarget, Target, read_listener_rules
from local.template import Template, parse, read_local

RESOURCES = """
Resources:
  Redirect:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties: {Port: 80, DefaultActions: [{Type: redirect}]}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      DefaultActions:
        - Type: fixed-response
          FixedResponseConfig: {StatusCode: "404", ContentType: text/plain, MessageBody: nothing}
  Late:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: 20
      Conditions: [{Field: path-pattern, PathPatternConfig: {Values: ["/api/*"]}}]
      Actions: [{Type: forward, TargetGroupArn: !Ref Functions}]
  Early:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: 10
      Conditions:
        - {Field: path-pattern, Values: ["/api/live/?"]}
        - {Field: http-request-method, HttpRequestMethodConfig: {Values: [GET]}}
        - {Field: host-header, HostHeaderConfig: {Values: ["*.example.com"]}}
      Actions: [{Type: forward, ForwardConfig: {TargetGroups: [{TargetGroupArn: !Ref Tasks}]}}]
  Functions:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties:
      TargetType: lambda
      Targets: [{Id: !Ref History.Alias}]
      TargetGroupAttributes: [{Key: lambda.multi_value_headers.enabled, Value: "true"}]
  Tasks:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {TargetType: ip, Port: 8081}
"""


def target(method: str, path: str, host: str = "a.example.com") -> Target:
    return read_listener_rules(Template(parse(RESOURCES))).target_of(method=method, path=path, host=host)


def test_the_lower_priority_number_wins() -> None:
    assert target("GET", "/api/live/1") == StreamTarget()


@pytest.mark.parametrize(
    ("method", "path", "host"),
    [
        ("POST", "/api/live/1", "a.example.com"),
        ("GET", "/api/live/12", "a.example.com"),
        ("GET", "/api/live/", "a.example.com"),
        ("GET", "/api/live/1", "example.org"),
    ],
)
def test_every_condition_of_a_rule_must_hold(method: str, path: str, host: str) -> None:
    assert target(method, path, host) == FunctionTarget(function="History", multi_value_headers=True)


def test_hosts_are_compared_without_case_and_paths_with_it() -> None:
    assert target("GET", "/api/live/1", "A.Example.COM") == StreamTarget()
    assert target("GET", "/API/live/1") == FixedResponse(status=404, content_type="text/plain", body="nothing")


def test_what_no_rule_wants_gets_the_default_answer() -> None:
    assert target("GET", "/") == FixedResponse(status=404, content_type="text/plain", body="nothing")


def test_dots_in_patterns_are_dots() -> None:
    assert target("GET", "/api/live/1", "aXexampleYcom") != StreamTarget()


def test_two_rules_with_one_priority_are_refused() -> None:
    document = parse(RESOURCES.replace("Priority: 20", "Priority: 10"))

    with pytest.raises(ValueError, match="share a priority"):
        read_listener_rules(Template(document))


def test_conditions_that_are_not_known_here_are_refused_rather_than_ignored() -> None:
    document = parse(RESOURCES.replace("http-request-method", "source-ip"))

    with pytest.raises(ValueError, match="source-ip"):
        read_listener_rules(Template(document))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/webhooks/messages/whatsapp", "MessageWebhook"),
        ("/webhooks/messages/telegram", "MessageWebhook"),
        ("/webhooks/voice/incoming", "VoiceWebhook"),
        ("/api/v1/conversations", "HistoryApi"),
        ("/api/v1/conversations/1/messages", "HistoryApi"),
        ("/api/v1/conversations/1/takeover", "AdminApi"),
        ("/api/v1/agents/reception", "AdminApi"),
        ("/api/v1/costs/recommendations", "CostReport"),
        ("/media/token", None),
        ("/updates", None),
        ("/health/stream", None),
    ],
)
def test_the_template_of_the_platform_sends_each_path_to_its_owner(path: str, expected: str | None) -> None:
    rules = read_listener_rules(read_local(REPOSITORY / "template.yaml"))

    chosen = rules.target_of(method="GET", path=path, host="127.0.0.1")

    if expected is None:
        assert chosen == StreamTarget()
    else:
        assert isinstance(chosen, FunctionTarget)
        assert chosen.function == expected
