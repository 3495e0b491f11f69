/** An intrinsic function, ready to be written: the name without prefix, and a plain argument. */
export class Intrinsic {
  constructor(
    readonly functionName: string,
    readonly argument: Node,
  ) {}
}

/** What a compiled template consists of. */
export type Node = string | number | boolean | Intrinsic | readonly Node[] | { readonly [key: string]: Node };

/** The sections of a compiled template. */
export type Document = { readonly [section: string]: Node };
