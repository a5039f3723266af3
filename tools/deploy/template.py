"""The template that Chalice writes, made neutral of the stage.

What differs between stages stands in `.chalice/` as `${Name}`. Chalice passes such texts on as they
are; here each becomes a reference to the parameter of that name, which infra/app.yaml declares. So
one package serves every stage, and the values are CloudFormation's business.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from tools.deploy import short_forms
from tools.deploy.errors import DeployError

# Where Chalice writes a text as the address of the code.
CODE: Final = "./deployment.zip"
_PLACEHOLDER: Final = re.compile(r"\$\{([A-Za-z]+)\}")
_IN_OUR_HANDS: Final = ("Fn::Sub", "Ref", "Fn::GetAtt")


def neutral(text: str) -> dict[str, Any]:
    """Chalice's template (YAML) with its placeholders as references to its parameters.

    Raises:
        DeployError: placeholders without a parameter, or parameters that nothing uses.
    """
    template: dict[str, Any] = yaml.safe_load(text)
    parameters = set(template["Parameters"])
    used: set[str] = set()
    resources = _referring(template["Resources"], used)
    missing = used - parameters
    if missing:
        raise DeployError(f"infra/app.yaml has no parameter {', '.join(sorted(missing))}.")
    return template | {"Resources": resources}


def with_code_at(template: Mapping[str, Any], uri: str) -> str:
    """The template as CloudFormation takes it, its code in a bucket.

    Written as YAML, of which the templates of CloudFormation are a part.
    """
    return yaml.safe_dump(_replaced(template, uri), sort_keys=False, width=1_000_000)


def _replaced(part: Any, uri: str) -> Any:
    if isinstance(part, dict):
        return {name: _replaced(each, uri) for name, each in part.items()}
    if isinstance(part, list):
        return [_replaced(each, uri) for each in part]
    return uri if part == CODE else part


def _referring(part: Any, used: set[str]) -> Any:
    """`part` with its placeholders referring; their names are added to `used`."""
    if isinstance(part, dict):
        # What refers already is Chalice's, or infra/app.yaml's, and is left as it is.
        return {
            name: each if name in _IN_OUR_HANDS else _referring(each, used)
            for name, each in part.items()
        }
    if isinstance(part, list):
        return [_referring(each, used) for each in part]
    if not isinstance(part, str):
        return part
    names = _PLACEHOLDER.findall(part)
    if not names:
        return part
    used.update(names)
    return {"Ref": names[0]} if part == f"${{{names[0]}}}" else {"Fn::Sub": part}


def defaults_of(text: str) -> dict[str, str]:
    """The defaults of a template's parameters; `text` may have short forms (`!Ref`)."""
    template = short_forms.loaded(text)
    return {
        name: str(each["Default"])
        for name, each in template["Parameters"].items()
        if "Default" in each
    }


def given(template: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """Of `values`, what the template has a parameter for.

    Raises:
        DeployError: a parameter without a default has no value.
    """
    parameters: Mapping[str, Mapping[str, Any]] = template["Parameters"]
    missing = [
        name for name, each in parameters.items() if "Default" not in each and not values.get(name)
    ]
    if missing:
        raise DeployError(f"No value for {', '.join(sorted(missing))}.")
    return {name: values[name] for name in parameters if name in values}


def with_values_in_api(template: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """The template with the values written into the API's description.

    SAM deploys an API anew when its description changes, and takes a reference for the same
    description whatever is behind it: another origin or user pool would never be deployed.
    """
    resources = template["Resources"]
    api = resources["RestAPI"]
    properties = api["Properties"] | {
        name: filled(api["Properties"][name], values)
        for name in ("DefinitionBody", "GatewayResponses")
    }
    return {**template, "Resources": resources | {"RestAPI": api | {"Properties": properties}}}


def filled(part: Any, values: Mapping[str, str]) -> Any:
    """`part` of a template with the parameters in `values` put in where it refers to them."""
    if isinstance(part, dict):
        match part:
            case {"Ref": str(name)} if name in values:
                return values[name]
            case {"Fn::Sub": str(text)}:
                known = _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)
                return {"Fn::Sub": known} if "${" in known else known
        return _joined({name: filled(each, values) for name, each in part.items()})
    if isinstance(part, list):
        return [filled(each, values) for each in part]
    return part


def _joined(part: dict[str, Any]) -> Any:
    """A list of texts where `part` joins or splits what is known; else as it is."""
    match part:
        case {"Fn::Join": [str(between), [*texts]]} if all(isinstance(each, str) for each in texts):
            return between.join(texts)
        case {"Fn::Split": [str(between), str(text)]}:
            return text.split(between)
    return part


def resource_policy(text: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Who may call the API, by the template in `text`, with the values in it."""
    api = short_forms.loaded(text)["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]
    policy: dict[str, Any] = filled(api["x-amazon-apigateway-policy"], values)
    return policy
