"""AWS::ElasticLoadBalancingV2."""

from typing import Any

from ..api import Properties
from ..errors import ResourceError
from ..resource_type import ResourceType, changed, only, without


class TaggedByArn(ResourceType):
    """What all resources of the service have in common."""

    service = "elbv2"
    longest_name = 32
    tags = list

    def tag(self, arn: str, old: Properties, new: Properties) -> None:
        """Make a resource's tags those of its new properties."""
        self.update_tags(old, new, resource={"ResourceArns": [arn]}, tag="AddTags", untag="RemoveTags")


class LoadBalancer(TaggedByArn):
    """A load balancer. Ref: its ARN."""

    type = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    name = "Name"
    replacing = frozenset({"Scheme", "Type"})

    def create(self, properties: Properties) -> str:
        request = without(properties, "LoadBalancerAttributes")
        return self.call("CreateLoadBalancer", request)["LoadBalancers"][0]["LoadBalancerArn"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        if properties.get("LoadBalancerAttributes"):
            attributes = properties["LoadBalancerAttributes"]
            self.call("ModifyLoadBalancerAttributes", {"LoadBalancerArn": physical_id, "Attributes": attributes})

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        names = changed(old, new)
        balancer = {"LoadBalancerArn": physical_id}
        if "LoadBalancerAttributes" in names:
            self.configure(physical_id, new)
        if "SecurityGroups" in names:
            self.call("SetSecurityGroups", {**balancer, **only(new, "SecurityGroups")})
        if names & {"Subnets", "SubnetMappings"}:
            self.call("SetSubnets", {**balancer, **only(new, "Subnets", "SubnetMappings")})
        if "IpAddressType" in names:
            self.call("SetIpAddressType", {**balancer, "IpAddressType": new.get("IpAddressType", "ipv4")})
        self.tag(physical_id, old, new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteLoadBalancer", {"LoadBalancerArn": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        [balancer] = self.call("DescribeLoadBalancers", {"LoadBalancerArns": [physical_id]})["LoadBalancers"]
        return {
            "CanonicalHostedZoneID": balancer["CanonicalHostedZoneId"],
            "DNSName": balancer["DNSName"],
            "LoadBalancerArn": physical_id,
            "LoadBalancerFullName": physical_id.split(":loadbalancer/")[1],
            "LoadBalancerName": balancer["LoadBalancerName"],
            "SecurityGroups": balancer.get("SecurityGroups", []),
        }


class TargetGroup(TaggedByArn):
    """A target group. Ref: its ARN."""

    type = "AWS::ElasticLoadBalancingV2::TargetGroup"
    name = "Name"
    replacing = frozenset({"IpAddressType", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId"})

    def create(self, properties: Properties) -> str:
        request = without(properties, "TargetGroupAttributes", "Targets")
        return self.call("CreateTargetGroup", request)["TargetGroups"][0]["TargetGroupArn"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        group = {"TargetGroupArn": physical_id}
        if properties.get("TargetGroupAttributes"):
            attributes = properties["TargetGroupAttributes"]
            self.call("ModifyTargetGroupAttributes", {**group, "Attributes": attributes})
        if properties.get("Targets"):
            self.call("RegisterTargets", {**group, **only(properties, "Targets")})

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        if "Targets" in changed(old, new):
            raise ResourceError("The emulator cannot change Targets of AWS::ElasticLoadBalancingV2::TargetGroup")
        health = {name: value for name, value in new.items() if name.startswith("HealthCheck")}
        health |= only(new, "HealthyThresholdCount", "UnhealthyThresholdCount", "Matcher")
        self.call("ModifyTargetGroup", {"TargetGroupArn": physical_id, **health})
        self.configure(physical_id, new)
        self.tag(physical_id, old, new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteTargetGroup", {"TargetGroupArn": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        [group] = self.call("DescribeTargetGroups", {"TargetGroupArns": [physical_id]})["TargetGroups"]
        return {
            "LoadBalancerArns": group["LoadBalancerArns"],
            "TargetGroupArn": physical_id,
            "TargetGroupFullName": physical_id.split(":")[-1],
            "TargetGroupName": group["TargetGroupName"],
        }


class Listener(TaggedByArn):
    """A listener. Ref: its ARN."""

    type = "AWS::ElasticLoadBalancingV2::Listener"
    replacing = frozenset({"LoadBalancerArn"})
    tags = None

    def create(self, properties: Properties) -> str:
        self._refuse_taken_port(properties)
        request = without(properties, "ListenerAttributes")
        return self.call("CreateListener", request)["Listeners"][0]["ListenerArn"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        if properties.get("ListenerAttributes"):
            attributes = properties["ListenerAttributes"]
            self.call("ModifyListenerAttributes", {"ListenerArn": physical_id, "Attributes": attributes})

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self._refuse_taken_port(new, physical_id)
        request = without(new, "ListenerAttributes", "LoadBalancerArn")
        self.call("ModifyListener", {"ListenerArn": physical_id, **request})
        self.configure(physical_id, new)

    def _refuse_taken_port(self, properties: Properties, own_arn: str | None = None) -> None:
        """Refuse the port of another listener in AWS's words (aws-cdk #34235, #13901); moto lets a listener move there.

        Raises:
            ResourceError: there is such a listener
        """
        balancer = properties["LoadBalancerArn"]
        for listener in self.call("DescribeListeners", {"LoadBalancerArn": balancer})["Listeners"]:
            if listener["ListenerArn"] != own_arn and listener["Port"] == int(properties["Port"]):
                raise ResourceError(
                    f"A listener already exists on this port for this load balancer '{balancer}' (Service: "
                    "ElasticLoadBalancingV2, Status Code: 400)"
                )

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteListener", {"ListenerArn": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"ListenerArn": physical_id}


class ListenerRule(TaggedByArn):
    """A rule of a listener. Ref: its ARN."""

    type = "AWS::ElasticLoadBalancingV2::ListenerRule"
    replacing = frozenset({"ListenerArn"})
    tags = None

    def create(self, properties: Properties) -> str:
        return self.call("CreateRule", properties)["Rules"][0]["RuleArn"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.call("ModifyRule", {"RuleArn": physical_id, **only(new, "Actions", "Conditions")})
        if "Priority" in changed(old, new):
            self.call("SetRulePriorities", {"RulePriorities": [{"RuleArn": physical_id, **only(new, "Priority")}]})

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteRule", {"RuleArn": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"IsDefault": False, "RuleArn": physical_id}
