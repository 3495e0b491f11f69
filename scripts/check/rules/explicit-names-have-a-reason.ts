import { isMap, maps, text } from '../../lib/template/nodes';
import type { Rule } from '../rule';

/** Types whose names W28 of cfn-nag 0.8.10 looks at (ResourceWithExplicitNameRule), with the property that has it. */
const nameProperties: Readonly<Record<string, string>> = {
  'AWS::ApiGateway::ApiKey': 'Name',
  'AWS::CloudWatch::Alarm': 'AlarmName',
  'AWS::CodeDeploy::DeploymentConfig': 'DeploymentConfigName',
  'AWS::CodeDeploy::DeploymentGroup': 'DeploymentGroupName',
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::EC2::SecurityGroup': 'GroupName',
  'AWS::ECR::Repository': 'RepositoryName',
  'AWS::ElasticLoadBalancingV2::LoadBalancer': 'Name',
  'AWS::Elasticsearch::Domain': 'DomainName',
  'AWS::IAM::Group': 'GroupName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Kinesis::Stream': 'Name',
  'AWS::RDS::DBInstance': 'DBInstanceIdentifier',
};

/**
 * W28 of cfn-nag, which needs Ruby: where it is not installed, this says before the pipeline does that the pipeline will
 * refuse the template. The suppression that cfn-nag reads is the reason, so it is not suppressed a second time.
 */
export const explicitNamesHaveAReason: Rule = {
  id: 'explicit-names-have-a-reason',
  severity: 'error',
  why: 'A change that replaces a resource fails while its name is taken, and cfn-nag refuses the name (W28).',
  fix: "Leave the name to CloudFormation, or give the reason for it: suppressed(resource, { reason: '...', cfn_nag: ['W28'] }).",
  check: ({ document }) =>
    Object.entries(document.Resources).flatMap(([id, { Type, Properties = {}, Metadata = {} }]) => {
      const property = nameProperties[Type] ?? '';
      const suppressed = isMap(Metadata.cfn_nag) ? maps(Metadata.cfn_nag.rules_to_suppress) : [];
      return Properties[property] === undefined || suppressed.some((it) => text(it.id) === 'W28')
        ? []
        : [{ path: ['Resources', id, 'Properties', property], message: `${property} is given, without a reason` }];
    }),
};
