"""What stands before moto: a quicker way to call an API, and an answer that tells what failed within moto."""

import json
import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody
from werkzeug.wrappers import Request, Response

from . import authorization
from .accounts import api, api_of
from .authorization import AccessDeniedError, Call

CALL = "/emulator/call"
AUTHORIZE = "/emulator/authorize"
CREDENTIALS = ("AccessKeyId", "SecretAccessKey", "SessionToken")

logger = logging.getLogger(__name__)


class Front:
    """A WSGI application that answers calls and hands all other requests on.

    `POST /emulator/call` with `{"account": "<id>", "service": "iam", "operation": "GetRole", "parameters": {...}}`
    answers `{"result": {...}}`, or `{"error": {"code": "NoSuchEntity", "message": "..."}}`. The call goes through
    botocore and back to the emulator, so parameters and result are those of the AWS SDK for Python. It takes some
    milliseconds, where the AWS CLI takes a third of a second to start. The account's administrator calls, unless
    `"credentials"` has those of a session, as AssumeRole answers them.

    `POST /emulator/authorize` asks about a call that nobody makes here; see authorization.py.
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
        if environ["PATH_INFO"] in (CALL, AUTHORIZE):
            request = Request(environ).get_json()
            answer = self._call(request) if environ["PATH_INFO"] == CALL else _authorize(request)
            response = Response(json.dumps(answer, default=_plain), mimetype="application/json")
            return response(environ, start_response)
        try:
            if authorization.gate is not None:
                authorization.gate.check(environ)
            return self.application(environ, start_response)
        except AccessDeniedError as error:
            return _failure(environ, HTTPStatus.FORBIDDEN, "AccessDenied", str(error))(environ, start_response)
        except Exception as error:
            logger.exception("%s %s", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            # Clients repeat what was answered with 500, and it would fail again.
            failure = _failure(environ, HTTPStatus.NOT_IMPLEMENTED, "InternalFailure", repr(error))
            return failure(environ, start_response)

    def _call(self, call: dict[str, Any]) -> dict[str, Any]:
        caller = api(call["account"], self.region)
        if call.get("credentials") is not None:
            key, secret, token = (call["credentials"][name] for name in CREDENTIALS)
            caller = api_of(call["account"], self.region, ReadOnlyCredentials(key, secret, token))
        try:
            result = caller.request(call["service"], call["operation"], call["parameters"])
        except ClientError as error:
            details = error.response["Error"]
            return {"error": {"code": details["Code"], "message": details["Message"]}}
        except BotoCoreError as error:
            return {"error": {"code": type(error).__name__, "message": str(error)}}
        return {"result": {name: value for name, value in result.items() if name != "ResponseMetadata"}}


def _authorize(question: dict[str, Any]) -> dict[str, str]:
    call = Call(*(question[name] for name in ("service", "region", "operation", "parameters")))
    try:
        if authorization.gate is not None:
            authorization.gate.ask(question["caller"], call)
    except AccessDeniedError as error:
        return {"denied": str(error)}
    return {}


def _failure(environ: dict[str, Any], status: HTTPStatus, code: str, message: str) -> Response:
    """The answer when a call fails before its service, in the form that the request's protocol wants."""
    if "json" in environ.get("CONTENT_TYPE", ""):
        name = "AccessDeniedException" if code == "AccessDenied" else code
        body = json.dumps({"__type": name, "message": message})
        return Response(body, status=status, headers={"x-amzn-ErrorType": name}, mimetype="application/json")
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
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
