import type { ListenerProperties } from 'cloudform-types/types/elasticLoadBalancingV2/listener';
import type { LoadBalancerProperties } from 'cloudform-types/types/elasticLoadBalancingV2/loadBalancer';
import type { TargetGroupProperties } from 'cloudform-types/types/elasticLoadBalancingV2/targetGroup';
import { resourceType } from '../dsl';

const loadBalancerValues = {
  IpAddressType: ['dualstack', 'dualstack-without-public-ipv4', 'ipv4'],
  Scheme: ['internal', 'internet-facing'],
  Type: ['application', 'gateway', 'network'],
} as const;

/** `!Ref`: the load balancer's ARN. */
export const LoadBalancer = resourceType<LoadBalancerProperties>()('AWS::ElasticLoadBalancingV2::LoadBalancer', {
  attributes: ['DNSName', 'LoadBalancerFullName', 'LoadBalancerName'],
  allowedValues: loadBalancerValues,
});

const targetGroupValues = {
  HealthCheckProtocol: ['GENEVE', 'HTTP', 'HTTPS', 'QUIC', 'TCP', 'TCP_QUIC', 'TCP_UDP', 'TLS', 'UDP'],
  Protocol: ['GENEVE', 'HTTP', 'HTTPS', 'QUIC', 'TCP', 'TCP_QUIC', 'TCP_UDP', 'TLS', 'UDP'],
  TargetType: ['alb', 'instance', 'ip', 'lambda'],
} as const;

/** `!Ref`: the target group's ARN. */
export const TargetGroup = resourceType<TargetGroupProperties>()('AWS::ElasticLoadBalancingV2::TargetGroup', {
  attributes: ['TargetGroupFullName', 'TargetGroupName'],
  allowedValues: targetGroupValues,
});

const listenerValues = {
  'DefaultActions.RedirectConfig.StatusCode': ['HTTP_301', 'HTTP_302'],
  'DefaultActions.Type': [
    'authenticate-cognito',
    'authenticate-oidc',
    'fixed-response',
    'forward',
    'jwt-validation',
    'redirect',
  ],
  Protocol: ['GENEVE', 'HTTP', 'HTTPS', 'QUIC', 'TCP', 'TCP_QUIC', 'TCP_UDP', 'TLS', 'UDP'],
} as const;

/** `!Ref`: the listener's ARN. */
export const Listener = resourceType<ListenerProperties>()('AWS::ElasticLoadBalancingV2::Listener', {
  allowedValues: listenerValues,
});
