"""AWS::EC2: the network."""

from typing import Any

from ..api import Properties
from ..errors import ResourceError
from ..resource_type import ResourceType, changed, only, renamed, tag_map, without


class NetworkResource(ResourceType):
    """What the resources of a network have in common: tags by id, and little that changes in place."""

    service = "ec2"
    tags = list

    def configure(self, physical_id: str, properties: Properties) -> None:
        self.tag(self.tagged_id(physical_id, properties), {}, properties)

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        if changed(old, new) != {"Tags"}:
            super().update(physical_id, old, new)
        self.tag(self.tagged_id(physical_id, new), old, new)

    def tagged_id(self, physical_id: str, properties: Properties) -> str:
        """Id of the resource in EC2, where the physical id is another."""
        return physical_id

    def tag(self, resource: str, old: Properties, new: Properties) -> None:
        """Make a resource's tags those of its new properties."""
        gone = [{"Key": key} for key in sorted(tag_map(old).keys() - tag_map(new).keys())]
        if gone:
            self.call("DeleteTags", {"Resources": [resource], "Tags": gone})
        if new.get("Tags") and tag_map(old) != tag_map(new):
            self.call("CreateTags", {"Resources": [resource], "Tags": new["Tags"]})


class Vpc(NetworkResource):
    """A VPC. Ref: its id."""

    type = "AWS::EC2::VPC"
    replacing = frozenset({"CidrBlock"})
    properties = replacing | {"EnableDnsHostnames", "EnableDnsSupport", "InstanceTenancy", "Tags"}

    def create(self, properties: Properties) -> str:
        return self.call("CreateVpc", only(properties, "CidrBlock", "InstanceTenancy"))["Vpc"]["VpcId"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        self.update(physical_id, {}, properties)

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        for name, default in (("EnableDnsSupport", True), ("EnableDnsHostnames", False)):
            if name in changed(old, new):
                self.call("ModifyVpcAttribute", {"VpcId": physical_id, name: {"Value": new.get(name, default)}})
        self.tag(physical_id, old, new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteVpc", {"VpcId": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        filters = {"Filters": [{"Name": "vpc-id", "Values": [physical_id]}]}
        groups = self.call("DescribeSecurityGroups", filters)["SecurityGroups"]
        [default] = [group["GroupId"] for group in groups if group["GroupName"] == "default"]
        return {"CidrBlock": properties["CidrBlock"], "DefaultSecurityGroup": default, "VpcId": physical_id}


class Subnet(NetworkResource):
    """A subnet. Ref: its id."""

    type = "AWS::EC2::Subnet"
    replacing = frozenset({"AvailabilityZone", "CidrBlock", "VpcId"})
    properties = replacing | {"MapPublicIpOnLaunch", "Tags"}

    def create(self, properties: Properties) -> str:
        return self.call("CreateSubnet", only(properties, *self.replacing))["Subnet"]["SubnetId"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        self.update(physical_id, {}, properties)

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        if "MapPublicIpOnLaunch" in changed(old, new):
            public = {"Value": new.get("MapPublicIpOnLaunch", False)}
            self.call("ModifySubnetAttribute", {"SubnetId": physical_id, "MapPublicIpOnLaunch": public})
        self.tag(physical_id, old, new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteSubnet", {"SubnetId": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        [subnet] = self.call("DescribeSubnets", {"SubnetIds": [physical_id]})["Subnets"]
        return only(subnet, "AvailabilityZone", "CidrBlock", "SubnetId", "VpcId")


class InternetGateway(NetworkResource):
    """An internet gateway. Ref: its id."""

    type = "AWS::EC2::InternetGateway"
    properties = frozenset({"Tags"})

    def create(self, properties: Properties) -> str:
        return self.call("CreateInternetGateway", {})["InternetGateway"]["InternetGatewayId"]

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteInternetGateway", {"InternetGatewayId": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"InternetGatewayId": physical_id}


class VpcGatewayAttachment(ResourceType):
    """An internet gateway at its VPC. Ref: a name without further use."""

    type = "AWS::EC2::VPCGatewayAttachment"
    service = "ec2"
    replacing = frozenset({"InternetGatewayId", "VpcId"})

    def create(self, properties: Properties) -> str:
        self.call("AttachInternetGateway", properties)
        return f"IGW|{properties['VpcId']}"

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DetachInternetGateway", properties)


class RouteTable(NetworkResource):
    """A route table. Ref: its id."""

    type = "AWS::EC2::RouteTable"
    replacing = frozenset({"VpcId"})
    properties = replacing | {"Tags"}

    def create(self, properties: Properties) -> str:
        return self.call("CreateRouteTable", only(properties, "VpcId"))["RouteTable"]["RouteTableId"]

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteRouteTable", {"RouteTableId": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"RouteTableId": physical_id}


class Route(ResourceType):
    """A route. Ref: its table and destination."""

    type = "AWS::EC2::Route"
    service = "ec2"
    destination = ("RouteTableId", "DestinationCidrBlock")
    replacing = frozenset(destination)

    def create(self, properties: Properties) -> str:
        self.call("CreateRoute", properties)
        return "|".join(properties[name] for name in self.destination)

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        self.call("ReplaceRoute", new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteRoute", only(properties, *self.destination))

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"CidrBlock": properties["DestinationCidrBlock"]}


class SubnetRouteTableAssociation(ResourceType):
    """A subnet's route table. Ref: the association's id."""

    type = "AWS::EC2::SubnetRouteTableAssociation"
    service = "ec2"
    replacing = frozenset({"RouteTableId", "SubnetId"})

    def create(self, properties: Properties) -> str:
        return self.call("AssociateRouteTable", properties)["AssociationId"]

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DisassociateRouteTable", {"AssociationId": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class VpcEndpoint(NetworkResource):
    """An endpoint of a service in a VPC. Ref: its id."""

    type = "AWS::EC2::VPCEndpoint"
    replacing = frozenset({"ServiceName", "VpcEndpointType", "VpcId"})
    #: Lists that ModifyVpcEndpoint adds to and removes from.
    lists = ("RouteTableIds", "SecurityGroupIds", "SubnetIds")

    def create(self, properties: Properties) -> str:
        return self.call("CreateVpcEndpoint", without(properties, "Tags"))["VpcEndpoint"]["VpcEndpointId"]

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        request: dict[str, Any] = only(new, "PolicyDocument", "PrivateDnsEnabled")
        if "PolicyDocument" in old and "PolicyDocument" not in new:
            request["ResetPolicy"] = True
        for name in self.lists:
            before, after = set(old.get(name, [])), set(new.get(name, []))
            request |= {f"Add{name}": sorted(after - before)} if after - before else {}
            request |= {f"Remove{name}": sorted(before - after)} if before - after else {}
        if request:
            self.call("ModifyVpcEndpoint", {"VpcEndpointId": physical_id, **request})
        self.tag(physical_id, old, new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteVpcEndpoints", {"VpcEndpointIds": [physical_id]})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


RULE = ("CidrIp", "CidrIpv6", "Description", "FromPort", "GroupId", "IpProtocol", "ToPort")


def _permission(rule: Properties) -> dict[str, Any]:
    """A rule in the API's form: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html."""
    permission: dict[str, Any] = only(rule, "FromPort", "IpProtocol", "ToPort")
    described = only(rule, "Description")
    for names, member, key in (
        (("CidrIp",), "IpRanges", "CidrIp"),
        (("CidrIpv6",), "Ipv6Ranges", "CidrIpv6"),
        (("SourceSecurityGroupId", "DestinationSecurityGroupId"), "UserIdGroupPairs", "GroupId"),
        (("SourcePrefixListId", "DestinationPrefixListId"), "PrefixListIds", "PrefixListId"),
    ):
        for name in names:
            if name in rule:
                owner = only(rule, "SourceSecurityGroupOwnerId") if key == "GroupId" else {}
                owner = renamed(owner, SourceSecurityGroupOwnerId="UserId")
                permission[member] = [{key: rule[name], **owner, **described}]
    return permission


class SecurityGroup(NetworkResource):
    """A security group. Ref: its id."""

    type = "AWS::EC2::SecurityGroup"
    name = "GroupName"
    longest_name = 255
    replacing = frozenset({"GroupDescription", "VpcId"})
    properties = replacing | {"GroupName", "SecurityGroupEgress", "SecurityGroupIngress", "Tags"}

    def create(self, properties: Properties) -> str:
        request = renamed(only(properties, "GroupName", *self.replacing), GroupDescription="Description")
        return self.call("CreateSecurityGroup", request)["GroupId"]

    def configure(self, physical_id: str, properties: Properties) -> None:
        # A new group lets everything out; with egress rules in the template only those remain.
        everything = {"SecurityGroupEgress": [EVERYTHING]}
        self.update(physical_id, everything, {**everything, **properties})

    def update(self, physical_id: str, old: Properties, new: Properties) -> None:
        group = {"GroupId": physical_id}
        for direction in ("Ingress", "Egress"):
            before, after = (properties.get(f"SecurityGroup{direction}", []) for properties in (old, new))
            for rule in before:
                if rule not in after:
                    self.call(f"RevokeSecurityGroup{direction}", {**group, "IpPermissions": [_permission(rule)]})
            for rule in after:
                if rule not in before:
                    self.call(f"AuthorizeSecurityGroup{direction}", {**group, "IpPermissions": [_permission(rule)]})
        self.tag(physical_id, old, new)

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteSecurityGroup", {"GroupId": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"GroupId": physical_id, "Id": physical_id, **only(properties, "VpcId")}


EVERYTHING = {"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}


class SecurityGroupIngress(ResourceType):
    """A rule that lets something into a group. Ref: the rule's id."""

    type = "AWS::EC2::SecurityGroupIngress"
    service = "ec2"
    direction = "Ingress"
    replacing = frozenset({*RULE, "SourcePrefixListId", "SourceSecurityGroupId", "SourceSecurityGroupOwnerId"})
    properties = replacing

    def create(self, properties: Properties) -> str:
        request = {"GroupId": properties["GroupId"], "IpPermissions": [_permission(properties)]}
        rules = self.call(f"AuthorizeSecurityGroup{self.direction}", request)["SecurityGroupRules"]
        return rules[0]["SecurityGroupRuleId"]

    def delete(self, physical_id: str, properties: Properties) -> None:
        request = {"GroupId": properties["GroupId"], "IpPermissions": [_permission(properties)]}
        self.call(f"RevokeSecurityGroup{self.direction}", request)

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}


class SecurityGroupEgress(SecurityGroupIngress):
    """A rule that lets something out of a group. Ref: the rule's id."""

    type = "AWS::EC2::SecurityGroupEgress"
    direction = "Egress"
    replacing = frozenset({*RULE, "DestinationPrefixListId", "DestinationSecurityGroupId"})
    properties = replacing


class NatGateway(NetworkResource):
    """A NAT gateway. Ref: its id."""

    type = "AWS::EC2::NatGateway"
    replacing = frozenset({"AllocationId", "ConnectivityType", "SubnetId"})
    properties = replacing | {"Tags"}

    def create(self, properties: Properties) -> str:
        return self.call("CreateNatGateway", without(properties, "Tags"))["NatGateway"]["NatGatewayId"]

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteNatGateway", {"NatGatewayId": physical_id})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"NatGatewayId": physical_id}


class Eip(NetworkResource):
    """An elastic IP address. Ref: the address."""

    type = "AWS::EC2::EIP"
    replacing = frozenset({"Domain"})
    properties = replacing | {"Tags"}

    def create(self, properties: Properties) -> str:
        return self.call("AllocateAddress", without(properties, "Tags"))["PublicIp"]

    def tagged_id(self, physical_id: str, properties: Properties) -> str:
        return self.call("DescribeAddresses", {"PublicIps": [physical_id]})["Addresses"][0]["AllocationId"]

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("ReleaseAddress", {"AllocationId": self.tagged_id(physical_id, properties)})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"AllocationId": self.tagged_id(physical_id, properties), "PublicIp": physical_id}


class FlowLog(NetworkResource):
    """The log of a network's traffic. Ref: its id."""

    type = "AWS::EC2::FlowLog"
    replacing = frozenset(
        {
            "DeliverLogsPermissionArn", "DestinationOptions", "LogDestination", "LogDestinationType", "LogFormat",
            "LogGroupName", "MaxAggregationInterval", "ResourceId", "ResourceType", "TrafficType",
        }
    )  # fmt: skip
    properties = replacing | {"Tags"}

    def create(self, properties: Properties) -> str:
        request = {**without(properties, "ResourceId", "Tags"), "ResourceIds": [properties["ResourceId"]]}
        answer = self.call("CreateFlowLogs", request)
        for failure in answer.get("Unsuccessful", []):
            raise ResourceError(failure["Error"]["Message"])
        return answer["FlowLogIds"][0]

    def delete(self, physical_id: str, properties: Properties) -> None:
        self.call("DeleteFlowLogs", {"FlowLogIds": [physical_id]})

    def attributes(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical_id}
