import { type PipelineKey, pipelineNames, pipelinesOf, workloadTemplates } from '../model/names';
import {
  type Actor,
  type ActorCases,
  type Cases,
  casesOf,
  type DeclaredEnvironment,
  type DeclaredRoute,
  type Prohibition,
  type Requests,
  type ServiceActor,
} from './case';
import { administratorOf, apartFromTooling, arnIn, foreignAccountId, foreigner, imagesOf } from './elsewhere';
import { ifNoneMatch, keyAdministration, plainHttp } from './needs';
import { type ArtifactName, artifactOf, packageIn, pipelineStack, scriptsIn } from './pipelines';

/** What services of AWS, the operator and strangers do with key, buckets, images and topic of the tooling account. */

function operator(route: DeclaredRoute): ActorCases {
  const { tooling } = route;
  const store = tooling.stack('artifact-store');
  const key = store.arn('ArtifactKey');
  const actor = administratorOf(tooling);
  const strangers = [
    ...apartFromTooling(route).map((environment) => ({ from: environment.name, actor: administratorOf(environment) })),
    { from: 'elsewhere', actor: foreigner },
  ];
  const notFromElsewhere = strangers.map(({ from, ...stranger }) => ({
    that: `from ${from}`,
    ...stranger,
    why: 'KMS Developer Guide, "Allowing users in other accounts to use a KMS key": the key policy decides',
  }));
  const logBucket = store.arn('AccessLogBucket');
  return {
    group: 'tooling/artifact-store/operator',
    actor,
    needs: [
      {
        does: 'administers the key',
        actions: keyAdministration,
        on: key,
        why: 'KMS Developer Guide, "Default key policy": allows key administrators to administer the KMS key',
        denied: notFromElsewhere,
      },
      ...(route.topology.container === undefined
        ? []
        : [
            {
              does: 'lets ECR use the key',
              actions: ['kms:CreateGrant', 'kms:RetireGrant', 'kms:RevokeGrant'] as const,
              on: key,
              why: 'ECR User Guide, "Encryption at rest": kms:CreateGrant, kms:RetireGrant; "Default key policy": kms:RevokeGrant',
              denied: notFromElsewhere,
            },
          ]),
      {
        does: 'reads what is encrypted, as far as IAM lets it',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        on: key,
        why: 'KMS Developer Guide, "Default key policy": allows access to the account and enables IAM policies',
        denied: notFromElsewhere,
      },
      {
        does: 'reads access logs',
        actions: 's3:GetObject',
        on: `${logBucket}/artifacts/2026-11-23-00-00-00-ABCDEF`,
        why: 'S3 User Guide, "Identity-based policies": an account may use its own buckets',
        denied: [{ that: 'over plain HTTP', context: plainHttp, why: 'Security Hub S3.5' }],
      },
      {
        does: 'puts scripts of builds where none are',
        actions: 's3:PutObject',
        on: scriptsIn(route),
        context: ifNoneMatch,
        why: 'S3 User Guide, "Identity-based policies": an account may use its own buckets',
        denied: [
          {
            that: 'over what is there, nor in parts, nor as a copy',
            context: {},
            why: 'S3 User Guide, "Enforce conditional writes": a name stands for the bytes that it is the hash of',
          },
        ],
      },
      {
        does: 'uploads templates that are too large for a request',
        actions: 's3:PutObject',
        on: `${store.arn('ArtifactBucket')}/templates/0a1b2c3d4e5f.template`,
        why: 'AWS CLI Command Reference, "cloudformation deploy": --s3-bucket, --s3-prefix; deploy.sh',
      },
      {
        does: 'deletes artifacts and packages',
        actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
        on: [artifactOf(route, 'infrastructureDeployment', 'Package'), packageIn(route)],
        why: 'S3 User Guide, "Deleting object versions": what is not what it is named after has to go',
      },
      {
        does: 'lists access logs, artifacts and packages',
        actions: 's3:ListBucket',
        on: [logBucket, store.arn('ArtifactBucket'), store.arn('PackageBucket')],
        why: 'S3 User Guide, "Identity-based policies": an account may use its own buckets',
        denied: [{ that: 'over plain HTTP', context: plainHttp, why: 'Security Hub S3.5' }],
      },
    ],
    never: writesWhatIsDeployed(route).flatMap(({ that, writer, ...requests }) =>
      everybodyBut(route, writer).map(({ as, actor: somebody }) => ({
        that: `${that}${as}`,
        ...requests,
        actor: somebody,
        why: 'what is deployed to all environments has one writer each, and no administrator is one',
      })),
    ),
  };
}

/** What one role writes. */
interface Written extends Requests {
  readonly that: string;
  readonly and?: readonly Requests[];
  readonly writer: string;
}

/** What must not be written but by one role: artifacts, packages and images. */
function writesWhatIsDeployed(route: DeclaredRoute): readonly Written[] {
  const { topology } = route;
  const infrastructure = pipelineStack(route, 'infrastructureDeployment');
  const publishes = infrastructure.arn('PublishPackagesRole');
  const writes = ['s3:PutObject', 's3:ReplicateObject'] as const;
  const artifact = (pipeline: PipelineKey, name: ArtifactName, writer: string) => ({
    that: `writes the artifact ${name} of ${pipelineNames[pipeline]}`,
    actions: writes,
    on: artifactOf(route, pipeline, name),
    writer,
  });
  return [
    ...pipelinesOf(topology).map((pipeline) =>
      artifact(pipeline, 'Source', pipelineStack(route, pipeline).arn('PipelineRole')),
    ),
    artifact('infrastructureDeployment', 'Zips', infrastructure.arn('PackageLambdasRole')),
    artifact('infrastructureDeployment', 'Package', publishes),
    {
      that: 'writes packages',
      actions: 's3:PutObject',
      on: packageIn(route),
      context: ifNoneMatch,
      and: [{ actions: 's3:ReplicateObject', on: packageIn(route) }],
      writer: publishes,
    },
    ...(topology.container === undefined
      ? []
      : [
          artifact('containerDeployment', 'Image', pipelineStack(route, 'containerDeployment').arn('PipelineRole')),
          artifact(
            'containerDeployment',
            'Verified',
            pipelineStack(route, 'containerDeployment').arn('VerifyDeploymentRole'),
          ),
          {
            that: 'pushes images',
            actions: [
              'ecr:CompleteLayerUpload',
              'ecr:InitiateLayerUpload',
              'ecr:PutImage',
              'ecr:UploadLayerPart',
            ] as const,
            on: imagesOf(route),
            writer: pipelineStack(route, 'containerBuild').arn('BuildImageRole'),
          },
        ]),
  ];
}

/** Principals that could be taken for a role of the tooling account, or for more than it. */
function everybodyBut(
  { tooling }: DeclaredRoute,
  role: string,
): readonly { readonly as: string; readonly actor: Actor }[] {
  const administrator = (arn: string): Actor => ({ kind: 'administrator', arn });
  return [
    { as: '', actor: administratorOf(tooling) },
    { as: ', as a role of the same name below a path', actor: administrator(role.replace('role/', 'role/elsewhere/')) },
    { as: ', as a role whose name goes on', actor: administrator(`${role}-2`) },
    { as: ', as a user of the same name', actor: administrator(role.replace(':role/', ':user/')) },
    {
      as: ', as the role of that name of another account',
      actor: administrator(role.replace(tooling.id, foreignAccountId)),
    },
    {
      as: ', as a service that acts for another account',
      actor: { kind: 'service', service: 'codepipeline.amazonaws.com', sourceAccount: foreignAccountId },
    },
  ];
}

function services(route: DeclaredRoute): readonly ActorCases[] {
  const { region, tooling } = route;
  const store = tooling.stack('artifact-store');
  const key = store.arn('ArtifactKey');
  const topic = store.arn('NotificationTopic');
  const logBucket = store.arn('AccessLogBucket');
  const logs: ServiceActor = { kind: 'service', service: `logs.${region}.amazonaws.com`, sourceAccount: tooling.id };
  const logGroup = pipelineStack(route, 'infrastructureDeployment').arn('PackageLambdasLogs');
  const ofLogGroup = (arn: string) => ({ 'kms:EncryptionContext:aws:logs:arn': arn });
  const [first, ...others] = pipelinesOf(route.topology) as [PipelineKey, ...PipelineKey[]];
  const rule = pipelineStack(route, first).arn('FailureRule');
  const events = (sourceAccount: string, sourceArn: string): ServiceActor => ({
    kind: 'service',
    service: 'events.amazonaws.com',
    sourceAccount,
    sourceArn,
  });
  // What EventBridge sends KMS, and perhaps SNS.
  const silentEvents: ServiceActor = { kind: 'service', service: 'events.amazonaws.com' };
  const foreignRule = rule.replace(tooling.id, foreignAccountId);
  const confusedDeputy = 'IAM User Guide, "The confused deputy problem"';
  const delivery = (bucket: string, sourceAccount = tooling.id): ServiceActor => ({
    kind: 'service',
    service: 'logging.s3.amazonaws.com',
    sourceAccount,
    sourceArn: bucket,
  });
  return [
    {
      group: 'tooling/artifact-store/CloudWatch Logs',
      actor: logs,
      needs: [
        {
          does: 'encrypts logs of builds',
          actions: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
          on: key,
          context: ofLogGroup(logGroup),
          why: 'CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS": permissions on the key',
          denied: [
            {
              that: 'those of another account',
              context: ofLogGroup(logGroup.replace(tooling.id, foreignAccountId)),
              why: 'CloudWatch Logs User Guide, "AWS KMS keys and encryption context"',
            },
            {
              that: 'in another Region',
              actor: { ...logs, service: 'logs.ap-southeast-2.amazonaws.com' },
              why: 'the service principal of CloudWatch Logs has the Region in its name',
            },
          ],
        },
      ],
      never: [
        {
          that: 'administers the key',
          actions: ['kms:PutKeyPolicy', 'kms:ScheduleKeyDeletion', 'kms:CreateGrant'],
          on: key,
          why: 'a service uses a key and never changes it',
        },
      ],
    },
    {
      group: 'tooling/artifact-store/EventBridge',
      actor: events(tooling.id, rule),
      needs: [
        {
          does: 'notifies of failed pipelines',
          actions: 'sns:Publish',
          on: topic,
          why: 'EventBridge User Guide, "Using resource-based policies": Amazon SNS permissions',
          denied: [
            {
              that: 'for other rules of the account',
              actor: events(tooling.id, arnIn(route, tooling, 'events', 'rule/somebody-elses-rule')),
              why: confusedDeputy,
            },
            { that: 'for rules of another account', actor: events(foreignAccountId, foreignRule), why: confusedDeputy },
            {
              that: 'over plain HTTP',
              context: plainHttp,
              why: 'SNS Developer Guide, "Enforce encryption of data in transit"',
            },
          ],
        },
        ...others.map((pipeline) => ({
          does: `notifies of failures of ${pipelineNames[pipeline]}`,
          actor: events(tooling.id, pipelineStack(route, pipeline).arn('FailureRule')),
          actions: 'sns:Publish' as const,
          on: topic,
          why: 'EventBridge User Guide, "Using resource-based policies": Amazon SNS permissions',
          denied: [
            {
              that: 'for a rule that starts it',
              actor: events(
                tooling.id,
                pipelineStack(route, pipeline)
                  .arn('FailureRule')
                  .replace(/failure$/, 'commit'),
              ),
              why: confusedDeputy,
            },
          ],
        })),
        ...route.environments.map(({ name }) => ({
          does: `notifies of failed stacks in ${name}`,
          actor: events(tooling.id, `${pipelineStack(route, 'infrastructureDeployment').arn('FailureRule')}-${name}`),
          actions: 'sns:Publish' as const,
          on: topic,
          why: 'EventBridge User Guide, "Using resource-based policies": Amazon SNS permissions',
        })),
        {
          does: 'notifies of failed pipelines without saying for which rule',
          actor: silentEvents,
          actions: 'sns:Publish',
          on: topic,
          why: 'EventBridge User Guide, "Using resource-based policies": Amazon SNS permissions have no condition',
        },
        {
          does: 'encrypts what it tells',
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          on: key,
          why: 'SNS Developer Guide, "Managing Amazon SNS encryption keys": event sources from AWS services and encrypted topics',
        },
        {
          does: 'encrypts what it tells without saying for which rule',
          actor: silentEvents,
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          on: key,
          why: 'SNS Developer Guide, "Managing Amazon SNS encryption keys": aws:SourceAccount and aws:SourceArn are not supported for EventBridge',
          denied: [
            { that: 'for rules of another account', actor: events(foreignAccountId, foreignRule), why: confusedDeputy },
            {
              that: 'with the key itself in its hands',
              actions: ['kms:PutKeyPolicy', 'kms:CreateGrant'],
              why: 'a service uses a key and never changes it',
            },
          ],
        },
      ],
    },
    ...route.environments.map((environment) => alarms(route, environment)),
    {
      group: 'tooling/artifact-store/S3 server access logging',
      actor: delivery(store.arn('ArtifactBucket')),
      needs: ['ArtifactBucket', 'PackageBucket'].map((bucket) => ({
        does: `delivers access logs of ${bucket}`,
        actor: delivery(store.arn(bucket)),
        actions: 's3:PutObject' as const,
        on: `${logBucket}/${bucket === 'ArtifactBucket' ? 'artifacts' : 'packages'}/2026-11-23-00-00-00-ABCDEF`,
        why: 'S3 User Guide, "Enabling Amazon S3 server access logging": logging.s3.amazonaws.com, aws:SourceArn and aws:SourceAccount',
        denied: [
          {
            that: 'for other buckets of the account',
            actor: delivery('arn:aws:s3:::somebody-elses-bucket'),
            why: confusedDeputy,
          },
          {
            that: 'for a bucket of the same name in another account',
            actor: delivery(store.arn(bucket), foreignAccountId),
            why: 'S3 User Guide: a bucket may be deleted and its name taken; aws:SourceAccount says whose it is',
          },
          {
            that: 'reading them',
            actions: 's3:GetObject' as const,
            why: 'a service that writes logs need not read them',
          },
        ],
      })),
    },
    ...apartFromTooling(route).map((environment) => readers(route, environment)),
    ...apartFromTooling(route).map(
      (environment): ActorCases => ({
        group: `${environment.name}/stranger`,
        actor: administratorOf(environment),
        never: strangersNever(route),
      }),
    ),
    { group: 'elsewhere/stranger', actor: foreigner, never: strangersNever(route) },
  ];
}

/** That the alarms of an environment reach the people who read the topic. */
function alarms(route: DeclaredRoute, environment: DeclaredEnvironment): ActorCases {
  const { tooling } = route;
  const store = tooling.stack('artifact-store');
  const declared = workloadTemplates(route.topology).flatMap((template) =>
    environment.stack(template).resources.filter(({ type }) => type === 'AWS::CloudWatch::Alarm'),
  );
  const alarm = (arn: string, sourceAccount = environment.id): ServiceActor => ({
    kind: 'service',
    service: 'cloudwatch.amazonaws.com',
    sourceAccount,
    sourceArn: arn,
  });
  const [first] = declared.map(({ arn }) => arn);
  if (first === undefined) {
    throw new Error(`no stack of ${environment.name} declares an alarm`);
  }
  const ofAnotherAccount = {
    that: 'for an alarm of another account',
    actor: alarm(first.replace(environment.id, foreignAccountId), foreignAccountId),
    why: 'IAM User Guide, "The confused deputy problem"',
  };
  return {
    group: `${environment.name}/CloudWatch alarms`,
    actor: alarm(first),
    needs: [
      ...declared.map(({ logicalId, arn }) => ({
        does: `tells that ${logicalId} has risen`,
        actor: alarm(arn),
        actions: 'sns:Publish' as const,
        on: store.arn('NotificationTopic'),
        why: 'SNS Developer Guide, "Example cases for access control": CloudWatch alarms publish to a topic in a different account',
        denied: [
          ofAnotherAccount,
          {
            that: 'for alarms of others in the account',
            actor: alarm(arnIn(route, environment, 'cloudwatch', 'alarm:somebody-elses-alarm')),
            why: 'the people who are told look after this project',
          },
        ],
      })),
      {
        does: 'encrypts what it tells',
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        on: store.arn('ArtifactKey'),
        why: 'SNS Developer Guide, "Managing Amazon SNS encryption keys"; awslabs/landing-zone-accelerator-on-aws #31: a topic in another account',
        denied: [
          ofAnotherAccount,
          {
            that: 'with the key itself in its hands',
            actions: ['kms:PutKeyPolicy', 'kms:CreateGrant'],
            why: 'a service uses a key and never changes it',
          },
        ],
      },
    ],
  };
}

/** What bucket and key keep from the roles of an environment that read there, whatever their own policies allow. */
function readers(route: DeclaredRoute, environment: DeclaredEnvironment): ActorCases {
  const { region, tooling, topology } = route;
  const store = tooling.stack('artifact-store');
  const roles = environment.stack('deployment-roles');
  const artifactBucket = store.arn('ArtifactBucket');
  const packages = [packageIn(route), scriptsIn(route)];
  const deployed = (['Source', 'Zips', 'Package'] as const).map((name) =>
    artifactOf(route, 'infrastructureDeployment', name),
  );
  const container =
    topology.container === undefined
      ? []
      : (['Source', 'Verified', 'Image'] as const).map((name) => artifactOf(route, 'containerDeployment', name));
  const packageReader = { bucket: store.arn('PackageBucket'), others: [...deployed, ...container, scriptsIn(route)] };
  const readersOf = [
    {
      role: 'CloudFormationActionRole',
      bucket: artifactBucket,
      others: [...deployed.filter((arn) => !arn.includes('/Package/')), ...container, ...packages],
    },
    ...(topology.container === undefined
      ? []
      : [
          {
            role: 'CodeDeployActionRole',
            bucket: artifactBucket,
            others: [...deployed, ...container.slice(0, 1), ...packages],
          },
        ]),
    { role: 'CloudFormationExecutionRole', ...packageReader },
    { role: 'LambdaUpdateRole', ...packageReader },
  ];
  const context = (service: string, arn: string | readonly string[]) => ({
    'kms:ViaService': `${service}.${region}.amazonaws.com`,
    'kms:EncryptionContext:aws:s3:arn': arn,
  });
  const actor = administratorOf(environment);
  const decrypts = { actions: 'kms:Decrypt' as const, on: store.arn('ArtifactKey') };
  return {
    group: `${environment.name}/readers, whatever their own policies allow`,
    actor,
    never: readersOf.flatMap(({ role, bucket, others }): readonly Prohibition[] => {
      const as: Actor = { ...actor, arn: roles.arn(role) };
      return [
        {
          that: `reads what is not for it, as ${role}`,
          actor: as,
          actions: ['s3:GetObject', 's3:GetObjectVersion'],
          on: others,
          why: 'S3 User Guide, "Bucket policies": each role with what it deploys',
        },
        {
          that: `decrypts what is not for it, as ${role}`,
          actor: as,
          ...decrypts,
          context: context('s3', others[0] as string),
          and: others.slice(1).map((other) => ({ ...decrypts, context: context('s3', other) })),
          why: 'KMS Developer Guide, "kms:EncryptionContext": the key opens what the role may read',
        },
        {
          that: `decrypts without S3, as ${role}`,
          actor: as,
          ...decrypts,
          context: { 'kms:EncryptionContext:aws:s3:arn': bucket },
          and: [{ ...decrypts, context: context('sqs', bucket) }],
          why: 'KMS Developer Guide, "kms:ViaService"',
        },
        {
          that: `administers the key, as ${role}`,
          actor: as,
          actions: ['kms:PutKeyPolicy', 'kms:CreateGrant', 'kms:ScheduleKeyDeletion'],
          on: store.arn('ArtifactKey'),
          why: 'a reader uses a key and never changes it',
        },
      ];
    }),
  };
}

/** What somebody who has all rights in another account must not do with the tooling account's resources. */
function strangersNever(route: DeclaredRoute): readonly Prohibition[] {
  const { tooling } = route;
  const store = tooling.stack('artifact-store');
  return [
    {
      that: 'reads artifacts or packages',
      actions: ['s3:GetObject', 's3:GetObjectVersion'],
      on: [
        artifactOf(route, 'infrastructureDeployment', 'Package'),
        ...(route.topology.container === undefined ? [] : [artifactOf(route, 'containerDeployment', 'Source')]),
        packageIn(route),
        `${store.arn('AccessLogBucket')}/artifacts/2026-11-23-00-00-00-ABCDEF`,
      ],
      why: 'buckets admit single roles of an environment; its other roles stay out',
    },
    {
      that: 'replaces or deletes artifacts or packages',
      actions: 's3:PutObject',
      on: [artifactOf(route, 'infrastructureDeployment', 'Package'), packageIn(route)],
      context: ifNoneMatch,
      and: [
        {
          actions: 's3:DeleteObject',
          on: [artifactOf(route, 'infrastructureDeployment', 'Package'), packageIn(route)],
        },
      ],
      why: 'what is deployed to all environments is written in the tooling account alone',
    },
    {
      that: 'pulls, pushes or deletes images',
      actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:PutImage', 'ecr:BatchDeleteImage'],
      on: imagesOf(route),
      why: 'the repository admits the task execution roles, and lets them pull',
    },
    {
      that: 'asks for approvals or notifies of failures',
      actions: 'sns:Publish',
      on: store.arn('NotificationTopic'),
      why: 'approvers act on what the topic tells them',
    },
    {
      that: 'becomes a role of the tooling account',
      actions: 'sts:AssumeRole',
      on: pipelinesOf(route.topology).flatMap((pipeline) =>
        pipelineStack(route, pipeline)
          .resources.filter(({ type }) => type === 'AWS::IAM::Role')
          .map(({ arn }) => arn),
      ),
      why: 'roles of services are not for people, and not for other accounts',
    },
  ];
}

/** The cases of what the artifact store holds. */
export const artifactStore: Cases = (route) => [operator(route), ...services(route)].flatMap(casesOf);
