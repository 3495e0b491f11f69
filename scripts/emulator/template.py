"""CloudFormation templates: reading them, checking parameters and rules, evaluating intrinsic functions.

moto 5.2.5 has an evaluator (moto.cloudformation.parsing) that the emulator does not use: it knows neither Fn::Cidr
nor three-part Fn::GetAtt, takes us-east-1 for `!GetAZs ''`, leaves `Fn::GetAZs: !Ref AWS::Region` unresolved, passes
numbers of a parameter on as text or the other way round, and puts nothing in place of what it does not know.
Here whatever cannot be evaluated is an error.
"""

import base64
import ipaddress
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Set
from typing import Any, Protocol

import yaml

from .errors import ValidationError

SECTIONS = {
    "AWSTemplateFormatVersion",
    "Conditions",
    "Description",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
    "Rules",
}
CAPABILITY_OF_TYPE = {
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
}
ZONE_TYPES = ("AWS::EC2::AvailabilityZone::Name", "List<AWS::EC2::AvailabilityZone::Name>")
NO_VALUE = {"Ref": "AWS::NoValue"}
PLACEHOLDER = re.compile(r"\$\{(!?)([^}]*)\}")


class TemplateLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, where only text that CloudFormation takes for a date is one."""


def _short_form(loader: TemplateLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    return {f"Fn::{suffix}": value}


TemplateLoader.add_multi_constructor("!", _short_form)
TemplateLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Names(Protocol):
    """What the evaluation of a template asks of the stack."""

    def ref(self, name: str) -> Any:
        """Value of a resource's Ref."""

    def attribute(self, logical_id: str, attribute: str) -> Any:
        """Value of a resource's attribute."""

    def exported(self, name: str) -> str:
        """Value of another stack's export."""


class Template:
    """A template's sections, known to be well-formed and to reference only what it declares."""

    def __init__(self, body: str):
        """Read a template.

        Raises:
            ValidationError: as CloudFormation does for a template that it cannot read
        """
        try:
            self.content = json.loads(body) if body.lstrip().startswith("{") else yaml.load(body, TemplateLoader)
        except (ValueError, yaml.YAMLError) as error:
            raise ValidationError(f"Template format error: {error}") from error
        if not isinstance(self.content, dict):
            raise ValidationError("Template format error: unsupported structure.")
        self.body = body
        unknown = sorted(set(self.content) - SECTIONS)
        if unknown:
            raise ValidationError(f"Invalid template property or properties [{', '.join(unknown)}]")
        self.resources: dict[str, dict[str, Any]] = self.content.get("Resources") or {}
        if not self.resources:
            raise ValidationError("Template format error: At least one Resources member must be defined.")
        for logical_id, resource in self.resources.items():
            if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
                raise ValidationError(
                    f"Template format error: [/Resources/{logical_id}] Every Resources object must "
                    "contain a Type member."
                )
        self.parameters: dict[str, dict[str, Any]] = self.content.get("Parameters") or {}
        self.conditions: dict[str, Any] = self.content.get("Conditions") or {}
        self.outputs: dict[str, dict[str, Any]] = self.content.get("Outputs") or {}
        self._check_references()

    @property
    def description(self) -> str | None:
        """The template's description."""
        return self.content.get("Description")

    def capabilities(self) -> list[str]:
        """Capabilities that whoever deploys the template has to acknowledge."""
        types = [
            (CAPABILITY_OF_TYPE[resource["Type"]], resource.get("Properties") or {})
            for resource in self.resources.values()
            if resource["Type"] in CAPABILITY_OF_TYPE
        ]
        if any(name in properties for name, properties in types):
            return ["CAPABILITY_NAMED_IAM"]
        return ["CAPABILITY_IAM"] if types else []

    def _check_references(self) -> None:
        known = set(self.parameters) | set(self.resources)
        for section in ("Resources", "Outputs"):
            unresolved = sorted(
                name
                for name in referenced_names(self.content.get(section) or {})
                if name not in known and not name.startswith("AWS::")
            )
            if unresolved:
                raise ValidationError(
                    f"Template format error: Unresolved resource dependencies [{', '.join(unresolved)}] "
                    f"in the {section} block of the template"
                )
        for logical_id, resource in self.resources.items():
            condition = resource.get("Condition")
            if condition is not None and condition not in self.conditions:
                raise ValidationError(
                    f"Template format error: Unresolved condition dependency {condition} in the "
                    f"Resources block of the template ({logical_id})"
                )

    def parameter_values(self, given: Mapping[str, str], region: str) -> dict[str, str]:
        """Values of all parameters: the given ones and the defaults.

        Args:
            given: values by name
            region: where a value of a type such as AWS::EC2::AvailabilityZone::Name has to exist

        Raises:
            ValidationError: a value is missing, breaks its constraints, or belongs to no parameter
        """
        unknown = sorted(set(given) - set(self.parameters))
        if unknown:
            raise ValidationError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
        missing = [
            name
            for name, definition in self.parameters.items()
            if name not in given and definition.get("Default") is None
        ]
        if missing:
            raise ValidationError(f"Parameters: [{', '.join(missing)}] must have values")
        values = {name: str(given.get(name, definition.get("Default"))) for name, definition in self.parameters.items()}
        for name, value in values.items():
            _check_parameter(name, self.parameters[name], value, region)
        return values


def referenced_names(value: Any) -> Iterator[str]:
    """Names that a part of a template refers to: parameters, resources, pseudo parameters."""
    if isinstance(value, dict):
        for key, content in value.items():
            if key == "Ref" and isinstance(content, str):
                yield content
            elif key == "Fn::GetAtt":
                yield (content if isinstance(content, list) else content.split("."))[0]
            elif key == "Fn::Sub":
                text, variables = content if isinstance(content, list) else (content, {})
                yield from referenced_names(variables)
                for literal, name in PLACEHOLDER.findall(text):
                    if not literal and name not in variables:
                        yield name.split(".")[0]
            elif key == "DependsOn":
                yield from [content] if isinstance(content, str) else content
            else:
                yield from referenced_names(content)
    elif isinstance(value, list):
        for item in value:
            yield from referenced_names(item)


def zones_of(region: str) -> list[str]:
    """Names of a Region's availability zones, as moto knows them; an account may see fewer."""
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend  # costs half a second

    return [zone.name for zone in RegionsAndZonesBackend.zones.get(region, [])]


def _check_parameter(name: str, definition: Mapping[str, Any], value: str, region: str) -> None:
    """Raise a ValidationError for a value that breaks its parameter's constraints."""
    kind = definition.get("Type", "String")
    if kind.startswith("AWS::SSM::Parameter::"):
        raise ValidationError(f"The emulator does not resolve parameters of type {kind} ({name})")
    described = definition.get("ConstraintDescription")
    values = _list_items(value) if _is_list(kind) else [value]

    def refuse(rule: str) -> ValidationError:
        return ValidationError(
            f"Parameter '{name}' {f'failed to satisfy constraint: {described}' if described else rule}"
        )

    for item in values:
        allowed = definition.get("AllowedValues")
        if allowed is not None and item not in [str(candidate) for candidate in allowed]:
            raise refuse(f"must be one of AllowedValues: [{', '.join(str(candidate) for candidate in allowed)}]")
        pattern = definition.get("AllowedPattern")
        if pattern is not None and not re.fullmatch(pattern, item):
            raise refuse(f"must match pattern {pattern}")
        if kind in ZONE_TYPES and item not in zones_of(region):
            raise ValidationError(
                f"Parameter validation failed: parameter value {item} for parameter name {name} does not exist"
            )
        if kind in ("Number", "List<Number>"):
            try:
                number = float(item)
            except ValueError:
                raise ValidationError(f"Parameter '{name}' must be a number.") from None
            if number < float(definition.get("MinValue", number)):
                raise refuse(f"must be a number not less than {definition['MinValue']}")
            if number > float(definition.get("MaxValue", number)):
                raise refuse(f"must be a number not greater than {definition['MaxValue']}")
        if len(item) < int(definition.get("MinLength", 0)):
            raise refuse(f"must contain at least {definition['MinLength']} characters")
        if "MaxLength" in definition and len(item) > int(definition["MaxLength"]):
            raise refuse(f"must contain at most {definition['MaxLength']} characters")


def _is_list(kind: str) -> bool:
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def _list_items(value: str) -> list[str]:
    return [item.strip() for item in value.split(",")]


class Evaluation:
    """A template with the values of one deployment."""

    def __init__(
        self,
        template: Template,
        parameters: Mapping[str, str],
        pseudo_parameters: Mapping[str, Any],
    ):
        """Evaluate conditions and rules.

        Args:
            template: what to evaluate
            parameters: a value for every parameter
            pseudo_parameters: values of AWS::Region, AWS::AccountId and so on

        Raises:
            ValidationError: a condition cannot be evaluated, or a rule's assertion does not hold
        """
        self.template = template
        self.pseudo_parameters = pseudo_parameters
        self._parameters: dict[str, Any] = {
            name: _list_items(value) if _is_list(template.parameters[name].get("Type", "String")) else value
            for name, value in parameters.items()
        }
        self._conditions: dict[str, bool] = {}
        for name in template.conditions:
            self.condition(name)
        self._check_rules()
        #: Resources and outputs whose condition holds, with the chosen branch of every Fn::If.
        self.resources = self._present(template.resources)
        self.outputs = self._present(template.outputs)

    def _present(self, section: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return {
            name: self.choose(entry)
            for name, entry in section.items()
            if "Condition" not in entry or self.condition(entry["Condition"])
        }

    def condition(self, name: str) -> bool:
        """Whether a condition of the template holds."""
        if name not in self.template.conditions:
            raise ValidationError(f"Template error: condition {name} is not defined")
        if name not in self._conditions:
            self._conditions[name] = self._holds(self.template.conditions[name])
        return self._conditions[name]

    def _holds(self, expression: Any) -> bool:
        if isinstance(expression, dict) and len(expression) == 1:
            function, operand = next(iter(expression.items()))
            if function == "Condition":
                return self.condition(operand)
            if function == "Fn::Equals":
                left, right = (self.value(side, Nothing()) for side in operand)
                return _text(left) == _text(right)
            if function == "Fn::Not":
                return not self._holds(operand[0])
            if function == "Fn::And":
                return all([self._holds(item) for item in operand])
            if function == "Fn::Or":
                return any([self._holds(item) for item in operand])
            if function == "Fn::Contains":
                candidates, wanted = (self.value(side, Nothing()) for side in operand)
                return _text(wanted) in [_text(candidate) for candidate in candidates]
        raise ValidationError(f"Template error: the emulator does not know the condition function in {expression}")

    def _check_rules(self) -> None:
        for name, rule in (self.template.content.get("Rules") or {}).items():
            if "RuleCondition" in rule and not self._holds(rule["RuleCondition"]):
                continue
            for assertion in rule["Assertions"]:
                if not self._holds(assertion["Assert"]):
                    raise ValidationError(
                        f"Template validation error: rule {name}: {assertion.get('AssertDescription', 'does not hold')}"
                    )

    def choose(self, value: Any) -> Any:
        """A part of a template without Fn::If and AWS::NoValue."""
        if isinstance(value, list):
            return [item for item in map(self.choose, value) if item != NO_VALUE]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Fn::If"}:
            condition, when_true, when_false = value["Fn::If"]
            return self.choose(when_true if self.condition(condition) else when_false)
        chosen = {key: self.choose(content) for key, content in value.items()}
        return {key: content for key, content in chosen.items() if content != NO_VALUE}

    def dependencies(self, logical_id: str) -> set[str]:
        """Resources that a resource refers to or names in DependsOn."""
        return {name for name in referenced_names(self.resources[logical_id]) if name in self.resources} - {logical_id}

    def order(self, first: Set[str] = frozenset()) -> list[str]:
        """Logical ids, each after those it depends on, else as in the template.

        Args:
            first: those to be taken before others, as far as nothing that they depend on is among these

        Raises:
            ValidationError: resources depend on each other in a circle
        """
        ordered: list[str] = []
        waiting = {name: self.dependencies(name) for name in self.resources}
        while waiting:
            free = [name for name, dependencies in waiting.items() if dependencies.isdisjoint(waiting)]
            if not free:
                raise ValidationError(f"Circular dependency between resources: [{', '.join(waiting)}]")
            ready = next((name for name in free if name in first), free[0])
            ordered.append(ready)
            del waiting[ready]
        return ordered

    def value(self, value: Any, names: Names) -> Any:
        """A part of a template with every intrinsic function replaced by its value.

        Raises:
            ValidationError: for a function that is unknown or used on what it does not fit
        """
        if isinstance(value, list):
            return [self.value(item, names) for item in value]
        if isinstance(value, str) and "{{resolve:" in value:
            raise ValidationError(f"The emulator does not resolve dynamic references: {value}")
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            function, operand = next(iter(value.items()))
            if function == "Ref":
                return self._ref(operand, names)
            if function.startswith("Fn::"):
                try:
                    return self._function(function, operand, names)
                except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                    problem = f"Template error: {function} cannot work with {json.dumps(operand)}: {error}"
                    raise ValidationError(problem) from error
        return {key: self.value(content, names) for key, content in value.items()}

    def _ref(self, name: str, names: Names) -> Any:
        if name in self._parameters:
            return self._parameters[name]
        if name in self.pseudo_parameters:
            return self.pseudo_parameters[name]
        if name.startswith("AWS::"):
            raise ValidationError(f"Template error: the emulator does not know the pseudo parameter {name}")
        return names.ref(name)

    def _function(self, function: str, operand: Any, names: Names) -> Any:
        if function == "Fn::GetAtt":
            logical_id, attribute = operand if isinstance(operand, list) else operand.split(".", 1)
            return names.attribute(logical_id, self.value(attribute, names))
        if function == "Fn::Sub":
            return self._sub(operand, names)
        if function == "Fn::FindInMap":
            name, first, second = self.value(operand, names)
            try:
                return self.template.content["Mappings"][name][str(first)][str(second)]
            except KeyError:
                raise ValidationError(f"Template error: Unable to get mapping for {name}::{first}::{second}") from None
        operand = self.value(operand, names)
        if function == "Fn::Join":
            separator, items = operand
            return separator.join(_scalar(item, function) for item in items)
        if function == "Fn::Split":
            separator, text = operand
            return _scalar(text, function).split(separator)
        if function == "Fn::Select":
            index, items = operand
            if not 0 <= int(index) < len(items):
                raise ValidationError(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
            return items[int(index)]
        if function == "Fn::GetAZs":
            return zones_of(operand or self.pseudo_parameters["AWS::Region"])
        if function == "Fn::Cidr":
            block, count, bits = operand
            network = ipaddress.ip_network(block)
            subnets = network.subnets(new_prefix=network.max_prefixlen - int(bits))
            blocks = [str(subnet) for subnet in itertools.islice(subnets, int(count))]
            if len(blocks) < int(count):
                raise ValidationError(f"Template error: Fn::Cidr: {block} does not hold {count} such blocks")
            return blocks
        if function == "Fn::Base64":
            return base64.b64encode(_scalar(operand, function).encode()).decode()
        if function == "Fn::ImportValue":
            return names.exported(_scalar(operand, function))
        raise ValidationError(f"Template error: the emulator does not know the function {function}")

    def _sub(self, operand: Any, names: Names) -> str:
        text, variables = operand if isinstance(operand, list) else (operand, {})

        def replacement(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return "${" + name + "}"
            if name in variables:
                found = self.value(variables[name], names)
            elif "." in name:
                found = names.attribute(*name.split(".", 1))
            else:
                found = self._ref(name, names)
            return _scalar(found, "Fn::Sub")

        return PLACEHOLDER.sub(replacement, text)


class Nothing:
    """Names of a part of a template that may refer to no resource: conditions and rules."""

    def ref(self, name: str) -> Any:
        """Refuse a resource."""
        raise ValidationError(f"Template error: conditions and rules cannot refer to {name}")

    def attribute(self, logical_id: str, _attribute: str) -> Any:
        """Refuse an attribute."""
        return self.ref(logical_id)

    def exported(self, name: str) -> str:
        """Refuse an export."""
        return self.ref(name)


def _scalar(value: Any, function: str) -> str:
    if isinstance(value, (list, dict)):
        raise ValidationError(f"Template error: {function} needs text, found {json.dumps(value)}")
    return _text(value)


def _text(value: Any) -> Any:
    """Text of a scalar, as CloudFormation writes it: true rather than True."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value
