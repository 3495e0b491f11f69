import { type AccountView, type ExpectedStack, expectedResources } from '../account-view';
import { AwsError } from '../aws-api';
import { type Check, type Finding, notApplicable, ofEach, orOk, problem } from '../check';

/** An interface endpoint is offered in some zones of a Region only, and each account has its own names for them. */
export const zones: Check = {
  name: 'zones',
  asks: 'do the zones of the subnets exist, and offer every interface endpoint?',
  beforeDeployment: true,
  run: async (view) => {
    const networks = view.stacks.filter((expected) => zonesOf(expected).length > 0);
    if (networks.length === 0) {
      return [notApplicable('no stack has subnets')];
    }
    const all = [...new Set(networks.flatMap(zonesOf))].join(', ');
    return orOk(await ofEach(networks, (network) => look(view, network)), `${all} offer what is needed`);
  },
};

interface Zone {
  readonly ZoneName: string;
  readonly State: string;
}

interface EndpointService {
  readonly ServiceName: string;
  readonly ServiceType: readonly { readonly ServiceType: string }[];
  readonly AvailabilityZones: readonly string[];
}

async function look(view: AccountView, expected: ExpectedStack): Promise<Finding[]> {
  const wanted = zonesOf(expected);
  const { AvailabilityZones } = await view.call<{ AvailabilityZones: Zone[] }>('ec2', 'describe-availability-zones', {
    Filters: [{ Name: 'zone-type', Values: ['availability-zone'] }],
  });
  const existing = AvailabilityZones.filter(({ State }) => State === 'available').map(({ ZoneName }) => ZoneName);
  const names = expectedResources(expected, 'AWS::EC2::VPCEndpoint')
    .filter(({ properties }) => properties.VpcEndpointType === 'Interface')
    .map(({ properties }) => String(properties.ServiceName));
  const offers = await Promise.all([...new Set(names)].map((name) => offerOf(view, name)));
  const everywhere = existing.filter((zone) => offers.every((offer) => offer.zones.includes(zone)));
  const { stack } = expected;
  const toDo = `choose other zones in ${stack.parameters}; every service is offered in ${everywhere.join(', ') || 'none'}`;
  const fault = (what: string) => problem(`${stack.name}: ${what}`, toDo, [stack.name]);
  return [
    ...wanted
      .filter((zone) => !existing.includes(zone))
      .map((zone) => fault(`this account has no zone ${zone}, it has ${existing.join(', ')}`)),
    ...offers.flatMap((offer) =>
      wanted
        .filter((zone) => existing.includes(zone) && !offer.zones.includes(zone))
        .map((zone) => fault(`${zone} does not offer the endpoint ${offer.service}`)),
    ),
  ];
}

/** Asked one by one: a name that does not exist in the Region fails the whole question. */
async function offerOf(view: AccountView, service: string): Promise<{ service: string; zones: readonly string[] }> {
  try {
    const { ServiceDetails } = await view.call<{ ServiceDetails: EndpointService[] }>(
      'ec2',
      'describe-vpc-endpoint-services',
      { ServiceNames: [service] },
    );
    // S3 and DynamoDB have a gateway of the same name, too.
    const offered = ServiceDetails.filter(({ ServiceType }) =>
      ServiceType.some((type) => type.ServiceType === 'Interface'),
    );
    return { service, zones: offered.flatMap(({ AvailabilityZones }) => AvailabilityZones) };
  } catch (error) {
    if (error instanceof AwsError && error.code === 'InvalidServiceName') {
      return { service, zones: [] };
    }
    throw error;
  }
}

function zonesOf(expected: ExpectedStack): string[] {
  const subnets = expectedResources(expected, 'AWS::EC2::Subnet');
  return [...new Set(subnets.map(({ properties }) => String(properties.AvailabilityZone)))];
}
