import { topology } from '../../../templates-src/topology.fixture';
import { type Emulator, startEmulator } from '../../emulator/client';
import { type DeployedStack, Deployments, type TemplateObject } from '../../emulator/deployment';
import { pipelineSession } from '../artifacts';
import { assumeRole, type Cloud, getObject, putObject, type Session } from '../cloud';
import { Witness } from './witness';

const accounts = { tooling: '111111111111', dev: '222222222222' };
const region = 'eu-west-1';

/** What a fault changes in a policy of the small route. */
export interface Policies {
  readonly artifactBucket: object;
  readonly artifactKey: object;
  readonly actionTrust: object;
  readonly action: object;
  readonly execution: object;
  readonly update: object;
}

const allow = (actions: string | readonly string[], more: object = { Resource: '*' }) => ({
  Version: '2012-10-17',
  Statement: [{ Sid: 'Allow', Effect: 'Allow', Action: actions, ...more }],
});

/** Lets roles of an account in, by their names. */
const from = (account: string, roles: readonly string[], more: object = { Resource: '*' }) => ({
  Principal: { AWS: `arn:aws:iam::${account}:root` },
  Condition: { ArnEquals: { 'aws:PrincipalArn': roles.map((name) => `arn:aws:iam::${account}:role/${name}`) } },
  ...more,
});

const assumeBy = (service: string) => allow('sts:AssumeRole', { Principal: { Service: service } });

/** Policies with which everything is allowed. */
export const sound = {
  action: allow([
    'cloudformation:CreateStack',
    'cloudformation:DescribeStacks',
    'iam:PassRole',
    'kms:Decrypt',
    's3:GetObject',
  ]),
  actionTrust: allow('sts:AssumeRole', from(accounts.tooling, ['pipeline'], {})),
  artifactBucket: allow('s3:GetObject', from(accounts.dev, ['action', 'update'])),
  artifactKey: allow('kms:Decrypt', from(accounts.dev, ['action', 'update'])),
  execution: allow(['sqs:CreateQueue', 'sqs:DeleteQueue', 'sqs:GetQueueAttributes']),
  update: allow(['kms:Decrypt', 'lambda:UpdateFunctionCode', 's3:GetObject']),
} satisfies Policies;

/** The policies of `sound`, one of them without an action. */
export function without(policy: keyof Policies, action: string): Policies {
  const [statement] = sound[policy].Statement;
  const Statement = [{ ...statement, Action: [statement?.Action].flat().filter((it) => it !== action) }];
  return { ...sound, [policy]: { Version: '2012-10-17', Statement: Statement.filter(({ Action }) => Action.length) } };
}

const role = (RoleName: string, AssumeRolePolicyDocument: object, PolicyDocument: object) => ({
  Type: 'AWS::IAM::Role',
  Properties: { RoleName, AssumeRolePolicyDocument, Policies: [{ PolicyName: 'own', PolicyDocument }] },
});

const tooling = ({ artifactBucket, artifactKey }: Policies): TemplateObject => ({
  Resources: {
    Pipeline: role(
      'pipeline',
      assumeBy('codepipeline.amazonaws.com'),
      allow(['sts:AssumeRole', 's3:PutObject', 'kms:GenerateDataKey']),
    ),
    Key: {
      Type: 'AWS::KMS::Key',
      Properties: {
        KeyPolicy: {
          Version: '2012-10-17',
          Statement: [
            {
              Sid: 'Own',
              Effect: 'Allow',
              Principal: { AWS: `arn:aws:iam::${accounts.tooling}:root` },
              Action: 'kms:*',
              Resource: '*',
            },
            ...(artifactKey as typeof sound.artifactKey).Statement,
          ],
        },
      },
    },
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: {
        BucketName: 'artifacts',
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            {
              BucketKeyEnabled: true,
              ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: { 'Fn::GetAtt': 'Key.Arn' } },
            },
          ],
        },
      },
    },
    BucketPolicy: {
      Type: 'AWS::S3::BucketPolicy',
      Properties: {
        Bucket: { Ref: 'Bucket' },
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: (artifactBucket as typeof sound.artifactBucket).Statement.map((statement) => ({
            ...statement,
            Resource: 'arn:aws:s3:::artifacts/*',
          })),
        },
      },
    },
  },
  Outputs: { Key: { Value: { 'Fn::GetAtt': 'Key.Arn' } } },
});

const dev = ({ action, actionTrust, execution, update }: Policies): TemplateObject => ({
  Resources: {
    Action: role('action', actionTrust, action),
    Execution: role('execution', assumeBy('cloudformation.amazonaws.com'), execution),
    Update: role('update', allow('sts:AssumeRole', from(accounts.tooling, ['pipeline'], {})), update),
    Task: role('task', assumeBy('lambda.amazonaws.com'), allow('logs:PutLogEvents')),
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'function',
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Role: { 'Fn::GetAtt': 'Task.Arn' },
        Code: { ZipFile: 'exports.handler = async () => {};' },
      },
    },
  },
});

const queue: TemplateObject = { Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'queue' } } } };

/** A route of two stacks, with what a pipeline does in it. */
export class SmallRoute {
  private artifactKey = '';

  private constructor(
    readonly witness: Witness,
    private readonly emulator: Emulator,
    private readonly cloud: Cloud,
  ) {}

  /** Starts an emulated AWS that holds the route with these policies. */
  static async start(policies: Policies): Promise<SmallRoute> {
    const witness = new Witness(topology);
    const emulator = await startEmulator({ accounts, region, authorize: witness.answer });
    const route = new SmallRoute(witness, emulator, { emulator, accounts, region });
    await route.deploy(policies);
    return route;
  }

  /** Gives the route other policies, as deploy.sh does: as administrator. */
  async deploy(policies: Policies): Promise<void> {
    const { outputs } = await this.deployStack('tooling', tooling(policies));
    this.artifactKey = outputs.Key ?? this.artifactKey;
    await this.deployStack('dev', dev(policies));
  }

  private async deployStack(account: string, template: TemplateObject): Promise<Pick<DeployedStack, 'outputs'>> {
    try {
      return await new Deployments(this.emulator, account).deploy(account, template);
    } catch (error) {
      if ((error as Error).message.includes('No updates are to be performed')) {
        return { outputs: {} };
      }
      throw error;
    }
  }

  stop(): Promise<void> {
    return this.emulator.stop();
  }

  /** The pipeline stores an artifact. */
  async store(): Promise<void> {
    const pipeline = await this.pipeline();
    const location = { bucket: 'artifacts', key: 'Pipeline/Source/zip' };
    await putObject(this.cloud, pipeline, location, new Uint8Array(1), this.artifactKey);
  }

  /** The pipeline stores something where nothing is. */
  async storeOnce(): Promise<void> {
    const session = await this.pipeline();
    await session.call('s3', 'PutObject', { Bucket: 'artifacts', Key: 'Pipeline/once', IfNoneMatch: '*' });
  }

  /** The action's role reads the artifact, and lets CloudFormation deploy a queue. */
  async deployQueue(): Promise<string> {
    const action = await this.assume('action');
    await getObject(this.cloud, action, { bucket: 'artifacts', key: 'Pipeline/Source/zip' });
    await action.call('cloudformation', 'CreateStack', {
      StackName: `queue-${Math.random().toString(36).slice(2)}`,
      TemplateBody: JSON.stringify(queue),
      RoleARN: `arn:aws:iam::${accounts.dev}:role/execution`,
    });
    const { Stacks } = await action.call<{ Stacks: readonly { StackStatus: string; StackStatusReason: string }[] }>(
      'cloudformation',
      'DescribeStacks',
    );
    const last = Stacks.at(-1);
    return `${last?.StackStatus} ${last?.StackStatusReason}`;
  }

  /** The update role makes a function run the artifact. */
  async updateFunction(): Promise<void> {
    const update = await this.assume('update');
    await update.call('lambda', 'UpdateFunctionCode', {
      FunctionName: 'function',
      S3Bucket: 'artifacts',
      S3Key: 'Pipeline/Source/zip',
    });
  }

  private pipeline(): Promise<Session> {
    const roleArn = `arn:aws:iam::${accounts.tooling}:role/pipeline`;
    return pipelineSession(this.cloud, { name: 'Pipeline', roleArn }, 'execution');
  }

  private async assume(name: string): Promise<Session> {
    return assumeRole(this.cloud, await this.pipeline(), `arn:aws:iam::${accounts.dev}:role/${name}`, 'execution');
  }
}
