"""Prints the allowed values that cfn-lint publishes for properties of resource types.

cfn-lint corrects AWS's resource schemas with the service models of botocore, which have allowed values where the schemas
have none. Reads [["type", "path.of.property"]] from standard input, writes {"type: path.of.property": ["value"]}.
"""

import json
import sys

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER


def resolve(node, root):
    while "$ref" in node:
        target = root
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key]
        node = target
    return node


def values_at(node, path, root):
    node = resolve(node, root)
    below = [part for key in ("allOf", "anyOf", "oneOf") for part in node.get(key, [])]
    if "items" in node:
        below.append(node["items"])
    values = {value for part in below for value in values_at(part, path, root)}
    if not path:
        return values | set(node.get("enum", [])) | set(node.get("enumCaseInsensitive", []))
    nested = node.get("properties", {}).get(path[0])
    return values | (values_at(nested, path[1:], root) if nested else set())


def main():
    published = {}
    for resource_type, path in json.load(sys.stdin):
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema
        values = values_at(schema, path.split("."), schema)
        published[f"{resource_type}: {path}"] = sorted(value for value in values if isinstance(value, str))
    json.dump(published, sys.stdout)


main()
