"""Chalice's template made neutral of the stage, and filled in again."""

from typing import Any

import pytest
import yaml

from tools.deploy import template
from tools.deploy.errors import DeployError


def written(resources: dict[str, Any], *parameters: str) -> str:
    """A template as Chalice writes it."""
    return yaml.safe_dump(
        {"Parameters": {name: {"Type": "String"} for name in parameters}, "Resources": resources}
    )


def test_a_placeholder_becomes_a_reference_to_the_parameter_of_its_name() -> None:
    text = written(
        {
            "Function": {
                "Environment": {"TABLE": "${Table}", "WHERE": "to ${Stage}, by ${Stage}/${Table}"},
                "Policies": [{"Resource": ["${Table}", "${Table}/index/due-index"]}],
                "Memory": 512,
            }
        },
        "Table",
        "Stage",
    )
    assert template.neutral(text)["Resources"]["Function"] == {
        "Environment": {
            "TABLE": {"Ref": "Table"},
            "WHERE": {"Fn::Sub": "to ${Stage}, by ${Stage}/${Table}"},
        },
        "Policies": [
            {"Resource": [{"Ref": "Table"}, {"Fn::Sub": "${Table}/index/due-index"}]},
        ],
        "Memory": 512,
    }


@pytest.mark.parametrize(
    "reference",
    [
        {"Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${RestAPI}"},
        {"Fn::Sub": ["${Its}", {"Its": {"Ref": "RestAPI"}}]},
        {"Ref": "RestAPI"},
        {"Fn::GetAtt": ["Function", "Arn"]},
    ],
)
def test_what_refers_already_is_left_as_it_is(reference: dict[str, Any]) -> None:
    resources = {"Function": {"Arn": reference}}
    assert template.neutral(written(resources))["Resources"] == resources


def test_what_is_amazons_own_is_no_placeholder() -> None:
    resources = {"Function": {"Arn": "${AWS::Region} and $Stage and {Stage}"}}
    assert template.neutral(written(resources))["Resources"] == resources


def test_placeholders_that_are_no_parameters_are_refused_together() -> None:
    text = written({"F": {"A": "${Unknown}", "B": ["x ${Another}"], "C": "${Stage}"}}, "Stage")
    with pytest.raises(DeployError, match=r"has no parameter Another, Unknown\.$"):
        template.neutral(text)


def test_the_code_is_put_where_it_lies_and_nothing_else_is_changed() -> None:
    parts = {
        "Resources": {
            "One": {"CodeUri": template.CODE, "Says": f"not {template.CODE}"},
            "Two": {"Layers": [template.CODE], "Memory": 256},
        }
    }
    text = template.with_code_at(parts, "s3://bucket/key.zip")
    assert yaml.safe_load(text) == {
        "Resources": {
            "One": {"CodeUri": "s3://bucket/key.zip", "Says": f"not {template.CODE}"},
            "Two": {"Layers": ["s3://bucket/key.zip"], "Memory": 256},
        }
    }


# --- parameters

LAID_OVER = """
Parameters:
  Stage: {Type: String}
  GraceSeconds: {Type: Number, Default: 900}
  CorsAllowOrigin: {Type: String, Default: ""}
Conditions:
  OnAws: !Equals [!Ref Stage, "prod"]
Resources:
  Api: {Properties: {Name: !Sub "${Stage}", Tags: !If [OnAws, {A: b}, !Ref "AWS::NoValue"]}}
"""


def test_the_defaults_of_a_template_with_short_forms_are_read_as_texts() -> None:
    assert template.defaults_of(LAID_OVER) == {"GraceSeconds": "900", "CorsAllowOrigin": ""}


PARAMETERS = {
    "Parameters": {
        "Stage": {"Type": "String"},
        "TableArn": {"Type": "String"},
        "GraceSeconds": {"Type": "Number", "Default": 900},
        "MaxResends": {"Type": "Number", "Default": 2},
    }
}


def test_a_template_is_given_what_it_asks_for_and_no_more() -> None:
    values = {"Stage": "dev", "TableArn": "arn", "GraceSeconds": "1", "UserPoolId": "pool"}
    assert template.given(PARAMETERS, values) == {
        "Stage": "dev",
        "TableArn": "arn",
        "GraceSeconds": "1",
    }


@pytest.mark.parametrize("values", [{}, {"Stage": "", "TableArn": ""}])
def test_all_that_has_neither_value_nor_default_is_named_at_once(values: dict[str, str]) -> None:
    with pytest.raises(DeployError, match=r"^No value for Stage, TableArn\.$"):
        template.given(PARAMETERS, values)


def test_values_are_put_in_where_they_are_referred_to() -> None:
    part = {
        "Name": {"Ref": "Stage"},
        "Whole": {"Fn::Sub": "monoova-payouts-${Stage}"},
        "Partly": [{"Fn::Sub": "${AWS::Region}/${Stage}/${Unknown}"}],
        "Not": [{"Ref": "RestAPI"}, {"Fn::Sub": ["${Stage}", {}]}, "${Stage}", 7],
    }
    assert template.filled(part, {"Stage": "local"}) == {
        "Name": "local",
        "Whole": "monoova-payouts-local",
        "Partly": [{"Fn::Sub": "${AWS::Region}/local/${Unknown}"}],
        "Not": [{"Ref": "RestAPI"}, {"Fn::Sub": ["${Stage}", {}]}, "${Stage}", 7],
    }


def test_lists_are_joined_and_split_once_all_that_is_in_them_is_known() -> None:
    joined = {"Fn::Join": [",", ["none", {"Ref": "One"}, {"Ref": "Two"}]]}
    part = {"Roles": {"Fn::Split": [",", joined]}}
    assert template.filled(part, {"One": "a", "Two": "b,c"}) == {"Roles": ["none", "a", "b", "c"]}
    half = {"Fn::Join": [",", ["none", "a", {"Ref": "Two"}]]}
    assert template.filled(part, {"One": "a"}) == {"Roles": {"Fn::Split": [",", half]}}
