import type { Rule } from '../rule';

/** What holds data that nothing can bring back. */
const stateful = new Set([
  'AWS::CodeCommit::Repository',
  'AWS::Cognito::UserPool',
  'AWS::DocDB::DBCluster',
  'AWS::DynamoDB::GlobalTable',
  'AWS::DynamoDB::Table',
  'AWS::EC2::Volume',
  'AWS::ECR::Repository',
  'AWS::EFS::FileSystem',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::FSx::FileSystem',
  'AWS::KMS::Key',
  'AWS::Kinesis::Stream',
  'AWS::Logs::LogGroup',
  'AWS::Neptune::DBCluster',
  'AWS::OpenSearchService::Domain',
  'AWS::RDS::DBCluster',
  'AWS::RDS::DBInstance',
  'AWS::Redshift::Cluster',
  'AWS::S3::Bucket',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
]);

/** cfn-lint asks for both attributes, but takes `Delete` as an answer. */
export const statefulResourcesAreRetained: Rule = {
  id: 'stateful-resources-are-retained',
  severity: 'error',
  why: 'Removing the resource from its template, replacing it or deleting the stack would delete what it holds.',
  fix: 'Wrap the resource in retained(...) of dsl/resources.ts.',
  check: ({ document }) =>
    Object.entries(document.Resources)
      .filter(([, { Type }]) => stateful.has(Type))
      .flatMap(([id, { Type, DeletionPolicy, UpdateReplacePolicy }]) => {
        const kept = {
          DeletionPolicy: ['Retain', 'RetainExceptOnCreate', 'Snapshot'].includes(DeletionPolicy ?? ''),
          UpdateReplacePolicy: ['Retain', 'Snapshot'].includes(UpdateReplacePolicy ?? ''),
        };
        const found = { DeletionPolicy, UpdateReplacePolicy };
        return (['DeletionPolicy', 'UpdateReplacePolicy'] as const)
          .filter((attribute) => !kept[attribute])
          .map((attribute) => ({
            path: ['Resources', id, attribute],
            message: `the ${Type} has ${found[attribute] === undefined ? `no ${attribute}` : `the ${attribute} ${found[attribute]}`}, expected one that keeps it`,
          }));
      }),
};
