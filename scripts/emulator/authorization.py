"""Asks whoever started the emulator whether AWS would allow a call: moto itself lets everybody do everything.

The question goes to `http://127.0.0.1:<port>/` as JSON: who calls, which service, operation and parameters, and which
resources of stacks have changed since the last question, because their policies decide. The answer is `{}`, or
`{"denied": "<message>"}`. scripts/rehearsal/authorization has the other side.
"""

import http.client
import io
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import UnknownServiceError
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import determine_request_protocol
from moto.core.routing import NotFound, get_service_router
from moto.core.utils import get_service_model
from moto.moto_server.werkzeug_app import BackendRequest

from .accounts import caller

#: Services that botocore names otherwise than signatures do.
BOTOCORE_NAMES = {"elasticloadbalancing": "elbv2", "email": "ses", "monitoring": "cloudwatch", "states": "stepfunctions"}


class AccessDeniedError(Exception):
    """AWS would not allow the call; the message is AWS's."""


@dataclass(frozen=True)
class Call:
    """A call of an API."""

    #: As signatures name the service: `monitoring`.
    service: str
    region: str
    operation: str
    parameters: Mapping[str, Any]


class Gate:
    """Lets calls of sessions pass if AWS would allow them. Calls of administrators and unsigned requests always pass."""

    def __init__(self, port: int, deployed: Callable[[], Mapping[tuple[str, str], Any]]):
        """Ask at an address.

        Args:
            port: where the questions go
            deployed: tells the resources of all stacks by the stack's id and their logical id
        """
        self._lock = threading.Lock()
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._deployed = deployed
        #: What has been told of them.
        self._told: Mapping[tuple[str, str], Any] = {}

    def check(self, environ: dict[str, Any]) -> None:
        """Refuse a request that AWS would not allow.

        Raises:
            AccessDeniedError: with AWS's message
        """
        scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].partition(",")[0].split("/")
        session = caller(scope[0]) if len(scope) == 5 else None
        if session is None or session.is_operator:
            return
        call = read_call(environ, service=scope[3], region=scope[2])
        self.ask({"roleArn": session.role_arn, "sessionName": session.session_name}, call)

    def ask(self, who: Mapping[str, str], call: Call) -> None:
        """Refuse a call that AWS would not allow.

        Args:
            who: `roleArn` and `sessionName` of a session; or `service`, `sourceAccount` and `sourceArn` of a service of
                AWS that acts by itself
            call: what is called

        Raises:
            AccessDeniedError: with AWS's message
        """
        with self._lock:
            question = {"caller": who, **vars(call), "changes": self._changes()}
            body = json.dumps(question, default=lambda _: None)
            self._connection.request("POST", "/", body, {"content-type": "application/json"})
            answer = json.loads(self._connection.getresponse().read())
        if "denied" in answer:
            raise AccessDeniedError(answer["denied"])

    def _changes(self) -> list[dict[str, Any]]:
        """Resources that have come, changed or gone since they were told of."""
        now = self._deployed()
        changed = [key for key, resource in now.items() if self._told.get(key) is not resource]
        gone = [key for key in self._told if key not in now]
        self._told = now
        return [
            *({"stackId": stack, "logicalId": logical_id} for stack, logical_id in gone),
            *({"stackId": key[0], "logicalId": key[1], "resource": _plain(now[key])} for key in changed),
        ]


#: Asks, once somebody wants to be asked.
gate: Gate | None = None


def read_call(environ: dict[str, Any], *, service: str, region: str) -> Call:
    """The call that a request is; the request can be read again."""
    request = BackendRequest(environ)
    body = request.get_data(parse_form_data=False)
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    copy = BackendRequest({**environ, "wsgi.input": io.BytesIO(body)})
    try:
        name = BOTOCORE_NAMES.get(service, service)
        model = get_service_model(name)
        operation, uri_parameters = get_service_router(name).match(copy)
    except (UnknownServiceError, NotFound):
        return Call(service, region, "", {})
    parser = PROTOCOL_PARSERS[determine_request_protocol(model, copy.content_type)](operation)
    parameters = parser.parse(
        {
            "method": copy.method,
            "values": copy.values,
            "headers": copy.headers,
            # What is put into S3 decides nothing.
            "body": b"" if operation.name in ("PutObject", "UploadPart") else body,
            "url_path": copy.path,
            "url_params": uri_parameters,
        }
    )
    return Call(service, region, operation.name, parameters)


def _plain(resource: Any) -> dict[str, Any]:
    return {
        "type": resource.type,
        "physicalId": resource.physical_id,
        "properties": resource.properties,
        "attributes": resource.attributes,
        "isComplete": not resource.status.endswith("_IN_PROGRESS"),
    }
