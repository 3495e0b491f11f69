import { examine } from './compile';
import { sizeProblems } from './limits';
import { TemplateError } from './problems';
import type { Template } from './template';
import { toYaml } from './yaml';

/**
 * The YAML of a template, checked.
 *
 * @param header lines of the comment at the top
 * @param uploaded whether CloudFormation may get the template from a bucket, where it can be larger
 * @throws TemplateError with all problems at once, each with its path
 */
export function render(template: Template, header: readonly string[], uploaded = false): string {
  const { document, problems } = examine(template);
  const yaml = toYaml(document, header);
  const all = [...problems, ...sizeProblems(yaml, uploaded)];
  if (all.length > 0) {
    throw new TemplateError(all);
  }
  return yaml;
}
