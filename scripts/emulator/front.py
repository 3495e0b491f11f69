"""What stands before moto: a quicker way to call an API, and an answer that tells what failed within moto."""

import json
import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody
from werkzeug.wrappers import Request, Response

from .accounts import api

PATH = "/emulator/call"

logger = logging.getLogger(__name__)


class Front:
    """A WSGI application that answers calls and hands all other requests on.

    `POST /emulator/call` with `{"account": "<id>", "service": "iam", "operation": "GetRole", "parameters": {...}}`
    answers `{"result": {...}}`, or `{"error": {"code": "NoSuchEntity", "message": "..."}}`. The call goes through
    botocore and back to the emulator, so parameters and result are those of the AWS SDK for Python. It takes some
    milliseconds, where the AWS CLI takes a third of a second to start.
    """

    def __init__(self, application: Any, region: str):
        """Stand before an application.

        Args:
            application: answers all other requests
            region: Region of the calls
        """
        self.application = application
        self.region = region

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        if environ["PATH_INFO"] == PATH:
            answer = self._call(Request(environ).get_json())
            response = Response(json.dumps(answer, default=_plain), mimetype="application/json")
            return response(environ, start_response)
        try:
            return self.application(environ, start_response)
        except Exception as error:
            logger.exception("%s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            return _failure(environ, repr(error))(environ, start_response)

    def _call(self, call: dict[str, Any]) -> dict[str, Any]:
        client = api(call["account"], self.region).client(call["service"])
        try:
            result = getattr(client, xform_name(call["operation"]))(**call["parameters"])
        except ClientError as error:
            details = error.response["Error"]
            return {"error": {"code": details["Code"], "message": details["Message"]}}
        except BotoCoreError as error:
            return {"error": {"code": type(error).__name__, "message": str(error)}}
        return {"result": {name: value for name, value in result.items() if name != "ResponseMetadata"}}


def _failure(environ: dict[str, Any], message: str) -> Response:
    """The answer when moto fails, in the form that the request's protocol wants; moto's own is a page of HTML."""
    # Clients repeat what was answered with 500, and it would fail again.
    status = HTTPStatus.NOT_IMPLEMENTED
    if "json" in environ.get("CONTENT_TYPE", ""):
        body = json.dumps({"__type": "InternalFailure", "message": message})
        return Response(
            body, status=status, headers={"x-amzn-ErrorType": "InternalFailure"}, mimetype="application/json"
        )
    error = f"<Error><Code>InternalFailure</Code><Message>{escape(message)}</Message></Error>"
    # EC2 and S3 have forms of their own.
    if "/ec2/aws4_request" in environ.get("HTTP_AUTHORIZATION", ""):
        body = f"<Response><Errors>{error}</Errors></Response>"
    elif "/s3/aws4_request" in environ.get("HTTP_AUTHORIZATION", ""):
        body = error
    else:
        body = f"<ErrorResponse>{error}</ErrorResponse>"
    return Response(body, status=status, mimetype="text/xml")


def _plain(value: Any) -> str:
    """A value that JSON does not have: the text of a body, the time in ISO 8601."""
    return value.read().decode() if isinstance(value, StreamingBody) else value.isoformat()
