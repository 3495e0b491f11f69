/** A role that an AWS service makes for itself, once in an account, when somebody first uses the service. */
export interface ServiceLinkedRole {
  /** The service principal: what `aws iam create-service-linked-role` takes. */
  readonly service: string;
  readonly name: string;
}

/**
 * The service-linked roles that resources of the templates cannot do without, by type of resource. Others that may be
 * met among the permissions of CloudFormation's handlers (of flow logs to S3, say) are not needed by what the templates
 * make of the type.
 */
export const serviceLinkedRoles: Readonly<Record<string, ServiceLinkedRole>> = {
  'AWS::ECS::Cluster': { service: 'ecs.amazonaws.com', name: 'AWSServiceRoleForECS' },
  // Application Auto Scaling User Guide, "Service-linked role ARN reference"
  'AWS::ApplicationAutoScaling::ScalableTarget': {
    service: 'ecs.application-autoscaling.amazonaws.com',
    name: 'AWSServiceRoleForApplicationAutoScaling_ECSService',
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    service: 'elasticloadbalancing.amazonaws.com',
    name: 'AWSServiceRoleForElasticLoadBalancing',
  },
};
