// biome-ignore-all lint/correctness/noInvalidUseBeforeDeclaration: the compiler is what has to find it
import { Fn } from 'cloudform-types';
import { defineTopology } from '../model/define-topology';
import type { Environment } from '../model/topology';
import type { Project } from '../resources/codebuild';
import { Pipeline } from '../resources/codepipeline';
import { Repository } from '../resources/ecr';
import { ManagedPolicy, Role } from '../resources/iam';
import { Alias, Key } from '../resources/kms';
import { Bucket, BucketPolicy } from '../resources/s3';
import { Topic } from '../resources/sns';
import {
  AccountId,
  type ConditionHandle,
  equals,
  findInMap,
  type HandleTo,
  join,
  type ListReference,
  NoValue,
  not,
  or,
  Region,
  type StringValue,
  select,
  split,
  sub,
  when,
} from './intrinsics';
import {
  type IdentityStatement,
  policy,
  type RepositoryStatement,
  type ResourceStatement,
  type TrustStatement,
} from './policies';
import { type Narrowed, resourceType, retained } from './resources';
import { type Parameter, type Template, template } from './template';

/**
 * What compiles and what does not. Nothing here runs: the compiler is the test, and `types.test.ts` checks that it
 * reports the code that each case names, on its line and nowhere else.
 *
 * Every `@ts-expect-error` gives the code and says what is wrong.
 */

const text = { Type: 'String', Label: 'Name', Description: 'A name' } as const;
const t = template('Types');
const { Name, Zones, Ports, Stored } = t.parameters('Group', {
  Name: text,
  Zones: { Type: 'CommaDelimitedList', Label: 'Zones', Description: 'Zones' },
  Ports: { Type: 'List<Number>', Label: 'Ports', Description: 'Ports' },
  Stored: { Type: 'AWS::SSM::Parameter::Value<List<String>>', Label: 'Stored', Description: 'A stored list' },
});
const { Sizes, Subnets } = t.mappings({
  Sizes: { dev: { Cpu: 256, Memory: 512 }, prod: { Cpu: 1024, Memory: 2048 } },
  Subnets: { dev: { Ids: ['subnet-1', 'subnet-2'] } },
});
const { IsProduction, IsSmall } = t.conditions({ IsProduction: equals(Name, 'prod'), IsSmall: equals(Name, 'dev') });
const { DataKey } = t.resources({
  DataKey: Key({
    KeyPolicy: policy({
      Sid: 'Owner',
      Effect: 'Allow',
      Principal: { AWS: sub`arn:aws:iam::${AccountId}:root` },
      Action: ['kms:DescribeKey'],
      Resource: '*',
    }),
  }),
});
const { DataBucket, OtherBucket } = t.resources({
  DataBucket: retained(Bucket({ VersioningConfiguration: { Status: 'Enabled' } })),
  OtherBucket: Bucket({}, { Condition: IsProduction, DependsOn: DataKey }),
});

// References and declarations

t.resources({ DataKeyAlias: Alias({ AliasName: 'alias/data', TargetKeyId: DataKey }) });
// @ts-expect-error TS2551 the object that was declared has no such id
t.resources({ LogBucket: Bucket({}) }).LogsBucket;
// @ts-expect-error TS2339 a destructuring that doesn't match what is declared
export const { AuditBucket } = t.resources({ AuditsBucket: Bucket({}) });
// @ts-expect-error TS2339 a parameter that is not declared
export const { Address } = t.parameters('Group', { EmailAddress: text });
// @ts-expect-error TS2304 a name that nothing declares
Alias({ AliasName: 'alias/data', TargetKeyId: MissingKey });
// @ts-expect-error TS2339 an attribute that the type doesn't have
sub`${DataBucket.Ann}/*`;
// @ts-expect-error TS2339 an attribute of another type of resource
sub`${DataBucket.KeyId}`;
// @ts-expect-error TS2339 an attribute of a parameter
sub`${Name.Arn}`;
// @ts-expect-error TS2448 TS2454 a resource that is used before it is declared
Alias({ AliasName: 'alias/late', TargetKeyId: LateKey });
const { LateKey } = t.resources({ LateKey: Key({ KeyPolicy: policy<ResourceStatement>() }) });
sub`${LateKey}`;
// @ts-expect-error TS2322 an id in quotes where a resource is to be depended on
Bucket({}, { DependsOn: 'DataKey' });
// @ts-expect-error TS2322 a condition's id in quotes
Bucket({}, { Condition: 'IsProduction' });
// @ts-expect-error TS2322 a function that cloudform-types made, which nobody checks
Alias({ AliasName: 'alias/data', TargetKeyId: Fn.Ref('DataKey') });
// @ts-expect-error TS2353 a function written by hand
Alias({ AliasName: 'alias/data', TargetKeyId: { Ref: 'DataKey' } });
// @ts-expect-error TS2322 a resource in the place of its handle
Alias({ AliasName: 'alias/data', TargetKeyId: Topic({}) });

// Handles where the type matters

const buildWith = (project: HandleTo<typeof Project>) => project.Arn;
export const buildsWith = (project: HandleTo<typeof Project>) => buildWith(project);
// @ts-expect-error TS2345 a handle to another type of resource
buildWith(DataBucket);
// @ts-expect-error TS2345 an attribute in the place of the resource
buildWith(DataBucket.Arn);
// @ts-expect-error TS2345 a parameter in the place of the resource
buildWith(Name);

// Properties

Repository({ ImageTagMutability: 'IMMUTABLE' });
Repository({ ImageTagMutability: when(IsProduction, 'IMMUTABLE', 'MUTABLE') });
Repository({ ImageTagMutability: Name });
// @ts-expect-error TS2820 a value that the property doesn't take
Repository({ ImageTagMutability: 'INMUTABLE' });
// @ts-expect-error TS2322 a value that the property doesn't take, in one branch of a condition
Repository({ ImageTagMutability: when(IsProduction, 'IMMUTABLE', 'INMUTABLE') });
// @ts-expect-error TS2322 a value that the property doesn't take, two conditions deep
Repository({ ImageTagMutability: when(IsProduction, 'IMMUTABLE', when(IsSmall, 'MUTABLE', 'MUTATED')) });
// @ts-expect-error TS2322 a value that the nested property doesn't take
Bucket({ VersioningConfiguration: { Status: 'On' } });
// @ts-expect-error TS2820 a value that the property doesn't take, in a list
Bucket({ OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforce' }] } });
Bucket({
  BucketEncryption: {
    // @ts-expect-error TS2820 a value that the property doesn't take, four levels deep
    ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms:dss' } }],
  },
});
// @ts-expect-error TS2561 a misspelled property
Bucket({ BuketName: 'data' });
// @ts-expect-error TS2561 a misspelled property of a type without allowed values
Topic({ TopicNane: 'alarms' });
// @ts-expect-error TS2561 a misspelled property, nested
Bucket({ PublicAccessBlockConfiguration: { BlockPublicAcl: true } });
// @ts-expect-error TS2561 a misspelled property, in a list
Bucket({ LifecycleConfiguration: { Rules: [{ Status: 'Enabled', ExpirationInDay: 1 }] } });
// @ts-expect-error TS2741 a property that is missing
Alias({ AliasName: 'alias/data' });
// @ts-expect-error TS2741 a nested property that is missing
Bucket({ VersioningConfiguration: {} });
// @ts-expect-error TS2322 text where a number is expected
Bucket({ LifecycleConfiguration: { Rules: [{ Status: 'Enabled', ExpirationInDays: '365' }] } });
// @ts-expect-error TS2322 text where true or false is expected
Key({ EnableKeyRotation: 'true', KeyPolicy: policy<ResourceStatement>() });
// @ts-expect-error TS2379 undefined for a property that is left out
Bucket({ BucketName: undefined });
// @ts-expect-error TS2554 a resource without its properties
Alias();
// @ts-expect-error TS2820 a deletion policy that doesn't exist
Bucket({}, { DeletionPolicy: 'Retained' });
// @ts-expect-error TS2561 a misspelled attribute of the resource
Bucket({}, { UpdateReplacementPolicy: 'Retain' });
// @ts-expect-error TS2322 newer than cloudform-types, with a value that the property doesn't take
Pipeline({ PipelineType: 'V3', RoleArn: 'role', Stages: [] });

// One value, lists and conditions

Role({ AssumeRolePolicyDocument: policy<TrustStatement>(), ManagedPolicyArns: [Name, sub`${Name}`] });
Role({ AssumeRolePolicyDocument: policy<TrustStatement>(), ManagedPolicyArns: Zones });
Role({ AssumeRolePolicyDocument: policy<TrustStatement>(), ManagedPolicyArns: Stored });
Role({ AssumeRolePolicyDocument: policy<TrustStatement>(), ManagedPolicyArns: when(IsProduction, [Name], NoValue) });
Role({ AssumeRolePolicyDocument: policy<TrustStatement>(), ManagedPolicyArns: when(IsProduction, Zones, [Name]) });
Role({ AssumeRolePolicyDocument: policy<TrustStatement>(), ManagedPolicyArns: split(',', Name) });
// @ts-expect-error TS2322 one value where a list is expected: brackets forgotten
Role({ AssumeRolePolicyDocument: policy<TrustStatement>(), ManagedPolicyArns: Name });
// @ts-expect-error TS2322 one value where a list is expected, in one branch of a condition
Role({ AssumeRolePolicyDocument: policy<TrustStatement>(), ManagedPolicyArns: when(IsProduction, [Name], Name) });
// @ts-expect-error TS2322 a list where one value is expected
Alias({ AliasName: 'alias/data', TargetKeyId: Zones });
// @ts-expect-error TS2322 a list of text where one value is expected
Alias({ AliasName: 'alias/data', TargetKeyId: [DataKey] });
// @ts-expect-error TS2322 a condition where a value is expected: `when` turns it into one
Key({ EnableKeyRotation: IsProduction, KeyPolicy: policy<ResourceStatement>() });
Key({ EnableKeyRotation: when(IsProduction, true, false), KeyPolicy: policy<ResourceStatement>() });
Bucket({ LoggingConfiguration: when(IsProduction, { DestinationBucketName: OtherBucket }, NoValue) });
// @ts-expect-error TS2559 TS2769 a misspelled property in an object that a condition chooses
Bucket({ LoggingConfiguration: when(IsProduction, { DestinationBucket: OtherBucket }, NoValue) });
Bucket({ Tags: when(IsProduction, [{ Key: 'Tier', Value: 'one' }], [{ Key: 'Tier', Value: 'two' }]) });
Bucket({ Tags: [when(IsProduction, { Key: 'Tier', Value: 'one' }, NoValue)] });
// @ts-expect-error TS2322 TS2769 a misspelled property in a list that a condition chooses
Bucket({ Tags: when(IsProduction, [{ Key: 'Tier', Val: 'one' }], NoValue) });
// @ts-expect-error TS2769 a comparison in the place of a declared condition
when(equals(Name, 'prod'), 'a', 'b');
// @ts-expect-error TS2739 a value in the place of a condition
not(Name);
// @ts-expect-error TS2555 one condition alone
or(IsProduction);
// @ts-expect-error TS2345 a list in the place of a value to compare
equals(Zones, 'a');

// Functions

select(0, Zones);
select(0, split(',', Name));
select(0, findInMap(Subnets, 'dev', 'Ids'));
// @ts-expect-error TS2345 a value of something that is no list
select(0, Name);
// @ts-expect-error TS2345 a value of a mapping that holds no lists
select(0, findInMap(Sizes, 'dev', 'Cpu'));
// @ts-expect-error TS2345 an index that is no number
select('0', Zones);
join(',', Zones);
join(',', [Name, DataBucket.Arn]);
// @ts-expect-error TS2345 joining what is no list
join(',', Name);
// @ts-expect-error TS2322 joining a list of lists
join(',', [Zones]);
findInMap(Sizes, Name, 'Cpu');
// @ts-expect-error TS2345 a first key that the mapping doesn't have
findInMap(Sizes, 'test', 'Cpu');
// @ts-expect-error TS2345 a second key that the mapping doesn't have
findInMap(Sizes, 'dev', 'CPU');
sub`${DataBucket.Arn}/${'plain'}/${sub`${Region}`}`;
// @ts-expect-error TS2555 a substitution without a reference: a plain string does
sub`plain`;
// @ts-expect-error TS2345 a list in a text: `join` turns it into one
sub`${Zones}`;
// @ts-expect-error TS2345 a number in a text
sub`${1}`;
// @ts-expect-error TS2345 a condition in a text
sub`${IsProduction}`;
// @ts-expect-error TS2345 a function in a text: CloudFormation's `!Sub` takes references
sub`${select(0, Ports)}`;

// Statements

const trust: TrustStatement = {
  Sid: 'Builds',
  Effect: 'Allow',
  Principal: { Service: 'codebuild.amazonaws.com' },
  Action: 'sts:AssumeRole',
};
const identity: IdentityStatement = { Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject', Resource: DataBucket.Arn };
const resource: ResourceStatement = { ...identity, Resource: '*', Principal: { AWS: Name } };
const images: RepositoryStatement = {
  Sid: 'Pull',
  Effect: 'Allow',
  Principal: { AWS: Name },
  Action: ['ecr:BatchGetImage'],
};
Role({ AssumeRolePolicyDocument: policy(trust) });
ManagedPolicy({ PolicyDocument: policy(identity) });
BucketPolicy({ Bucket: DataBucket, PolicyDocument: policy(resource) });
Repository({ RepositoryPolicyText: policy(images) });
// @ts-expect-error TS2322 an identity statement in a trust policy
Role({ AssumeRolePolicyDocument: policy(identity) });
// @ts-expect-error TS2322 a resource statement in a trust policy
Role({ AssumeRolePolicyDocument: policy(resource) });
// @ts-expect-error TS2322 a repository statement in a trust policy
Role({ AssumeRolePolicyDocument: policy(images) });
// @ts-expect-error TS2322 a trust statement in an identity policy
ManagedPolicy({ PolicyDocument: policy(trust) });
// @ts-expect-error TS2322 a resource statement in an identity policy
ManagedPolicy({ PolicyDocument: policy(resource) });
// @ts-expect-error TS2322 a repository statement in an identity policy
ManagedPolicy({ PolicyDocument: policy(images) });
// @ts-expect-error TS2322 a trust statement in a resource policy
BucketPolicy({ Bucket: DataBucket, PolicyDocument: policy(trust) });
// @ts-expect-error TS2322 an identity statement in a resource policy
BucketPolicy({ Bucket: DataBucket, PolicyDocument: policy(identity) });
// @ts-expect-error TS2322 a repository statement in a resource policy
BucketPolicy({ Bucket: DataBucket, PolicyDocument: policy(images) });
// @ts-expect-error TS2322 a trust statement in a repository policy
Repository({ RepositoryPolicyText: policy(trust) });
// @ts-expect-error TS2322 an identity statement in a repository policy
Repository({ RepositoryPolicyText: policy(identity) });
// @ts-expect-error TS2322 a resource statement in a repository policy
Repository({ RepositoryPolicyText: policy(resource) });
// @ts-expect-error TS2379 one statement of the wrong kind among others
Role({ AssumeRolePolicyDocument: policy(trust, identity) });
// @ts-expect-error TS2322 an inline policy of the wrong kind
Role({ AssumeRolePolicyDocument: policy(trust), Policies: [{ PolicyName: 'p', PolicyDocument: policy(trust) }] });
// @ts-expect-error TS2741 a statement without Sid
export const withoutSid: TrustStatement = { Effect: 'Allow', Principal: { Service: 'x' }, Action: 'sts:AssumeRole' };
// @ts-expect-error TS2820 an effect in lower case
export const lowerCase: TrustStatement = { ...trust, Effect: 'allow' };
// @ts-expect-error TS2322 an action without its service
export const withoutService: IdentityStatement = { Sid: 'Read', Effect: 'Allow', Action: 'GetObject', Resource: '*' };
// @ts-expect-error TS2322 every action of every service
export const everything: IdentityStatement = { Sid: 'All', Effect: 'Allow', Action: '*', Resource: '*' };
// @ts-expect-error TS2322 every action of every service, in a list
export const everythingListed: IdentityStatement = { Sid: 'All', Effect: 'Allow', Action: ['*'], Resource: '*' };
// @ts-expect-error TS2820 an action that is none of sts
export const assume: TrustStatement = { ...trust, Action: 'sts:AssumeRoles' };
// @ts-expect-error TS2322 an action of another service in a repository policy
export const otherService: RepositoryStatement = { ...images, Action: 's3:GetObject' };
// @ts-expect-error TS2322 no resource
export const withoutResource: IdentityStatement = { Sid: 'Read', Effect: 'Allow', Action: 's3:GetObject' };
// @ts-expect-error TS2322 neither Action nor NotAction
export const withoutAction: IdentityStatement = { Sid: 'Read', Effect: 'Allow', Resource: '*' };
// @ts-expect-error TS2322 both Action and NotAction
export const bothActions: IdentityStatement = { ...identity, Action: 's3:GetObject', NotAction: 's3:PutObject' };
// @ts-expect-error TS2322 an account id without the word AWS
export const bareAccount: TrustStatement = { ...trust, Principal: '111111111111' };
// @ts-expect-error TS2353 a kind of principal that doesn't exist
export const wrongPrincipal: TrustStatement = { ...trust, Principal: { Aws: Name } };
export const narrowed: IdentityStatement = {
  ...identity,
  Condition: { 'ForAnyValue:StringLike': { 'aws:PrincipalArn': [Name, 'a'] }, Bool: { 'aws:SecureTransport': true } },
};
// @ts-expect-error TS2561 a misspelled condition operator
export const operator: IdentityStatement = { ...identity, Condition: { StringEqual: { 'aws:PrincipalArn': 'a' } } };
// @ts-expect-error TS2353 a condition operator with a set that doesn't exist
export const set: IdentityStatement = { ...identity, Condition: { 'ForAny:Bool': { 'aws:SecureTransport': true } } };
// @ts-expect-error TS2353 a condition key without its service
export const key: IdentityStatement = { ...identity, Condition: { StringEquals: { PrincipalArn: 'a' } } };

// Parameters, mappings, rules and outputs

t.outputs({ KeyArn: { Description: 'The key', Value: DataKey.Arn, Exported: true, Condition: IsProduction } });
// @ts-expect-error TS2741 an output without a description
t.outputs({ KeyArn: { Value: DataKey.Arn } });
// @ts-expect-error TS2741 an output without a value
t.outputs({ KeyArn: { Description: 'The key' } });
// @ts-expect-error TS2322 a list as an output, which is one value
t.outputs({ Zones: { Description: 'Zones', Value: Zones } });
// @ts-expect-error TS2561 a misspelled property of an output
t.outputs({ KeyArn: { Description: 'The key', Value: DataKey, Export: true } });
// @ts-expect-error TS2741 a parameter without a label
t.parameters('Group', { Other: { Type: 'String', Description: 'Other' } });
// @ts-expect-error TS2820 a type of parameter that doesn't exist
export const wrongType: Parameter = { ...text, Type: 'Strin' };
// @ts-expect-error TS2561 a misspelled property of a parameter
export const wrongRule: Parameter = { ...text, AllowedPatern: '.*' };
// @ts-expect-error TS2741 a rule whose assertion doesn't say what is wrong
t.rules({ InRegion: { Assertions: [{ Assert: equals(Name, Region) }] } });
// @ts-expect-error TS2739 a rule that asserts a value
t.rules({ InRegion: { Assertions: [{ Assert: Name, AssertDescription: 'Elsewhere' }] } });
// @ts-expect-error TS2739 a condition that is a value
t.conditions({ Wrong: Name });
// @ts-expect-error TS2322 a mapping with one level of keys
t.mappings({ Flat: { dev: 'small' } });
// @ts-expect-error TS2741 a resource written by hand
t.resources({ Plain: { Type: 'AWS::SNS::Topic', Properties: {} } });
// @ts-expect-error TS2345 the handle of a resource in the place of the resource
retained(DataBucket);

// Topology

const topology = defineTopology({
  project: 'types',
  environments: [
    { name: 'dev', approval: false },
    { name: 'prod', approval: true, sharesAccountWith: 'dev' },
  ],
});
type EnvironmentName = (typeof topology)['environments'][number]['name'];
export const last: EnvironmentName = 'prod';
// @ts-expect-error TS2322 an environment that the topology doesn't have
export const unknownEnvironment: EnvironmentName = 'production';
// @ts-expect-error TS2741 an environment that doesn't say whether somebody approves
export const environment: Environment = { name: 'dev' };
// @ts-expect-error TS2820 an environment that shares the account of one that doesn't exist
defineTopology({ project: 'types', environments: [{ name: 'dev', approval: false, sharesAccountWith: 'toling' }] });

// What `Narrowed` makes of the kinds of properties that cloudform-types has

class Nested {
  Mode!: string | Fnc;
  Count?: number | Fnc;
}
type Fnc = ReturnType<typeof Fn.Ref>;
interface Kinds {
  Required: string | Fnc;
  Optional?: string | Fnc;
  Texts?: (string | Fnc)[] | Fnc;
  Objects?: Nested[] | Fnc;
  Object?: Nested;
  // biome-ignore lint/suspicious/noExplicitAny: cloudform-types has it
  Anything?: any;
  // biome-ignore lint/suspicious/noExplicitAny: cloudform-types has it
  Map?: { [key: string]: any };
  Flag?: boolean | Fnc;
}
const allowed = {
  Required: ['a', 'b'],
  Texts: ['x', 'y'],
  'Objects.Mode': ['on', 'off'],
  'Object.Mode': ['up'],
} as const;
type KindsNarrowed = Narrowed<Kinds, typeof allowed>;
export const kinds: KindsNarrowed = {
  Required: 'a',
  Optional: sub`${Name}`,
  Texts: ['x', Name, when(IsSmall, 'y', NoValue)],
  Objects: [{ Mode: 'on', Count: Name }, when(IsSmall, { Mode: 'off' }, NoValue)],
  Object: { Mode: 'up', Count: 1 },
  Anything: { Even: ['this'] },
  Map: { Any: 1 },
  Flag: when(IsSmall, true, Name),
};
export const kindsAsFunctions: KindsNarrowed = { Required: Name, Texts: Zones, Objects: Zones, Flag: Name };
// @ts-expect-error TS2322 a value that is not allowed, at the top
export const kind1: KindsNarrowed = { Required: 'c' };
// @ts-expect-error TS2322 a value that is not allowed, in a list
export const kind2: KindsNarrowed = { Required: 'a', Texts: ['z'] };
// @ts-expect-error TS2322 a value that is not allowed, in an object of a list
export const kind3: KindsNarrowed = { Required: 'a', Objects: [{ Mode: 'up' }] };
// @ts-expect-error TS2322 a value that is not allowed, in an object
export const kind4: KindsNarrowed = { Required: 'a', Object: { Mode: 'on' } };
// @ts-expect-error TS2322 one value for a list of objects
export const kind5: KindsNarrowed = { Required: 'a', Objects: Name };
// @ts-expect-error TS2322 a list for true or false
export const kind6: KindsNarrowed = { Required: 'a', Flag: Zones };
// @ts-expect-error TS2375 undefined for an optional property
export const kind7: KindsNarrowed = { Required: 'a', Optional: undefined };
// @ts-expect-error TS2561 a property that doesn't exist in an object of a list
export const kind8: KindsNarrowed = { Required: 'a', Objects: [{ Mode: 'on', Cuont: 1 }] };

// The vocabulary

// @ts-expect-error TS2345 a type that is none of AWS
resourceType<Kinds>()('Custom::Thing');
// @ts-expect-error TS2561 a misspelled part of a vocabulary entry
resourceType<Kinds>()('AWS::SNS::Topic', { attribute: ['TopicArn'] });

export const used: readonly [Template, ListReference, ConditionHandle, StringValue] = [t, Ports, IsSmall, Name];
