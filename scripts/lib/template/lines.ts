import { EVENT_ID, getScalarValue, parseEvents } from 'js-yaml';

/** Where something stands in a document: keys of objects and indexes of lists, from the top. */
export type Path = readonly (string | number)[];

/** Gives the line, counted from 1, of what stands at a path, or of the nearest thing around it that is there. */
export type LineOf = (path: Path) => number;

interface Open {
  readonly path: Path;
  /** The key that waits for its value, or the index of the next item. */
  next: string | number | undefined;
}

const keyOf = (path: Path) => JSON.stringify(path);

/**
 * Finds the lines of a YAML text. Short forms of intrinsic functions have no path of their own: asking for
 * `[..., 'Fn::Sub']` gives the line of the value.
 *
 * @throws YAMLException when it is no YAML
 */
export function linesOf(text: string, file: string): LineOf {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    lineStarts.push(at + 1);
  }
  const lines = new Map<string, number>();
  const note = (path: Path, offset: number) => {
    const after = lineStarts.findIndex((start) => start > offset);
    lines.set(keyOf(path), after < 0 ? lineStarts.length : after);
  };

  const open: Open[] = [];
  for (const event of parseEvents(text, { filename: file })) {
    const parent = open.at(-1);
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        open.push({ path: [], next: undefined });
        break;
      case EVENT_ID.POP:
        open.pop();
        break;
      case EVENT_ID.SCALAR:
        if (parent !== undefined && parent.next === undefined && open.length > 1) {
          parent.next = getScalarValue(text, event);
          note([...parent.path, parent.next], event.valueStart);
          break;
        }
        child(parent, event.valueStart);
        break;
      case EVENT_ID.MAPPING:
        open.push({ path: child(parent, event.start), next: undefined });
        break;
      case EVENT_ID.SEQUENCE:
        open.push({ path: child(parent, event.start), next: 0 });
        break;
      case EVENT_ID.ALIAS:
        child(parent, event.anchorStart);
        break;
    }
  }
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const line = lines.get(keyOf(path.slice(0, length)));
      if (line !== undefined) {
        return line;
      }
    }
    return 1;
  };

  /** Notes a value in what is open around it, and gives its path. */
  function child(parent: Open | undefined, offset: number): Path {
    if (parent?.next === undefined) {
      return [];
    }
    const path = [...parent.path, parent.next];
    if (typeof parent.next === 'number') {
      note(path, offset);
      parent.next += 1;
    } else {
      // The line of the key is noted already.
      parent.next = undefined;
    }
    return path;
  }
}
