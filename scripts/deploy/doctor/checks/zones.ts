import { zoneParameters } from '../../../parameters/parameters-across-files';
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
  const offers = await offersOf(view, [...new Set(names)]);
  const everywhere = existing.filter((zone) => offers.every((offer) => offer.zones.includes(zone)));
  const missing = wanted.filter((zone) => !existing.includes(zone));
  const { stack } = expected;
  const toDo =
    everywhere.length < 2
      ? `take another Region: of this one, ${everywhere[0] ?? 'no zone'} alone offers every service, and a network takes two`
      : `choose ${everywhere.length < wanted.length ? 'fewer or ' : ''}other zones in ${stack.parameters} ` +
        `(${zoneParameters.join(', ')}); every service is offered in ${everywhere.join(', ')}`;
  const fault = (what: string) => problem(`${stack.name}: ${what}`, toDo, [stack.name]);
  return [
    ...(missing.length === 0
      ? []
      : [fault(`this account has no zone ${missing.join(', ')}, it has ${existing.join(', ')}`)]),
    ...offers
      .filter((offer) => offer.zones.length === 0)
      .map((offer) => fault(`no zone offers the endpoint ${offer.service}`)),
    ...offers.flatMap((offer) =>
      offer.zones.length === 0
        ? []
        : wanted
            .filter((zone) => existing.includes(zone) && !offer.zones.includes(zone))
            .map((zone) => fault(`${zone} does not offer the endpoint ${offer.service}`)),
    ),
  ];
}

interface Offer {
  readonly service: string;
  readonly zones: readonly string[];
}

async function offersOf(view: AccountView, services: readonly string[]): Promise<Offer[]> {
  try {
    const { ServiceDetails } = await view.call<{ ServiceDetails: EndpointService[] }>(
      'ec2',
      'describe-vpc-endpoint-services',
      { ServiceNames: services },
    );
    // S3 and DynamoDB have a gateway of the same name, too.
    const offered = ServiceDetails.filter(({ ServiceType }) =>
      ServiceType.some((type) => type.ServiceType === 'Interface'),
    );
    return services.map((service) => ({
      service,
      zones: offered
        .filter(({ ServiceName }) => ServiceName === service)
        .flatMap(({ AvailabilityZones }) => AvailabilityZones),
    }));
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'InvalidServiceName') {
      throw error;
    }
    // One name that does not exist in the Region fails the whole question.
    return services.length === 1
      ? services.map((service) => ({ service, zones: [] }))
      : (await Promise.all(services.map((service) => offersOf(view, [service])))).flat();
  }
}

function zonesOf(expected: ExpectedStack): string[] {
  const subnets = expectedResources(expected, 'AWS::EC2::Subnet');
  return [...new Set(subnets.map(({ properties }) => String(properties.AvailabilityZone)))];
}
