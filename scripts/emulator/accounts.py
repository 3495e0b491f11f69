"""The emulator's accounts. moto tells them apart by the access key of a session, and lets a session assume any role."""

import functools

from moto.iam.models import get_account_id_from
from moto.settings import moto_server_port
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from .api import Api


ADMINISTRATOR = "OrganizationAccountAccessRole"


def session_credentials(account_id: str, region: str, role: str = ADMINISTRATOR) -> dict[str, str]:
    """Credentials of a session of a role, named as the AWS SDKs name their settings."""
    partition = get_partition(region)
    session = sts_backends[account_id][partition].assume_role(
        region_name=region,
        role_session_name="emulator",
        role_arn=f"arn:{partition}:iam::{account_id}:role/{role}",
        policy="",
        duration=3600,
        external_id="",
    )
    return {
        "aws_access_key_id": session.access_key_id,
        "aws_secret_access_key": session.secret_access_key,
        "aws_session_token": session.session_token,
    }


@functools.cache
def api(account_id: str, region: str, role: str = ADMINISTRATOR) -> Api:
    """The services of an account in a Region, as this emulator offers them, called by a role."""
    endpoint = f"http://127.0.0.1:{moto_server_port()}"
    return Api(endpoint, account_id, region, session_credentials(account_id, region, role))


def calling_role(access_key: str) -> str | None:
    """ARN of the role whose session an access key belongs to."""
    for partition in sts_backends[get_account_id_from(access_key)].values():
        session = partition.get_assumed_role_from_access_key(access_key)
        if session is not None:
            return session.role_arn
    return None
