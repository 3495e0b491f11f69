"""The emulator's accounts. moto tells them apart by the access key of a session, and lets a session assume any role."""

import functools
from dataclasses import dataclass

from botocore.credentials import ReadOnlyCredentials
from moto.iam.models import get_account_id_from
from moto.settings import moto_server_port
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from .api import Api


@dataclass(frozen=True)
class Caller:
    """A session of a role."""

    role_arn: str
    session_name: str

    @property
    def is_operator(self) -> bool:
        """Whether it may do everything: the administrator of its account, who deploys stacks by hand."""
        return self.role_arn.endswith(":role/OrganizationAccountAccessRole")


def operator(account_id: str, region: str) -> str:
    """ARN of the role of an account's administrator."""
    return f"arn:{get_partition(region)}:iam::{account_id}:role/OrganizationAccountAccessRole"


def assume(role_arn: str, region: str, session_name: str) -> ReadOnlyCredentials:
    """Credentials of a new session of a role, whoever asks."""
    _, partition, _, _, account_id, _ = role_arn.split(":")
    session = sts_backends[account_id][partition].assume_role(
        region_name=region,
        role_session_name=session_name,
        role_arn=role_arn,
        policy="",
        duration=3600,
        external_id="",
    )
    return ReadOnlyCredentials(session.access_key_id, session.secret_access_key, session.session_token)


def caller(access_key_id: str) -> Caller | None:
    """The session that an access key belongs to; none for a key that nobody was given."""
    for backend in sts_backends[get_account_id_from(access_key_id)].values():
        session = backend.get_assumed_role_from_access_key(access_key_id)
        if session is not None:
            return Caller(session.role_arn, session.session_name)
    return None


@functools.cache
def api(account_id: str, region: str) -> Api:
    """The services of an account in a Region as its administrator calls them."""
    return api_of(account_id, region, assume(operator(account_id, region), region, "emulator"))


def api_of(account_id: str, region: str, credentials: ReadOnlyCredentials) -> Api:
    """The services of an account in a Region as a session calls them."""
    return Api(f"http://127.0.0.1:{moto_server_port()}", account_id, region, credentials)


@functools.cache
def role_api(role_arn: str, region: str) -> Api:
    """The services of a role's account as CloudFormation calls them when it acts as the role."""
    return api_of(role_arn.split(":")[4], region, assume(role_arn, region, "AWSCloudFormation"))
