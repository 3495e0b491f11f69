"""Sessions in the emulator's accounts. moto tells accounts apart by a session's access key, and knows any role."""

from moto.sts.models import sts_backends


def session_credentials(account_id: str, region: str) -> dict[str, str]:
    """Credentials of a session of OrganizationAccountAccessRole, named as the AWS SDKs name their settings."""
    session = sts_backends[account_id]["aws"].assume_role(
        region_name=region,
        role_session_name="emulator",
        role_arn=f"arn:aws:iam::{account_id}:role/OrganizationAccountAccessRole",
        policy="",
        duration=3600,
        external_id="",
    )
    return {
        "aws_access_key_id": session.access_key_id,
        "aws_secret_access_key": session.secret_access_key,
        "aws_session_token": session.session_token,
    }
