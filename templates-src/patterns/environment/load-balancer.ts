import {
  contains,
  equals,
  frozen,
  type ListCall,
  NoValue,
  not,
  type Reference,
  type StringValue,
  type Substitution,
  sub,
  suppressed,
  type Template,
  when,
} from '../../dsl';
import { containerOf } from '../../model/container';
import type { Topology } from '../../model/topology';
import { SecurityGroup, SecurityGroupIngress } from '../../resources/ec2';
import { Listener, LoadBalancer, TargetGroup } from '../../resources/elasticloadbalancingv2';

/** Port on which a new version is reached before it gets the traffic of clients. */
const testPort = 9000;

/** TLS 1.2 and 1.3. */
const tlsPolicy = 'ELBSecurityPolicy-TLS13-1-2-2021-06';

/** Characters that Elastic Load Balancing allows in the name of a load balancer or target group. */
const nameLimit = 32;

/** What `infrastructure` exports. */
export interface ImportedNetwork {
  readonly vpc: StringValue;
  readonly publicSubnets: ListCall;
  readonly taskSecurityGroup: StringValue;
  readonly logBucket: StringValue;
}

/**
 * The names of load balancer and target groups.
 *
 * @throws Error when one is too long for the environment with the longest name
 */
export function loadBalancerNames({ project, environments }: Topology, environment: Reference) {
  const longestEnvironment = Math.max(...environments.map(({ name }) => name.length));
  const named = (suffix: string): Substitution => {
    const length = `${project}--${suffix}`.length + longestEnvironment;
    if (length > nameLimit) {
      throw new Error(
        `templates-src/topology.ts: the name <project>-<environment>-${suffix} would have ${length} characters, ` +
          `Elastic Load Balancing allows ${nameLimit}; shorten the project or the environment`,
      );
    }
    return sub`${project}-${environment}-${suffix}`;
  };
  return { loadBalancer: named('lb'), blue: named('b'), green: named('g') };
}

/** Declares the load balancer, its two target groups and its listeners. */
export function declareLoadBalancer(
  t: Template,
  topology: Topology,
  environment: Reference,
  { vpc, publicSubnets, taskSecurityGroup, logBucket }: ImportedNetwork,
) {
  const { port, healthCheckPath } = containerOf(topology);
  const { ClientCidr, TestClientCidr, CertificateArn } = t.parameters('Load balancer', {
    ClientCidr: {
      Type: 'String',
      Label: 'Clients',
      Description: 'Addresses that reach the service',
      Default: '0.0.0.0/0',
      ...addressRange,
    },
    TestClientCidr: {
      Type: 'String',
      Label: 'Testers',
      Description: `Addresses that reach a new version on port ${testPort} before it gets the traffic of clients`,
      ...addressRange,
    },
    CertificateArn: {
      Type: 'String',
      Label: 'Certificate',
      Description:
        'ARN of a certificate of ACM; empty for plain HTTP, because a certificate needs a domain that this project ' +
        'cannot know. Later it changes listeners, which the stack policy refuses: the README has the steps',
      Default: '',
      AllowedPattern: '(arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[A-Za-z0-9-]+)?',
      ConstraintDescription: 'the ARN of a certificate of this Region, or nothing',
    },
  });
  const encryptedOnly = topology.environments.filter(({ production, plainHttp }) => production && !plainHttp);
  if (encryptedOnly.length > 0) {
    t.rules({
      ProductionHasCertificate: {
        RuleCondition: contains(
          encryptedOnly.map(({ name }) => name),
          environment,
        ),
        Assertions: [
          {
            Assert: not(equals(CertificateArn, '')),
            AssertDescription: 'This environment is production: name a certificate, or say plainHttp in topology.ts',
          },
        ],
      },
    });
  }
  const { Https } = t.conditions({ Https: not(equals(CertificateArn, '')) });
  const names = loadBalancerNames(topology, environment);

  const ingress = (description: string, from: number, range: Reference) => ({
    Description: description,
    IpProtocol: 'tcp',
    FromPort: from,
    ToPort: from,
    CidrIp: range,
  });
  const fromTesters = ingress('Testers', testPort, TestClientCidr);
  const { LoadBalancerSecurityGroup } = t.resources({
    LoadBalancerSecurityGroup: suppressed(
      SecurityGroup({
        GroupDescription: 'Load balancer of the container service',
        VpcId: vpc,
        SecurityGroupIngress: when(
          Https,
          [
            ingress('Clients', 443, ClientCidr),
            ingress('Clients that are sent on to HTTPS', 80, ClientCidr),
            fromTesters,
          ],
          [ingress('Clients', 80, ClientCidr), fromTesters],
        ),
        SecurityGroupEgress: [
          {
            Description: 'Container tasks',
            IpProtocol: 'tcp',
            FromPort: port,
            ToPort: port,
            DestinationSecurityGroupId: taskSecurityGroup,
          },
        ],
      }),
      {
        reason:
          'It opens the ports of HTTP and of testers to the ranges of two parameters; the rules cannot read Fn::If.',
        cdk_nag: ['AwsSolutions-EC23', 'NIST.800.53.R5-EC2RestrictedCommonPorts', 'NIST.800.53.R5-EC2RestrictedSSH'],
      },
    ),
  });
  t.resources({
    TaskIngress: SecurityGroupIngress({
      Description: 'From the load balancer',
      GroupId: taskSecurityGroup,
      IpProtocol: 'tcp',
      FromPort: port,
      ToPort: port,
      SourceSecurityGroupId: LoadBalancerSecurityGroup.GroupId,
    }),
  });

  const attribute = (Key: string, Value: StringValue) => ({ Key, Value });
  const { PublicLoadBalancer } = t.resources({
    PublicLoadBalancer: suppressed(
      LoadBalancer({
        Name: names.loadBalancer,
        Type: 'application',
        Scheme: 'internet-facing',
        IpAddressType: 'ipv4',
        Subnets: publicSubnets,
        SecurityGroups: [LoadBalancerSecurityGroup.GroupId],
        LoadBalancerAttributes: [
          attribute('access_logs.s3.enabled', 'true'),
          attribute('access_logs.s3.bucket', logBucket),
          attribute('routing.http.drop_invalid_header_fields.enabled', 'true'),
          attribute('routing.http.desync_mitigation_mode', 'strictest'),
          // The container keeps connections open for 65 s: it must never close one that the load balancer still uses.
          attribute('idle_timeout.timeout_seconds', '60'),
        ],
      }),
      {
        reason:
          'Its stack is protected from deletion. The protection of the load balancer itself would make the rollback of a ' +
          'first creation fail, and stop a deletion half-way, after the service is gone.',
        guard: ['CT.ELASTICLOADBALANCING.PR.5'],
        cdk_nag: ['NIST.800.53.R5-ELBDeletionProtectionEnabled'],
      },
      {
        reason: 'It logs to a bucket that another stack exports; the rule knows only buckets of the same template.',
        guard: ['CT.ELASTICLOADBALANCING.PR.6'],
      },
      {
        reason: 'Which requests are attacks depends on the application: its owner adds a web ACL with rules that fit.',
        cdk_nag: ['NIST.800.53.R5-ALBWAFEnabled'],
      },
      {
        reason: 'Nothing can replace it without a new address, so its name gets in the way of no update.',
        cfn_nag: ['W28'],
      },
    ),
  });

  const targetGroup = (name: Substitution) =>
    TargetGroup({
      Name: name,
      VpcId: vpc,
      TargetType: 'ip',
      Protocol: 'HTTP',
      Port: port,
      HealthCheckProtocol: 'HTTP',
      HealthCheckPath: healthCheckPath,
      HealthCheckIntervalSeconds: 15,
      HealthCheckTimeoutSeconds: 5,
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 3,
      Matcher: { HttpCode: '200' },
      TargetGroupAttributes: [attribute('deregistration_delay.timeout_seconds', '30')],
    });
  const { BlueTargetGroup, GreenTargetGroup } = t.resources({
    BlueTargetGroup: targetGroup(names.blue),
    GreenTargetGroup: targetGroup(names.green),
  });

  // DANGER: CodeDeploy owns what listeners forward to, and which group that is changes with every deployment.
  // CloudFormation doesn't know: an update that touches a listener in any way (certificate, policy, protocol) writes the
  // action below again and sends all traffic to the blue group, which has no tasks after every other deployment (503 for
  // everybody), and leaves the two listeners on different groups, which the next deployment fails at. So they are frozen:
  // the stack policy refuses such an update; the README says how to make one on purpose.
  //
  // A port never moves from one listener to another. Elastic Load Balancing refuses a second listener on a port, and
  // CloudFormation neither waits for the first to let go of it nor deletes one before it creates another (aws-cdk
  // #34235, #13901). With a certificate, 443 is added and 80 begins to redirect; without it, it is the other way round.
  const forward = [{ Type: 'forward', TargetGroupArn: BlueTargetGroup }] as const;
  const encrypted = { Protocol: 'HTTPS', Certificates: [{ CertificateArn }], SslPolicy: tlsPolicy } as const;
  const { HttpsListener } = t.resources({
    HttpsListener: suppressed(
      frozen(
        Listener(
          { LoadBalancerArn: PublicLoadBalancer, Port: 443, ...encrypted, DefaultActions: forward },
          { Condition: Https },
        ),
      ),
      {
        reason:
          'Its certificate is a parameter, which has to be the ARN of one of ACM; the rule looks for that ARN here.',
        guard: ['CT.ELASTICLOADBALANCING.PR.2'],
      },
    ),
  });
  const { HttpListener, TestListener } = t.resources({
    HttpListener: suppressed(
      frozen(
        Listener({
          LoadBalancerArn: PublicLoadBalancer,
          Port: 80,
          Protocol: 'HTTP',
          DefaultActions: [
            {
              Type: when(Https, 'redirect', 'forward'),
              RedirectConfig: when(Https, { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' }, NoValue),
              TargetGroupArn: when(Https, NoValue, BlueTargetGroup),
            },
          ],
        }),
      ),
      {
        reason: 'With a certificate it answers every request with a redirect to HTTPS; the rules cannot read Fn::If.',
        guard: ['CT.ELASTICLOADBALANCING.PR.1'],
        cdk_nag: ['NIST.800.53.R5-ALBHttpToHttpsRedirection', 'NIST.800.53.R5-ELBv2ACMCertificateRequired'],
        cfn_nag: ['W56'],
      },
    ),
    TestListener: suppressed(
      frozen(
        Listener({
          LoadBalancerArn: PublicLoadBalancer,
          Port: testPort,
          Protocol: when(Https, encrypted.Protocol, 'HTTP'),
          Certificates: when(Https, [{ CertificateArn }], NoValue),
          SslPolicy: when(Https, tlsPolicy, NoValue),
          DefaultActions: forward,
        }),
      ),
      {
        reason:
          'It speaks HTTPS as soon as the parameter CertificateArn names a certificate; the rules cannot read Fn::If.',
        cdk_nag: ['NIST.800.53.R5-ALBHttpToHttpsRedirection', 'NIST.800.53.R5-ELBv2ACMCertificateRequired'],
      },
    ),
  });

  const address = (scheme: string, port: string) => sub`${scheme}://${PublicLoadBalancer.DNSName}${port}`;
  t.outputs({
    ServiceUrl: {
      Description: 'Where clients reach the service; with a certificate, under the name that it is for',
      Value: when(Https, address('https', ''), address('http', '')),
    },
    TestUrl: {
      Description: 'Where a new version is reached before it gets the traffic of clients',
      Value: when(Https, address('https', `:${testPort}`), address('http', `:${testPort}`)),
    },
  });
  return {
    PublicLoadBalancer,
    BlueTargetGroup,
    GreenTargetGroup,
    HttpListener,
    TestListener,
    productionListener: when(Https, HttpsListener, HttpListener),
  };
}

const addressRange = {
  AllowedPattern: '([0-9]{1,3}\\.){3}[0-9]{1,3}/[0-9]{1,2}',
  ConstraintDescription: 'a range of IPv4 addresses, such as 203.0.113.0/24',
} as const;

/** Handles of what `declareLoadBalancer` declares. */
export type DeclaredLoadBalancer = ReturnType<typeof declareLoadBalancer>;
