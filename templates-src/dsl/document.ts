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

/** The node as a map; an empty one when it is something else. */
export const record = (node: Node | undefined): Readonly<Record<string, Node>> =>
  typeof node === 'object' && !Array.isArray(node) && !(node instanceof Intrinsic)
    ? (node as Record<string, Node>)
    : {};

/** The node as a list; an empty one when it is something else. */
export const list = (node: Node | undefined): readonly Node[] => (Array.isArray(node) ? node : []);
