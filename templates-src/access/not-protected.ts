/** What the route does not protect against, for somebody who has to know: each with what does, or could. */
export interface Exposure {
  readonly to: string;
  readonly because: string;
}

export const notProtected: readonly Exposure[] = [
  {
    to: 'an approver who approves without reading',
    because:
      'The message says what is replaced, removed and allowed; nothing says whether the code does what it should. Review of ' +
      'pull requests and a second pair of eyes do.',
  },
  {
    to: 'administrators of the tooling account, and people who may run `scripts/deploy.sh`',
    because:
      'They make pipelines, roles, keys and the scripts that builds run; who may change IAM can also detach ' +
      '`<project>-not-approver`, make a role that does not have it, or change whom the approver trusts. Only a service control ' +
      'policy binds them: the README has it. Give that to few, through a role that is watched (CloudTrail), and protect the ' +
      'branch from which `deploy.sh` is run.',
  },
  {
    to: 'people of the tooling account to whom nobody attached `<project>-not-approver`',
    because:
      'CodePipeline has no policies of its own resources: a principal with `codepipeline:*` there may approve, start pipelines and ' +
      'override revisions. The policy denies it to principals that have it; the template makes it, but knows no people. Attach it to ' +
      'everybody who does not run `deploy.sh` (README, "Who may approve").',
  },
  {
    to: 'administrators of an environment',
    because: 'The account is theirs. The route neither gives nor takes anything from them.',
  },
  {
    to: 'what lies in the accounts before the approval',
    because:
      'A commit deploys there without anybody being asked: its functions and containers run with the roles of that ' +
      'environment. Keep no data there that must not be lost or read.',
  },
  {
    to: 'networks of an environment that the route did not make',
    because:
      'EC2 makes up their ids, so what deploys there may change any network of its account and Region. Give the route ' +
      'accounts of its own.',
  },
  {
    to: 'a template that opens its own resources, once it is approved',
    because:
      'A queue or a bucket that a template makes may admit others, and data that it retains outlives a revert. ' +
      'The review before the approval names every permission that becomes wider.',
  },
  {
    to: 'dependencies that nobody has read',
    because:
      'Lock files pin them by hash, their install scripts do not run, and the build that installs them may do nothing. What ' +
      'they do at run time, they do with the role of the function.',
  },
  {
    to: 'an image whose build was led astray',
    because:
      'A Dockerfile runs what it says, with network. The approver is told the commit that CodeBuild built it from; ECR scans ' +
      'what is in it. Nothing proves that the image has only what the commit says.',
  },
  {
    to: 'a denial of service before the approval',
    because:
      'Code of a commit can push images and fill log groups of its own build; a later commit can replace a waiting execution. ' +
      'Nothing of it gets into an environment behind an approval.',
  },
];
