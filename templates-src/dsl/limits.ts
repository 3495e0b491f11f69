import { type Document, Intrinsic, list, type Node, record } from './document';
import type { Problem } from './problems';
import { substitute } from './substitution';

/**
 * Quotas that AWS publishes (CloudFormation, IAM, S3, KMS and CodePipeline user guides). A template that passes one of
 * them fails only when it is deployed, sometimes in the third account; the build knows them all.
 */
export const limits = {
  /** Bytes of a template that is sent with the request, as `aws cloudformation deploy` does without a bucket. */
  templateBytes: 51_200,
  /** Bytes of a template that CloudFormation reads from S3: 1 MB (CloudFormation User Guide, "Quotas"). */
  uploadedTemplateBytes: 1_000_000,
  descriptionBytes: 1_024,
  resources: 500,
  parameters: 200,
  outputs: 200,
  mappings: 200,
  /** Characters of a trust policy. */
  trustPolicy: 2_048,
  /** Characters of all inline policies of one role together. */
  inlinePolicies: 10_240,
  /** Characters of one managed policy. */
  managedPolicy: 6_144,
  /** Default quota of an account. */
  managedPoliciesPerRole: 10,
  bucketPolicy: 20_480,
  keyPolicy: 32_768,
  roleName: 64,
  pipelineStages: 50,
  actionsPerStage: 50,
  /** Characters of one value of an action's configuration. */
  actionConfigurationValue: 1_000,
} as const;

/** Checks a compiled template against the limits, but for its size, which only its YAML has. */
export function limitProblems(document: Document): readonly Problem[] {
  const problems: Problem[] = [];
  const size = estimator(document);
  const check = (path: string, what: string, found: number, limit: number, advice: string) => {
    if (found > limit) {
      problems.push({ path, message: `${what}: found ${number(found)}, AWS allows ${number(limit)}; ${advice}` });
    }
  };

  const description = Buffer.byteLength(String(document.Description ?? ''));
  check('Description', 'bytes of the description', description, limits.descriptionBytes, 'shorten it');
  for (const [section, limit] of [
    ['Parameters', limits.parameters],
    ['Mappings', limits.mappings],
    ['Resources', limits.resources],
    ['Outputs', limits.outputs],
  ] as const) {
    check(section, 'entries', Object.keys(document[section] ?? {}).length, limit, 'split the template in two');
  }
  if (Object.keys(document.Resources ?? {}).length === 0) {
    problems.push({ path: 'Resources', message: 'found none, CloudFormation needs at least one' });
  }

  for (const [id, resource] of Object.entries(record(document.Resources))) {
    const { Type: type } = record(resource);
    const properties = record(record(resource).Properties);
    const path = `Resources.${id}.Properties`;
    const policySize = (name: string, limit: number, advice: string) =>
      check(`${path}.${name}`, 'characters of the policy (about)', size(properties[name] ?? ''), limit, advice);

    switch (type) {
      case 'AWS::IAM::Role': {
        policySize('AssumeRolePolicyDocument', limits.trustPolicy, 'name fewer principals');
        const inline = list(properties.Policies).reduce(
          (sum: number, inlinePolicy) => sum + size(record(inlinePolicy).PolicyDocument ?? ''),
          0,
        );
        const advice = 'merge statements, or move some to a managed policy';
        check(`${path}.Policies`, 'characters of the inline policies (about)', inline, limits.inlinePolicies, advice);
        const attached = list(properties.ManagedPolicyArns).length;
        check(`${path}.ManagedPolicyArns`, 'policies', attached, limits.managedPoliciesPerRole, 'merge some');
        check(`${path}.RoleName`, 'characters (about)', size(properties.RoleName ?? ''), limits.roleName, 'shorten it');
        break;
      }
      case 'AWS::IAM::Policy':
        policySize('PolicyDocument', limits.inlinePolicies, 'merge statements, or split it into managed policies');
        break;
      case 'AWS::IAM::ManagedPolicy':
        policySize('PolicyDocument', limits.managedPolicy, 'merge statements, or split it into two policies');
        break;
      case 'AWS::S3::BucketPolicy':
        policySize('PolicyDocument', limits.bucketPolicy, 'have fewer environments in one route to live');
        break;
      case 'AWS::KMS::Key':
        policySize('KeyPolicy', limits.keyPolicy, 'have fewer environments in one route to live');
        break;
      case 'AWS::CodePipeline::Pipeline': {
        const stages = list(properties.Stages);
        const advice = 'have fewer environments in one route to live';
        check(`${path}.Stages`, 'stages', stages.length, limits.pipelineStages, advice);
        stages.forEach((stage, stageIndex) => {
          const actions = list(record(stage).Actions);
          const stagePath = `${path}.Stages[${stageIndex}].Actions`;
          check(stagePath, 'actions', actions.length, limits.actionsPerStage, 'split the stage');
          actions.forEach((action, actionIndex) => {
            for (const [key, value] of Object.entries(record(record(action).Configuration))) {
              const valuePath = `${stagePath}[${actionIndex}].Configuration.${key}`;
              const what = 'characters of the configuration value (about)';
              check(valuePath, what, size(value), limits.actionConfigurationValue, 'move the content to a file');
            }
          });
        });
        break;
      }
    }
  }
  return problems;
}

const lengthOfPseudoParameter: Readonly<Record<string, number>> = {
  'AWS::AccountId': 12,
  'AWS::Partition': 3,
  'AWS::Region': 14,
  'AWS::StackName': 40,
  'AWS::URLSuffix': 13,
};

/** A pattern that is one class of characters, counted: `[0-9]{12}`. */
const countedCharacters = /^\[[^\]]+\]\{(?:\d+,)?(\d+)\}$/;

/** Longer than most names; only where nothing better is known. */
const assumedLength = 64;

/**
 * Gives a function that tells about how many characters a value has once CloudFormation has resolved it. IAM doesn't
 * count white space outside of strings, and neither does this.
 */
function estimator(document: Document): (node: Node) => number {
  const parameters = record(document.Parameters);
  const ofReference = (id: string): number => {
    const { MaxLength, AllowedValues, AllowedPattern } = record(parameters[id]);
    const longest = Math.max(0, ...list(AllowedValues).map((value) => String(value).length));
    const ofPattern = Number(countedCharacters.exec(String(AllowedPattern))?.[1]);
    return lengthOfPseudoParameter[id] ?? (Number(MaxLength) || ofPattern || longest || assumedLength);
  };
  const size = (node: Node): number => {
    if (node instanceof Intrinsic) {
      const { functionName, argument } = node;
      if (functionName === 'Ref') {
        return ofReference(String(argument));
      }
      if (functionName === 'Sub') {
        return substitute(String(argument), (id) => ' '.repeat(ofReference(id))).length;
      }
      return functionName === 'If' ? Math.max(...list(argument).slice(1).map(size)) : assumedLength;
    }
    if (Array.isArray(node)) {
      return 2 + node.reduce((sum: number, entry) => sum + size(entry) + 3, 0);
    }
    if (typeof node === 'object') {
      return 2 + Object.entries(node).reduce((sum, [key, entry]) => sum + key.length + size(entry) + 6, 0);
    }
    return String(node).length;
  };
  return size;
}

/**
 * Checks the text of a template, as it is sent to CloudFormation.
 *
 * @param uploaded whether a template that is too large for a request is put into a bucket before
 */
export function sizeProblems(yaml: string, uploaded: boolean): readonly Problem[] {
  const bytes = Buffer.byteLength(yaml);
  const [limit, how] = uploaded
    ? [limits.uploadedTemplateBytes, 'from a bucket']
    : [limits.templateBytes, 'with a request'];
  if (bytes <= limit) {
    return [];
  }
  const found = `found ${number(bytes)}, CloudFormation takes ${number(limit)} ${how}`;
  const message = `bytes of YAML: ${found}; have fewer environments, or split the template in two`;
  return [{ path: 'template', message }];
}

/** `51,200`. Not with `toLocaleString`, which takes 15 ms to load its data. */
const number = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
