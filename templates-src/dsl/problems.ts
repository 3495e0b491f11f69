/** Something in a template that the types can't see and AWS would refuse. */
export interface Problem {
  /** Where: `Resources.ArtifactKey.Properties.KeyPolicy`. */
  readonly path: string;
  /** What was found, what was expected, what to do. */
  readonly message: string;
}

/** All problems of one template, reported at once. */
export class TemplateError extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
    this.name = 'TemplateError';
  }
}
