import CfApplication, { type ApplicationProperties } from 'cloudform-types/types/codeDeploy/application';
import CfDeploymentGroup, { type DeploymentGroupProperties } from 'cloudform-types/types/codeDeploy/deploymentGroup';
import { type Narrowed, type ResourceClass, resourceType } from '../dsl/resources';

const applicationValues = { ComputePlatform: ['ECS', 'Lambda', 'Server'] } as const;

/** `!Ref`: the application's name. */
export const Application = resourceType(
  'AWS::CodeDeploy::Application',
  CfApplication as ResourceClass<Narrowed<ApplicationProperties, typeof applicationValues>>,
  { allowedValues: applicationValues },
);

const groupValues = {
  'AutoRollbackConfiguration.Events': ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
  'BlueGreenDeploymentConfiguration.DeploymentReadyOption.ActionOnTimeout': ['CONTINUE_DEPLOYMENT', 'STOP_DEPLOYMENT'],
  'BlueGreenDeploymentConfiguration.TerminateBlueInstancesOnDeploymentSuccess.Action': ['KEEP_ALIVE', 'TERMINATE'],
  'DeploymentStyle.DeploymentOption': ['WITHOUT_TRAFFIC_CONTROL', 'WITH_TRAFFIC_CONTROL'],
  'DeploymentStyle.DeploymentType': ['BLUE_GREEN', 'IN_PLACE'],
} as const;

/** `!Ref`: the deployment group's name. */
export const DeploymentGroup = resourceType(
  'AWS::CodeDeploy::DeploymentGroup',
  CfDeploymentGroup as ResourceClass<Narrowed<DeploymentGroupProperties, typeof groupValues>>,
  { allowedValues: groupValues },
);
