import { execFileSync } from 'node:child_process';
import { Ajv } from 'ajv';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { compile, Intrinsic, type Node, substitute } from '../../dsl';
import { taskSizes } from '../../model/container';
import containerService from '../../templates/environment/container-service';
import serviceRoles from '../../templates/environment/service-roles';
import { topology } from '../../topology.fixture';
import { container } from '../../workloads.fixture';
import { appspec, type DeployedEnvironment, taskDefinitionFile } from './ecs-deploy';

const dev: DeployedEnvironment = { name: 'dev', account: '012345678901', region: 'eu-west-1', size: 'medium' };
const environments: readonly DeployedEnvironment[] = [
  dev,
  { name: 'test', account: '333333333333', region: 'eu-central-1', size: 'small' },
  { name: 'prod', account: '444444444444', region: 'us-gov-west-1', size: 'xlarge' },
];

interface TaskDefinition {
  readonly [key: string]: unknown;
  readonly containerDefinitions: readonly {
    readonly name: string;
    readonly image: string;
    readonly portMappings: readonly { readonly containerPort: number }[];
  }[];
}
const definitionOf = (environment: DeployedEnvironment) =>
  JSON.parse(taskDefinitionFile(topology, environment)) as TaskDefinition;

/** What botocore has to say about the parameters of RegisterTaskDefinition: nothing, if they are valid. */
function refusalOf(definition: object): string {
  const validate = `
import json, sys
from botocore.session import Session
from botocore.validate import ParamValidator
shape = Session().get_service_model('ecs').operation_model('RegisterTaskDefinition').input_shape
print(ParamValidator().validate(json.load(sys.stdin), shape).generate_report())
`;
  return execFileSync('python3', ['-c', validate], { input: JSON.stringify(definition), encoding: 'utf8' }).trim();
}

describe('a task definition', () => {
  test.each(environments)('of $name is what the API RegisterTaskDefinition takes', (environment) => {
    expect(refusalOf(definitionOf(environment))).toBe('');
  });

  test('with a misspelt key or a number for a string would be refused', () => {
    expect(refusalOf({ ...definitionOf(dev), taskRoleARN: 'arn' })).toMatch(/Unknown parameter .*taskRoleARN/);
    expect(refusalOf({ ...definitionOf(dev), cpu: 256 })).toMatch(/Invalid type for parameter cpu/);
  });

  test('runs on Fargate as a user that is not root, without capabilities and with a root file system it cannot write', () => {
    expect(definitionOf(dev)).toMatchObject({
      requiresCompatibilities: ['FARGATE'],
      networkMode: 'awsvpc',
      containerDefinitions: [
        {
          user: '1000:1000',
          readonlyRootFilesystem: true,
          linuxParameters: { capabilities: { drop: ['ALL'] } },
          logConfiguration: { logDriver: 'awslogs' },
        },
      ],
    });
  });

  test('has the placeholder of the image and no other', () => {
    expect(taskDefinitionFile(topology, dev).match(/<[^>]*>/g)).toEqual(['<IMAGE1_NAME>']);
  });

  test('names the roles of its own account, in the partition of its Region', () => {
    const rolesOf = (environment: DeployedEnvironment) => {
      const { taskRoleArn, executionRoleArn } = definitionOf(environment);
      return [taskRoleArn, executionRoleArn];
    };
    expect(rolesOf(dev)).toEqual([
      'arn:aws:iam::012345678901:role/route-to-live-dev-workload-container-task',
      'arn:aws:iam::012345678901:role/route-to-live-dev-task-execution',
    ]);
    expect(rolesOf({ ...dev, region: 'us-gov-west-1' })[0]).toMatch(/^arn:aws-us-gov:iam::/);
  });

  test('has the size that its parameter names', () => {
    expect(definitionOf(dev)).toMatchObject({ cpu: '512', memory: '1024' });
    expect(definitionOf({ ...dev, size: 'xlarge' })).toMatchObject({ cpu: '2048', memory: '4096' });
  });
});

describe('the appspec', () => {
  const accepts = new Ajv().compile({
    type: 'object',
    additionalProperties: false,
    required: ['version', 'Resources'],
    properties: {
      version: { const: 0 },
      Resources: {
        type: 'array',
        minItems: 1,
        maxItems: 1,
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['TargetService'],
          properties: {
            TargetService: {
              type: 'object',
              additionalProperties: false,
              required: ['Type', 'Properties'],
              properties: {
                Type: { const: 'AWS::ECS::Service' },
                Properties: {
                  type: 'object',
                  additionalProperties: false,
                  required: ['TaskDefinition', 'LoadBalancerInfo'],
                  properties: {
                    TaskDefinition: { const: '<TASK_DEFINITION>' },
                    LoadBalancerInfo: {
                      type: 'object',
                      additionalProperties: false,
                      required: ['ContainerName', 'ContainerPort'],
                      properties: { ContainerName: { type: 'string' }, ContainerPort: { type: 'integer' } },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  });

  test('is what the user guide of CodeDeploy describes for an ECS deployment', () => {
    expect(accepts(load(appspec(container))), JSON.stringify(accepts.errors)).toBe(true);
    // CodeDeploy wants these characters, not the number 0.
    expect(appspec(container)).toMatch(/^version: 0\.0$/m);
  });

  test('has the placeholder of the task definition and no other', () => {
    expect(appspec(container).match(/<[^>]*>/g)).toEqual(['<TASK_DEFINITION>']);
  });

  test('sends the traffic to a container and a port that every task definition has', () => {
    for (const environment of environments) {
      const declared = definitionOf(environment).containerDefinitions.find(({ name }) => name === container.name);
      expect(declared?.portMappings.map((mapping) => mapping.containerPort)).toEqual([container.port]);
    }
    expect(appspec(container)).toContain(`ContainerName: ${container.name}\n`);
    expect(appspec(container)).toContain(`ContainerPort: ${container.port}\n`);
  });
});

describe('the stack of the container service', () => {
  function propertiesOf(id: string, environment: DeployedEnvironment, template = containerService) {
    const { [id]: resource = '' } = compile(template(topology)).Resources as Readonly<Record<string, Node>>;
    return (resolve(resource, environment) as { Properties: Record<string, unknown> }).Properties;
  }

  /** The values of a compiled resource in an environment, as far as these tests need them. */
  function resolve(node: Node, environment: DeployedEnvironment): unknown {
    const { name, account, region, size } = environment;
    const values: Readonly<Record<string, string>> = {
      'AWS::AccountId': account,
      'AWS::Partition': 'aws',
      'AWS::Region': region,
      'AWS::URLSuffix': 'amazonaws.com',
      EnvironmentName: name,
      ToolingAccountId: '111111111111',
      TaskSize: size,
    };
    if (node instanceof Intrinsic) {
      const argument = node.argument;
      switch (node.functionName) {
        case 'Ref':
          return values[argument as string] ?? node;
        case 'Sub':
          return substitute(argument as string, (id) => values[id] ?? `\${${id}}`);
        case 'GetAtt': {
          // Of a role that the template itself makes.
          const { RoleName } = propertiesOf(String(argument).replace(/\.Arn$/, ''), environment);
          return `arn:aws:iam::${account}:role/${RoleName}`;
        }
        case 'FindInMap': {
          const [, , key] = argument as readonly ['TaskSizes', Node, 'Cpu' | 'Memory'];
          return taskSizes[size][key];
        }
        default:
          return node;
      }
    }
    if (Array.isArray(node)) {
      return node.map((entry) => resolve(entry, environment));
    }
    return typeof node === 'object'
      ? Object.fromEntries(Object.entries(node).map(([key, entry]) => [key, resolve(entry, environment)]))
      : node;
  }

  const inApiSpelling = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(inApiSpelling)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value).map(([key, entry]) => [
              `${key[0]?.toLowerCase()}${key.slice(1)}`,
              inApiSpelling(entry),
            ]),
          )
        : value;

  test('starts with the very task definition that deployments register, but for an image that nobody can push', () => {
    const first = inApiSpelling(propertiesOf('FirstTaskDefinition', dev)) as TaskDefinition;
    expect(first.containerDefinitions.map(({ image }) => image)).toEqual([
      '111111111111.dkr.ecr.eu-west-1.amazonaws.com/route-to-live-container@sha256:0000000000000000000000000000000000000000000000000000000000000000',
    ]);
    const deployed = definitionOf(dev);
    const withImage = deployed.containerDefinitions.map((it) => ({
      ...it,
      image: first.containerDefinitions[0]?.image,
    }));
    expect(first).toEqual({ ...deployed, containerDefinitions: withImage });
  });

  test('declares the role and the log group that the task definitions name, and the operator the other role', () => {
    const { taskRoleArn, executionRoleArn, containerDefinitions } = definitionOf(dev);
    const nameOf = (arn: unknown) => String(arn).split('/').pop();
    expect(propertiesOf('TaskRole', dev).RoleName).toBe(nameOf(taskRoleArn));
    expect(propertiesOf('TaskExecutionRole', dev, serviceRoles).RoleName).toBe(nameOf(executionRoleArn));
    expect(containerDefinitions[0]).toMatchObject({
      logConfiguration: { options: { 'awslogs-group': propertiesOf('ContainerLogs', dev).LogGroupName } },
    });
  });

  test('gives the load balancer the container and the port of the appspec', () => {
    const [target] = propertiesOf('ContainerService', dev).LoadBalancers as readonly object[];
    expect(target).toMatchObject({ ContainerName: container.name, ContainerPort: container.port });
    expect(propertiesOf('BlueTargetGroup', dev).Port).toBe(container.port);
    expect(propertiesOf('GreenTargetGroup', dev).Port).toBe(container.port);
  });
});
