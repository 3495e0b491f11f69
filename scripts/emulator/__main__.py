"""Serve the emulated AWS on the loopback interface until standard input closes.

Standard input belongs to the process that started the emulator: when that process ends, in whatever way,
the pipe closes and the emulator ends too. Standard output gets one line of JSON once requests are answered:
`{"port": 41873, "credentials": {"111111111111": {"aws_access_key_id": ..., ...}}}`. Everything else, the
log of failed requests included, goes to standard error.
"""

import argparse
import importlib
import json
import logging
import os
import shutil
import sys
import threading
from http import HTTPStatus

from flask import Flask
from moto.core.utils import convert_to_flask_response
from moto.moto_server.werkzeug_app import (
    HTTP_METHODS,
    BackendRequest,
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.utilities import utils
from werkzeug.serving import make_server

from . import authorization
from .accounts import assume, operator
from .front import Front
from .stacks import deployed

HOST = "127.0.0.1"


def create_service(service: str) -> Flask:
    """The application that answers for a service; moto's, save for CloudFormation. Called when it is needed first.

    Whatever service is called first, it already has the operations that resources add to it.
    """
    # Takes most of a second, which starting does not wait for.
    importlib.import_module(".resources", __package__)
    if service != "cloudformation":
        return create_backend_app(service)
    from .cloudformation import CloudFormation

    application = Flask("cloudformation")
    application.request_class = BackendRequest
    view = convert_to_flask_response(CloudFormation.dispatch)
    application.add_url_rule("/", view_func=view, methods=HTTP_METHODS)
    return application


def skip_instance_types() -> None:
    """Have moto 5.2.5 not read the hundreds of files that tell which instance types a zone offers."""
    load_resource = utils.load_resource
    utils.load_resource = lambda path: {} if "instance_type" in path else load_resource(path)


class RequestHandler(MotoRequestHandler):
    """Logs requests that fail. All of them would bury what the log is read for."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log a request, unless it succeeded."""
        if int(code) >= HTTPStatus.BAD_REQUEST:
            super().log_request(code, size)


def end_with_standard_input(folder: str | None) -> None:
    """End the process, whatever its other threads do, when standard input closes.

    Args:
        folder: removed at the end, as whoever started the emulator cannot do it any more
    """
    while sys.stdin.buffer.read(4096):
        pass
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def operator_settings(account_id: str, region: str) -> dict[str, str]:
    """Credentials of an account's administrator, named as the AWS SDKs name their settings."""
    credentials = assume(operator(account_id, region), region, "emulator")
    return {
        "aws_access_key_id": credentials.access_key,
        "aws_secret_access_key": credentials.secret_key,
        "aws_session_token": credentials.token,
    }


def main() -> None:
    """Start the server and say where it listens."""
    parser = argparse.ArgumentParser(prog="emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one")
    parser.add_argument("--region", default="eu-west-1", help="Region of the sessions and of the calls")
    parser.add_argument("--account", action="append", default=[], help="account id to print credentials for")
    parser.add_argument("--folder", help="folder to remove when standard input closes")
    parser.add_argument("--authorizer", type=int, help="port where to ask whether AWS would allow a call")
    arguments = parser.parse_args()

    logging.basicConfig(level=logging.WARNING)
    skip_instance_types()
    application = Front(DomainDispatcherApplication(create_service), arguments.region)
    server = make_server(HOST, arguments.port, application, threaded=True, request_handler=RequestHandler)
    # moto builds some addresses of its own (a queue's URL, a custom resource's ResponseURL) with this port.
    os.environ["MOTO_PORT"] = str(server.port)
    threading.Thread(target=end_with_standard_input, args=[arguments.folder], daemon=True).start()

    if arguments.authorizer is not None:
        authorization.gate = authorization.Gate(arguments.authorizer, deployed)

    credentials = {account: operator_settings(account, arguments.region) for account in arguments.account}
    print(json.dumps({"port": server.port, "credentials": credentials}), flush=True)
    # Nobody reads standard output after this line: a later write would meet a full or closed pipe.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    server.serve_forever()


if __name__ == "__main__":
    main()
