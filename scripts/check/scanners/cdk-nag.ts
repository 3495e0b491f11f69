import { createRequire } from 'node:module';
import type { CfnResource, Stack } from 'aws-cdk-lib';
import type { IApplyRule, NagPack } from 'cdk-nag';
import type { Finding, Scan } from '../finding';
import type { CheckedTemplate } from '../template';

/**
 * The packs of cdk-nag that the templates are held against. Left out, whole:
 * - `HIPAASecurityChecks` and `PCIDSS321Checks`: for health records and card data, which these accounts don't hold;
 *   their rules for the types of resources used here are those of NIST.
 * - `NIST80053R4Checks`: replaced by revision 5.
 * - `ServerlessChecks`: advice on the operation of functions (tracing, destinations), not on security.
 */
const packs = { AwsSolutions: 'AwsSolutionsChecks', 'NIST.800.53.R5': 'NIST80053R5Checks' } as const;

/** Loads the CDK, half a second, when it is needed. */
function loadCdk() {
  const load = createRequire(__filename);
  return {
    ...(load('aws-cdk-lib') as typeof import('aws-cdk-lib')),
    ...(load('aws-cdk-lib/cloudformation-include') as typeof import('aws-cdk-lib/cloudformation-include')),
    ...(load('cdk-nag') as typeof import('cdk-nag')),
  };
}
type Cdk = ReturnType<typeof loadCdk>;

/** What a rule said of a resource. */
interface Broken {
  readonly rule: string;
  readonly detail: string | undefined;
  readonly params: IApplyRule;
  /** Why the rule could not decide: a value that is known only when the stack is deployed. */
  readonly undecided: string | undefined;
}

/**
 * Checks templates with the rules of cdk-nag, over the raw resources.
 *
 * @param files the templates in the CDK's dialect, by path
 */
export async function scanWithCdkNag(
  templates: readonly CheckedTemplate[],
  files: ReadonlyMap<string, string>,
): Promise<Scan> {
  const cdk = loadCdk();
  return {
    tool: 'cdk-nag',
    scope: Object.keys(packs).join(' and '),
    findings: templates.flatMap((template) => scan(cdk, template, files.get(template.path) ?? template.file)),
  };
}

function scan(cdk: Cdk, template: CheckedTemplate, file: string): readonly Finding[] {
  const stack = new cdk.Stack(new cdk.App({ analyticsReporting: false }), 'Stack');
  try {
    new cdk.CfnInclude(stack, 'Template', { templateFile: file });
  } catch (error) {
    return [unreadable(template, (error as Error).message)];
  }
  return Object.entries(packs).flatMap(([name, pack]) =>
    brokenRules(cdk, new cdk[pack](), stack).map((broken) => asFinding(cdk, template, stack, name, broken)),
  );
}

/** Applies every rule of a pack to every resource. The pack's own report would group the results by text. */
function brokenRules(cdk: Cdk, pack: NagPack, stack: Stack): readonly Broken[] {
  const broken: Broken[] = [];
  const applyRule = (params: IApplyRule) => {
    const rule = params.ruleSuffixOverride ?? params.rule.name;
    try {
      const result = params.rule(params.node);
      const details = Array.isArray(result)
        ? result
        : result === cdk.NagRuleCompliance.NON_COMPLIANT
          ? [undefined]
          : [];
      broken.push(...details.map((detail) => ({ rule, detail, params, undecided: undefined })));
    } catch (error) {
      broken.push({ rule, detail: undefined, params, undecided: (error as Error).message });
    }
  };
  Object.assign(pack, { applyRule });
  pack.validateScope(stack);
  return broken;
}

function asFinding(cdk: Cdk, template: CheckedTemplate, stack: Stack, pack: string, broken: Broken): Finding {
  const { rule, detail, params, undecided } = broken;
  const logicalId = String(stack.resolve((params.node as CfnResource).logicalId));
  return {
    tool: 'cdk-nag',
    rule: `${pack}-${rule}`,
    ...(detail === undefined ? {} : { detail }),
    severity: params.level === cdk.NagMessageLevel.ERROR ? 'error' : 'warning',
    template: template.path,
    line: template.lineOf(['Resources', logicalId]),
    logicalId,
    message:
      undecided === undefined
        ? `${params.info}${detail === undefined ? '' : ` Found: ${detail}`}`
        : `The rule could not decide, because a value is known only when the stack is deployed. ${params.info}`,
    why: params.explanation,
    fix: 'Change the resource as the rule says; where it cannot hold, suppress it there with the reason.',
  };
}

/** The CDK reads a template more strictly than CloudFormation; what it can't read it can't check. */
const unreadable = ({ path }: CheckedTemplate, message: string): Finding => ({
  tool: 'cdk-nag',
  rule: 'CfnInclude',
  severity: 'error',
  template: path,
  line: 1,
  message,
  why: 'The template refers to what it does not have, or is no template: none of its resources was checked.',
  fix: 'Correct what the message names.',
});
