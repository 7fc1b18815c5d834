// The console that cells find: it prints as Node's does.
import { format, inspect } from 'node-inspect-extracted';

/** Takes what is printed. */
export type Write = (name: 'stdout' | 'stderr', print: () => string) => void;

/** A console as Node's, as far as notebooks have use for it. */
export function consoleOf(write: Write): Partial<Console> {
  const counts = new Map<string, number>();
  const timers = new Map<string, number>();
  let indent = '';
  const print = (name: 'stdout' | 'stderr', text: () => string) =>
    write(name, () => `${indent}${text().replaceAll('\n', `\n${indent}`)}\n`);
  const log = (...values: unknown[]) => print('stdout', () => format(...values));
  const error = (...values: unknown[]) => print('stderr', () => format(...values));
  const passed = (label: string) => {
    const since = timers.get(label);
    return since === undefined
      ? `no timer '${label}'`
      : `${label}: ${(performance.now() - since).toFixed(3)}ms`;
  };
  return {
    log,
    info: log,
    debug: log,
    error,
    warn: error,
    trace: (...values: unknown[]) => error('Trace:', ...values),
    dir: (value: unknown, options?: object) => print('stdout', () => inspect(value, options)),
    table: (data: unknown, columns?: readonly string[]) => {
      if (typeof data === 'object' && data !== null) print('stdout', () => table(data, columns));
      else log(data);
    },
    assert: (isTrue?: boolean, ...values: unknown[]) => {
      if (!isTrue) error('Assertion failed', ...values);
    },
    count: (label = 'default') => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      log(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = 'default') => void counts.delete(label),
    time: (label = 'default') => void timers.set(label, performance.now()),
    timeLog: (label = 'default', ...values: unknown[]) => log(passed(label), ...values),
    timeEnd: (label = 'default') => {
      log(passed(label));
      timers.delete(label);
    },
    group: (...values: unknown[]) => {
      if (values.length > 0) log(...values);
      indent += '  ';
    },
    groupEnd: () => (indent = indent.slice(2)),
  };
}

/** Rows of data in a frame, as console.table of Node 22 draws it. */
function table(data: object, columns?: readonly string[]): string {
  const entries: readonly [string, unknown][] =
    data instanceof Map || data instanceof Set
      ? [...data].map((value, i) => [String(i), value])
      : Object.entries(data);
  const isRow = (value: unknown): value is object => typeof value === 'object' && value !== null;
  const keys = columns ?? [...new Set(entries.flatMap(([, row]) => (isRow(row) ? Object.keys(row) : [])))];
  const hasValues = entries.some(([, row]) => !isRow(row));
  const show = (value: unknown) => inspect(value, { depth: isRow(value) ? 0 : 1, breakLength: Infinity });
  const head = ['(index)', ...keys, ...(hasValues ? ['Values'] : [])];
  const rows = entries.map(([index, row]) => [
    index,
    ...keys.map((key) => (isRow(row) && key in row ? show((row as Record<string, unknown>)[key]) : '')),
    ...(hasValues ? [isRow(row) ? '' : show(row)] : []),
  ]);
  const widths = head.map((_, c) => Math.max(...[head, ...rows].map((row) => row[c].length)) + 2);
  const line = (row: readonly string[]) =>
    `│${row.map((text, c) => ` ${text}`.padEnd(widths[c])).join('│')}│`;
  const rule = (left: string, middle: string, right: string) =>
    `${left}${widths.map((width) => '─'.repeat(width)).join(middle)}${right}`;
  const body = rows.map(line);
  return [rule('┌', '┬', '┐'), line(head), rule('├', '┼', '┤'), ...body, rule('└', '┴', '┘')].join('\n');
}
