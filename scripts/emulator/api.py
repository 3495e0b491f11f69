"""Calls of AWS's APIs at the emulator's own address, with parameters as a template writes them."""

import functools
import json
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.client import BaseClient
from botocore.config import Config
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import Shape

from .errors import ResourceError

Properties = Mapping[str, Any]
UNSUPPORTED = "If AWS knows better, teach it to the emulator in scripts/emulator/resources."


_caller: ContextVar[ReadOnlyCredentials] = ContextVar("caller")


class _CallersCredentials(Credentials):
    """Credentials of whoever calls: a client takes a while to make, so all sessions share those of a service."""

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return _caller.get()


_session = botocore.session.Session()
_session._credentials = _CallersCredentials("of", "the caller")


@functools.cache
def _client(service: str, region: str, endpoint: str) -> BaseClient:
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return _session.create_client(service, region_name=region, endpoint_url=endpoint, config=config)


class Api:
    """The services of one account in one Region, at the emulator's own address, called by one session."""

    def __init__(self, endpoint: str, account_id: str, region: str, credentials: ReadOnlyCredentials):
        """Call services on demand.

        Args:
            endpoint: address of the emulator
            account_id: account that the credentials belong to
            region: Region of the calls
            credentials: those of the session that calls
        """
        self.account_id = account_id
        self.region = region
        self._endpoint = endpoint
        self._credentials = credentials

    def request(self, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Call an operation with parameters as botocore takes them.

        Raises:
            BotoCoreError: a parameter fits no member of the operation's input
            ClientError: the service refuses the call
        """
        token = _caller.set(self._credentials)
        try:
            return getattr(_client(service, self.region, self._endpoint), xform_name(operation))(**parameters)
        finally:
            _caller.reset(token)

    def call(self, service: str, operation: str, parameters: Properties) -> dict[str, Any]:
        """Call an operation with parameters written as a template writes them.

        Args:
            service: its name in botocore
            operation: its name in the API: CreateRepository
            parameters: properties of a resource; see `fit`

        Raises:
            ResourceError: a parameter fits no member of the operation's input, or the service refuses the call
        """
        model = _client(service, self.region, self._endpoint).meta.service_model
        shape = model.operation_model(operation).input_shape
        try:
            return self.request(service, operation, fit(parameters, shape))
        except (BotoCoreError, ClientError) as error:
            raise ResourceError(str(error)) from error


def fit(value: Any, shape: Shape, path: str = "") -> Any:
    """Properties as an API takes them.

    CloudFormation mostly follows the API, save that its names begin with a capital letter, and that it takes numbers
    and truth values as text, policies as objects and tags as a list also where the API wants a map.

    Raises:
        ResourceError: for a property that the API does not have
    """
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, Mapping):
            raise ResourceError(f"Value of property {path or '/'} must be an object")
        members = {name.lower(): name for name in shape.members}
        fitted = {}
        for key, content in value.items():
            member = members.get(key.lower())
            if member is None:
                raise ResourceError(f"Encountered unsupported property {path}{key}. {UNSUPPORTED}")
            fitted[member] = fit(content, shape.members[member], f"{path}{key}/")
        return fitted
    if kind == "list":
        if not isinstance(value, list):
            raise ResourceError(f"Value of property {path} must be a list")
        return [fit(item, shape.member, path) for item in value]
    if kind == "map":
        entries = {tag["Key"]: tag["Value"] for tag in value} if isinstance(value, list) else value
        return {str(key): fit(content, shape.value, f"{path}{key}/") for key, content in entries.items()}
    if kind == "boolean":
        return value if isinstance(value, bool) else {"true": True, "false": False}[str(value).lower()]
    if kind in ("integer", "long"):
        return int(value)
    if kind in ("float", "double"):
        return float(value)
    if kind == "string":
        return text(value)
    return value


def text(value: Any) -> str:
    """A value as the text that an API takes: a policy as JSON, true in lower case."""
    return value if isinstance(value, str) else json.dumps(value)
