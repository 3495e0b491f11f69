import type { ApplicationProperties } from 'cloudform-types/types/codeDeploy/application';
import type { DeploymentGroupProperties } from 'cloudform-types/types/codeDeploy/deploymentGroup';
import { resourceType } from '../dsl';

/** `!Ref`: the application's name. */
export const Application = resourceType<ApplicationProperties>()('AWS::CodeDeploy::Application', {
  allowedValues: { ComputePlatform: ['ECS', 'Lambda', 'Server'] },
});

const groupValues = {
  'AutoRollbackConfiguration.Events': ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
  'BlueGreenDeploymentConfiguration.DeploymentReadyOption.ActionOnTimeout': ['CONTINUE_DEPLOYMENT', 'STOP_DEPLOYMENT'],
  'BlueGreenDeploymentConfiguration.TerminateBlueInstancesOnDeploymentSuccess.Action': ['KEEP_ALIVE', 'TERMINATE'],
  'DeploymentStyle.DeploymentOption': ['WITHOUT_TRAFFIC_CONTROL', 'WITH_TRAFFIC_CONTROL'],
  'DeploymentStyle.DeploymentType': ['BLUE_GREEN', 'IN_PLACE'],
} as const;

/** `!Ref`: the deployment group's name. */
export const DeploymentGroup = resourceType<DeploymentGroupProperties>()('AWS::CodeDeploy::DeploymentGroup', {
  allowedValues: groupValues,
});
