"""Service Quotas. moto 5.2.5 knows those of VPC alone."""

from typing import Any

from moto.servicequotas.models import ServiceQuotasBackend

#: Values of an account that AWS knows for a while, as `list-aws-default-service-quotas` gives them; new ones have less.
QUOTAS = {
    ("codebuild", "L-9D07B6EF"): ("Concurrently running builds for Linux/Small environment", 300.0),
    ("ec2", "L-0263D0A3"): ("EC2-VPC Elastic IPs", 5.0),
    ("elasticloadbalancing", "L-53DA6B97"): ("Application Load Balancers per Region", 50.0),
    ("fargate", "L-3032A538"): ("Fargate On-Demand vCPU resource count", 4000.0),
}

_get_service_quota = ServiceQuotasBackend.get_service_quota


def get_service_quota(self: ServiceQuotasBackend, service_code: str, quota_code: str) -> dict[str, Any]:
    """GetServiceQuota that knows what the stacks of this project need."""
    known = QUOTAS.get((service_code, quota_code))
    if known is None:
        return _get_service_quota(self, service_code, quota_code)
    name, value = known
    return {"ServiceCode": service_code, "QuotaCode": quota_code, "QuotaName": name, "Value": value}


ServiceQuotasBackend.get_service_quota = get_service_quota
