/** A session of a role that calls something. */
export interface RoleCaller {
  readonly roleArn: string;
  readonly sessionName: string;
}

/** A service of AWS that acts by itself, for a resource of some account. */
export interface ServiceCaller {
  readonly service: `${string}.amazonaws.com`;
  readonly sourceAccount: string;
  readonly sourceArn?: string;
}

export type Caller = RoleCaller | ServiceCaller;

/** A call of an API of AWS. */
export interface Call {
  /** As signatures name the service: `monitoring`. */
  readonly service: string;
  readonly region: string;
  /** Empty when nobody could tell. */
  readonly operation: string;
  readonly parameters: Parameters;
}

/** Parameters of an operation, as botocore takes them; without what is binary. */
export interface Parameters {
  readonly [name: string]: unknown;
}

/** What has become of a resource of a stack. */
export interface Change {
  readonly stackId: string;
  readonly logicalId: string;
  /** Missing when it is gone. */
  readonly resource?: {
    readonly type: string;
    readonly physicalId: string;
    readonly properties: Parameters;
    readonly attributes: Readonly<Record<string, string>>;
    /** Whether all of it has been made. */
    readonly isComplete: boolean;
  };
}

/** What the emulator asks before it answers a call; see scripts/emulator/authorization.py. */
export interface Question extends Call {
  readonly caller: Caller;
  /** Since the last question. */
  readonly changes: readonly Change[];
}

/** Every text in a value, with the name that it has there. */
export function textsIn(value: unknown, name = ''): readonly (readonly [name: string, text: string])[] {
  if (typeof value === 'string') {
    return [[name, value]];
  }
  if (Array.isArray(value)) {
    return value.flatMap((entry) => textsIn(entry, name));
  }
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, entry]) => textsIn(entry, key))
    : [];
}
