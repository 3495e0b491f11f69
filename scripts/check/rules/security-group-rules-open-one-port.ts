import type { TemplateMap } from '../../lib/template/document';
import { maps, text } from '../../lib/template/nodes';
import type { Rule } from '../rule';

/** Properties of security groups that hold rules. */
const lists = ['SecurityGroupIngress', 'SecurityGroupEgress'];

/**
 * W27 and W29 of cfn-nag, which needs Ruby: where it is not installed, this says before the pipeline does that the
 * pipeline will refuse the template. cfn-nag compares the two values and nothing else, so the type and code of ICMP are
 * two ports to it.
 */
export const securityGroupRulesOpenOnePort: Rule = {
  id: 'security-group-rules-open-one-port',
  severity: 'error',
  why: 'A range opens ports that nobody thought of, and cfn-nag refuses it (W27, W29) before anything is deployed.',
  fix: 'Make FromPort and ToPort the same, with a rule for each port.',
  check: ({ document }) =>
    Object.entries(document.Resources).flatMap(([id, { Type, Properties = {} }]) => {
      if (Type === 'AWS::EC2::SecurityGroupIngress' || Type === 'AWS::EC2::SecurityGroupEgress') {
        return isRange(Properties) ? [{ path: ['Resources', id, 'Properties'], message: describe(Properties) }] : [];
      }
      return Type === 'AWS::EC2::SecurityGroup'
        ? lists.flatMap((list) =>
            maps(Properties[list])
              .filter(isRange)
              .map((rule) => ({ path: ['Resources', id, 'Properties', list], message: `${list}: ${describe(rule)}` })),
          )
        : [];
    }),
};

const isRange = ({ FromPort, ToPort }: TemplateMap) => text(FromPort) !== text(ToPort);

const describe = ({ FromPort, ToPort }: TemplateMap) =>
  `the rule goes from port ${text(FromPort) || '(none)'} to ${text(ToPort) || '(none)'}`;
