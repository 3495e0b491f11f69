"""Tells what is wrong with calls and answers of AWS's APIs, by the models of botocore.

Standard input: [{"service": "s3api", "operation": "get-bucket-policy", "input": {...}, "output": {...}}, ...], with
"error": "NoSuchBucketPolicy" instead of "output" where the call fails; service and operation are those of the AWS CLI.
Standard output: a list of texts.
"""

import json
import sys

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator

# What every service answers, and no model lists: to callers without permission, and to HEAD, which has no body.
UNLISTED = {"AccessDenied", "AccessDeniedException", "OptInRequired", "UnauthorizedOperation", "403", "404"}

# The models of these services list the errors of none of their operations.
WITHOUT_ERRORS = {"cloudformation", "ec2", "sts"}

session = botocore.session.get_session()
models: dict[str, ServiceModel] = {}


def model_of(service: str, operation: str) -> OperationModel:
    """The model of an operation, by the names of the AWS CLI."""
    if service not in models:
        models[service] = session.get_service_model("s3" if service == "s3api" else service)
    names = {xform_name(name, "-"): name for name in models[service].operation_names}
    return models[service].operation_model(names[operation])


def problems(call: dict) -> list[str]:
    """What is wrong with a call."""
    name = f"{call['service']} {call['operation']}"
    model = model_of(call["service"], call["operation"])
    validate = ParamValidator().validate
    found = []
    if model.input_shape is not None:
        report = validate(call["input"], model.input_shape)
        found += [f"{name}: input: {report.generate_report()}"] if report.has_errors() else []
    elif call["input"]:
        found.append(f"{name}: takes no input, found {call['input']}")
    if "error" in call:
        codes = {shape.error_code for shape in model.error_shapes} | {shape.name for shape in model.error_shapes}
        if call["error"] not in codes | UNLISTED and call["service"] not in WITHOUT_ERRORS:
            found.append(f"{name}: answers none of {sorted(codes)} with {call['error']}")
    else:
        report = validate(call["output"], model.output_shape)
        found += [f"{name}: output: {report.generate_report()}"] if report.has_errors() else []
    return found


json.dump([problem for call in json.load(sys.stdin) for problem in problems(call)], sys.stdout)
