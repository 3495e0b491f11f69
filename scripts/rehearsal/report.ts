import type { Execution, Progress } from './pipeline';

export interface ReportOptions {
  /** Takes what a person is to see. */
  readonly write: (text: string) => void;
  /** Takes everything, without colours. */
  readonly log: (text: string) => void;
  /** Whether lines can be written over, so that what runs is shown while it runs. */
  readonly live: boolean;
  readonly colours: boolean;
  /** Width of the terminal. */
  readonly columns: () => number;
}

type Colour = 'green' | 'red' | 'yellow' | 'dim' | 'bold';
const codes: Readonly<Record<Colour, number>> = { green: 32, red: 31, yellow: 33, dim: 2, bold: 1 };
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 120;

/** Tells a person what happens while it happens: on a terminal with a last line that lives, else in plain lines. */
export class Report {
  /** What runs, with the time it began. */
  private readonly running = new Map<unknown, { readonly name: string; readonly began: number }>();
  private timer: NodeJS.Timeout | undefined;
  private frame = 0;
  /** The stage that the last line was about. */
  private place = '';

  constructor(private readonly options: ReportOptions) {}

  /** A line of its own. */
  line(text = '', colour?: Colour): void {
    this.place = '';
    this.print(colour === undefined ? text : this.paint(text, colour), text);
  }

  /** A line that begins a part. */
  heading(text: string): void {
    this.line();
    this.line(text, 'bold');
  }

  /** A line about something within what was last told. On a terminal it is cut to one line; the log has all of it. */
  detail(text: string): void {
    const room = this.options.columns() - 5;
    const shown = this.options.live && text.length > room ? `${text.slice(0, room - 1)}…` : text;
    this.print(`    ${this.paint(shown, 'dim')}`, `    ${text}`);
  }

  /**
   * Does something that takes a while, and tells how it ended.
   *
   * @param work returns what was done, in a few words
   */
  async step(name: string, work: () => Promise<string>): Promise<void> {
    const began = performance.now();
    this.begin(name, name);
    try {
      const done = await work();
      this.end(name);
      this.place = '';
      this.result('✓', 'green', name, done, performance.now() - began);
    } catch (error) {
      this.end(name);
      this.place = '';
      this.result('✗', 'red', name, 'failed', performance.now() - began);
      throw error;
    }
  }

  /** Something that happened in a pipeline. */
  progress(progress: Progress): void {
    switch (progress.kind) {
      case 'execution':
        this.execution(progress);
        break;
      case 'stage':
        this.stage(progress);
        break;
      case 'action':
        this.action(progress);
    }
  }

  /** Takes the living line away, for a question or at the end. */
  pause(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.clear();
  }

  /** Text in a colour, where there are colours. */
  paint(text: string, colour: Colour): string {
    return this.options.colours ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
  }

  private execution({ execution, state, stage }: Extract<Progress, { kind: 'execution' }>): void {
    const name = nameOf(execution);
    const time = duration(Date.now() - execution.started.getTime());
    this.place = '';
    switch (state) {
      case 'STARTED':
        this.line();
        this.print(
          `${this.paint(name, 'bold')} started by ${execution.trigger}`,
          `${name} started by ${execution.trigger}`,
        );
        break;
      case 'SUCCEEDED':
        this.line(`${name} succeeded in ${time}`, 'green');
        break;
      case 'FAILED':
        this.line(`${name} failed in the stage ${stage} after ${time}; nothing later has run`, 'red');
        break;
      case 'SUPERSEDED':
        this.line(`${name} was superseded before the stage ${stage} by a newer execution`, 'yellow');
        break;
      case 'STOPPED':
        this.line(`${name} ends with the stage ${stage}`, 'yellow');
    }
  }

  private stage({ execution, stage, state }: Extract<Progress, { kind: 'stage' }>): void {
    if (state === 'WAITING') {
      this.line(`${nameOf(execution)} waits before the stage ${stage}, where another execution is`, 'yellow');
    } else if (state === 'RESUMED') {
      this.line(`${nameOf(execution)} tries the stage ${stage} once more`, 'yellow');
    }
  }

  private action(progress: Extract<Progress, { kind: 'action' }>): void {
    const { execution, stage, action, state, message, milliseconds } = progress;
    const key = `${execution.id}.${stage}.${action.name}`;
    if (state === 'STARTED') {
      this.begin(key, `${nameOf(execution)} · ${stage} · ${action.name}`);
      return;
    }
    const place = `${nameOf(execution)} · ${stage}`;
    if (place !== this.place) {
      this.print(this.paint(place, 'bold'), place);
      this.place = place;
    }
    if (state === 'NOTE') {
      this.detail(message);
      return;
    }
    this.end(key);
    const [first = '', ...rest] = message.split('\n');
    const [sign, colour] = state === 'SUCCEEDED' ? (['✓', 'green'] as const) : (['✗', 'red'] as const);
    this.result(sign, colour, action.name, first, milliseconds);
    for (const line of rest) {
      this.detail(line);
    }
  }

  private result(sign: string, colour: Colour, name: string, what: string, milliseconds: number): void {
    const time = `(${duration(milliseconds)})`;
    const text = `${name.padEnd(24)} ${what}`;
    this.print(`  ${this.paint(sign, colour)} ${text} ${this.paint(time, 'dim')}`, `  ${sign} ${text} ${time}`);
  }

  private print(shown: string, logged: string): void {
    this.clear();
    this.options.write(`${shown}\n`);
    this.options.log(`${logged}\n`);
    this.draw();
  }

  private begin(key: unknown, name: string): void {
    this.running.set(key, { name, began: performance.now() });
    this.options.log(`[rehearsal] begins: ${name}\n`);
    if (this.options.live && this.timer === undefined) {
      this.timer = setInterval(() => {
        this.frame += 1;
        this.clear();
        this.draw();
      }, FRAME_MS);
      this.timer.unref();
    }
    this.draw();
  }

  private end(key: unknown): void {
    this.running.delete(key);
    if (this.running.size === 0) {
      this.pause();
    }
  }

  private clear(): void {
    if (this.options.live) {
      this.options.write('\r\u001b[K');
    }
  }

  private draw(): void {
    if (this.timer === undefined || this.running.size === 0) {
      return;
    }
    const all = [...this.running.values()].map(({ name, began }) => `${name} ${duration(performance.now() - began)}`);
    const text = `${SPINNER[this.frame % SPINNER.length]} ${all.join(', ')}`;
    // A line that wraps could not be taken away again.
    this.options.write(`\r\u001b[K${text.slice(0, Math.max(this.options.columns() - 1, 20))}`);
  }
}

/** An execution as lines name it. */
export const nameOf = ({ pipeline, number, type }: Pick<Execution, 'pipeline' | 'number' | 'type'>) =>
  `${pipeline} #${number}${type === 'ROLLBACK' ? ' (rollback)' : ''}`;

/** A time as a person reads it. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return seconds < 10 ? `${seconds.toFixed(1)} s` : seconds < 60 ? `${Math.round(seconds)} s` : minutes(seconds);
}

const minutes = (seconds: number) => `${Math.floor(Math.round(seconds) / 60)} min ${Math.round(seconds) % 60} s`;

/** Rows in columns, the first row as a head; every line ends without spaces. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
