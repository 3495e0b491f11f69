import { execFileSync } from 'node:child_process';

/** Type -> handler (`create`) -> actions, in one text each: so every one is a line of the file, and of its diff. */
export type ResourceHandlers = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Prints the permissions that AWS's resource schemas name for the handlers of types; cfn-lint brings the schemas along. */
const program = `
import json, pathlib, sys
import cfnlint
wanted = set(sys.argv[1:])
found = {}
for path in (pathlib.Path(cfnlint.__file__).parent / 'data/schemas/resources').glob('*.json'):
    schema = json.loads(path.read_text(encoding='utf-8'))
    if isinstance(schema, dict) and schema.get('typeName') in wanted and schema.get('handlers'):
        found[schema['typeName']] = {
            name: ' '.join(sorted(set(handler.get('permissions', []))))
            for name, handler in sorted(schema['handlers'].items()) if name != 'list'
        }
print(json.dumps(found, sort_keys=True))
`;

/**
 * Asks cfn-lint, which must be on the PATH of Python, what CloudFormation's handlers of resource types call.
 *
 * @returns the text of `templates-src/access/resource-handlers.json`
 * @throws Error when cfn-lint is not there, or has no handlers of a type
 */
export function readHandlers(types: readonly string[]): string {
  const found = JSON.parse(
    execFileSync('python3', ['-c', program, ...types], { encoding: 'utf8' }),
  ) as ResourceHandlers;
  const missing = types.filter((type) => found[type] === undefined);
  if (missing.length > 0) {
    throw new Error(`cfn-lint knows no handlers of ${missing.join(', ')}`);
  }
  return `${JSON.stringify(found, null, 2)}\n`;
}
