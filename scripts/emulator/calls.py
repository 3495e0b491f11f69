"""A door beside AWS's own: calls of any API without the half second that the AWS CLI takes to start.

`POST /emulator/call` with `{"account": "<id>", "service": "iam", "operation": "GetRole", "parameters": {...}}` answers
`{"result": {...}}`, or `{"error": {"code": "NoSuchEntity", "message": "..."}}`. The call goes through botocore to the
emulator like any other, so parameters and result are those of the AWS SDK for Python.
"""

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from botocore.response import StreamingBody
from werkzeug.wrappers import Request, Response

from .cloudformation import account

PATH = "/emulator/call"


class Calls:
    """A WSGI application that answers calls and hands all else on to another one."""

    def __init__(self, application: Any, region: str):
        """Wrap an application.

        Args:
            application: answers all other requests
            region: Region of the calls
        """
        self.application = application
        self.region = region

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        if environ["PATH_INFO"] != PATH:
            return self.application(environ, start_response)
        call = Request(environ).get_json()
        client = account(call["account"], self.region).api.client(call["service"])
        try:
            result = getattr(client, xform_name(call["operation"]))(**call["parameters"])
            result.pop("ResponseMetadata")
            answer: dict[str, Any] = {"result": result}
        except ClientError as error:
            details = error.response["Error"]
            answer = {"error": {"code": details["Code"], "message": details["Message"]}}
        except ResponseParserError:
            # moto's own failure, as a page of HTML. Its traceback is in the log, and has to stay the last thing there.
            return Response(status=HTTPStatus.BAD_GATEWAY)(environ, start_response)
        except BotoCoreError as error:
            answer = {"error": {"code": type(error).__name__, "message": str(error)}}
        return Response(json.dumps(answer, default=_plain), mimetype="application/json")(environ, start_response)


def _plain(value: Any) -> str:
    """A value that JSON does not have: the text of a body, the time in ISO 8601."""
    return value.read().decode() if isinstance(value, StreamingBody) else value.isoformat()
