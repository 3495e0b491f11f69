import { createRequire } from 'node:module';
import type { Finding, Scan } from '../finding';
import type { CheckedTemplate } from '../template';

/** What this module uses of `@aws/cloudformation-validate`. */
interface Validator {
  readonly CelEngine: new () => Engine;
  readonly TemplateFile: new (path: string) => object;
  readonly version: () => string;
}

interface Engine {
  validateTemplate(template: object, config: ValidateConfig): Report;
  free(): void;
}

interface ValidateConfig {
  readonly severityLevel: 'ERROR';
  readonly parameterOverrides: Readonly<Record<string, string>>;
}

/** What a parameter says of its values. */
interface ParameterValues {
  readonly Default?: string | number | boolean;
  readonly AllowedValues?: readonly (string | number)[];
}

interface Report {
  readonly status: 'OK' | 'ANALYSIS_INCOMPLETE' | 'ERROR';
  readonly diagnostics: readonly Diagnostic[];
}

interface Diagnostic {
  readonly ruleId: string;
  readonly message: string;
  readonly ruleDescription?: string;
  readonly documentationUrl?: string;
  readonly suggestedFix?: string;
  readonly entity?: { readonly logicalId: string; readonly entityType: string };
  readonly startLine?: number;
}

/**
 * The validator that comes with the CDK. The one that npm has by its own name is older, and ends the whole process with
 * a WebAssembly trap when it meets a policy as large as that of the CloudFormation execution role.
 */
function loadValidator(): Validator {
  const cdk = createRequire(__filename).resolve('aws-cdk-lib/package.json');
  return createRequire(cdk)('@aws/cloudformation-validate') as Validator;
}

/**
 * Checks templates against AWS's published schemas, without another process.
 *
 * Only errors: its warnings are those of cfn-lint, less exactly (it takes the branches of `Fn::If` for values that may
 * all be missing), and its informational rules state facts (which properties cannot be changed).
 */
export async function scanWithCloudFormationValidate(templates: readonly CheckedTemplate[]): Promise<Scan> {
  const { CelEngine, TemplateFile, version } = loadValidator();
  const engine = new CelEngine();
  try {
    const findings = templates.flatMap((template) => {
      const report = engine.validateTemplate(new TemplateFile(template.file), {
        severityLevel: 'ERROR',
        parameterOverrides: firstValues(template),
      });
      return [...report.diagnostics.map((it) => asFinding(template, it)), ...incomplete(template, report)];
    });
    return { tool: 'cloudformation-validate', scope: `version ${version()}, errors`, findings };
  } finally {
    engine.free();
  }
}

/**
 * One of the values that each parameter may have. Without it, the validator tries all of them in every place, and gives
 * up on templates that name their environment often.
 */
function firstValues({ document }: CheckedTemplate): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries<ParameterValues>(document.Parameters).flatMap(([name, { AllowedValues, Default }]) => {
      const value = Default ?? AllowedValues?.[0];
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}

function asFinding({ path }: CheckedTemplate, diagnostic: Diagnostic): Finding {
  const { ruleId, message, ruleDescription, documentationUrl, suggestedFix, entity, startLine } = diagnostic;
  return {
    tool: 'cloudformation-validate',
    rule: ruleId,
    severity: 'error',
    template: path,
    line: startLine ?? 1,
    ...(entity?.entityType === 'Resource' ? { logicalId: entity.logicalId } : {}),
    message,
    why: ruleDescription ?? 'CloudFormation would refuse the template, or fail while it creates the stack.',
    fix: suggestedFix ?? (documentationUrl === undefined ? 'Correct the property.' : `See ${documentationUrl}`),
  };
}

const incomplete = ({ path }: CheckedTemplate, { status }: Report): readonly Finding[] =>
  status === 'ANALYSIS_INCOMPLETE'
    ? [
        {
          tool: 'cloudformation-validate',
          rule: 'ANALYSIS_INCOMPLETE',
          severity: 'warning',
          template: path,
          line: 1,
          message: 'the validator gave up before it had tried all values that the parameters may have',
          why: 'What it did not look at may be wrong.',
          fix: 'Give parameters fewer allowed values, or use them in fewer places.',
        },
      ]
    : [];
