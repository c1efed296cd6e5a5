from __future__ import annotations

import pytest
import yaml

from local.template import Template, UnresolvedReferenceError, parse

DOCUMENT = parse("""
Parameters:
  Environment: {Type: String, Default: production}
Conditions:
  IsProduction: !Equals [!Ref Environment, production]
  IsOther: !Not [!Condition IsProduction]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub ${AWS::StackName}-messages.fifo
      Delay: !If [IsProduction, 1, 2]
  Spare:
    Type: AWS::SQS::Queue
    Condition: IsOther
""")


def test_names_are_put_together_from_parameters() -> None:
    queue = Template(DOCUMENT).resources("AWS::SQS::Queue")["Queue"]

    assert Template(DOCUMENT).resolve(queue["QueueName"]) == "vaani-local-messages.fifo"


def test_resources_whose_condition_is_false_do_not_exist() -> None:
    assert list(Template(DOCUMENT).resources("AWS::SQS::Queue")) == ["Queue"]


def test_given_parameters_go_before_defaults() -> None:
    template = Template(DOCUMENT, parameters={"Environment": "development"})

    resources = template.resources("AWS::SQS::Queue")

    assert list(resources) == ["Queue", "Spare"]
    assert template.resolve(resources["Queue"]["Delay"]) == 2


def test_references_to_created_resources_are_their_attributes() -> None:
    template = Template(DOCUMENT, attributes={"Queue": {"Ref": "http://queue", "Arn": "arn:queue"}})

    assert template.resolve([{"Ref": "Queue"}, {"Fn::GetAtt": "Queue.Arn"}]) == ["http://queue", "arn:queue"]


def test_references_to_what_was_not_created_are_refused() -> None:
    with pytest.raises(UnresolvedReferenceError, match=r"Database\.Endpoint"):
        Template(DOCUMENT).resolve({"Fn::Sub": "host=${Database.Endpoint}"})


def test_escaped_placeholders_stay() -> None:
    assert Template(DOCUMENT).resolve({"Fn::Sub": "${!Literal}"}) == "${Literal}"


def test_tags_that_would_run_code_are_refused() -> None:
    with pytest.raises(yaml.YAMLError):
        parse("value: !!python/name:os.system ''")
