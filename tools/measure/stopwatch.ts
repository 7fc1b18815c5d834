// Times code in a way that another person can repeat: in turn, cold and warm apart, median and range, with CPU time.
import { InvalidArgumentError, checkInteger, show } from '../../lib/errors.js';
import { range, type Range } from './laws.js';

/** One timed run. CPU time is that of all threads of this process: it stays when other programs slow the clock's time. */
export interface Timing {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** The runs of one piece of code. */
export interface Timings<T> {
  /** The first run, in which the code is compiled and threads and caches are still cold. */
  readonly cold: Timing;
  /** The runs after it, in their order, and what they were like. */
  readonly warm: readonly Timing[];
  readonly seconds: Range;
  readonly cpuSeconds: Range;
  /** What the last run gave. */
  readonly value: T;
}

/**
 * Times a function: one cold run, then `repeats` warm ones.
 * @param timed takes all it needs as parameters. A notebook's top-level variables live behind a Proxy: a loop that
 *   uses one is ten to a thousand times slower, so a function that names one is refused.
 * @param given what it is called with
 * @throws InvalidArgumentError; what the function throws
 */
export async function timeRuns<A extends readonly unknown[], T>(
  timed: (...given: A) => T | Promise<T>,
  given: A,
  { repeats = 5 }: { readonly repeats?: number } = {},
): Promise<Timings<T>> {
  checkFunction('the code', timed);
  for (const code of [timed, ...given.flatMap(functionsIn)]) checkNoNotebookVariable(code);
  const { it } = await timeInTurn({ it: () => timed(...given) }, { repeats });
  return it;
}

/**
 * Times several calls in turn (A B C A B C ...), so that a slow moment of the machine meets all of them alike:
 * `timeInTurn({ serial: () => estimateSerial(n), pool: () => estimatePool(n) })`.
 * @param calls by name, each without parameters. A call may name a notebook's top-level variables, unless it loops
 *   itself: then it is refused, as in timeRuns.
 * @param options repeats: warm runs of each, an integer >= 1, by default 5
 * @returns the timings under the same names
 * @throws InvalidArgumentError; what a call throws
 */
export async function timeInTurn<T, Name extends string>(
  calls: { readonly [name in Name]: () => T | Promise<T> },
  { repeats = 5 }: { readonly repeats?: number } = {},
): Promise<{ readonly [name in Name]: Timings<T> }> {
  checkInteger('timeRuns: repeats', repeats, 1, 'Five or more show how far runs differ.');
  const entries = Object.entries<() => T | Promise<T>>(calls).map(([name, call]) => {
    checkFunction(name, call);
    if (/\b(for|while)\b|=>.*=>/s.test(String(call))) checkNoNotebookVariable(call);
    return { name, call, runs: [] as Timed<T>[] };
  });
  for (let round = 0; round <= repeats; round++)
    for (const { call, runs } of entries) runs.push(await timeOnce(call));
  return Object.fromEntries(entries.map(({ name, runs }) => [name, summary(runs)])) as {
    [name in Name]: Timings<T>;
  };
}

type Timed<T> = Timing & { readonly value: T };

/** Runs a function once, to its promise's end if it gives one. */
export async function timeOnce<T>(call: () => T | Promise<T>): Promise<Timed<T>> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  const value = await call();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6, value };
}

function summary<T>(runs: readonly Timed<T>[]): Timings<T> {
  const [cold, ...warm] = runs.map(({ seconds, cpuSeconds }) => ({ seconds, cpuSeconds }));
  const rangeOf = (name: keyof Timing) => range(warm.map((run) => run[name]));
  const { value } = runs[runs.length - 1];
  return { cold, warm, seconds: rangeOf('seconds'), cpuSeconds: rangeOf('cpuSeconds'), value };
}

function checkFunction(name: string, call: unknown): void {
  if (typeof call === 'function') return;
  const wrap = 'Wrap what you want to time: () => count(n).';
  throw new InvalidArgumentError(`timeRuns: ${name} must be a function, got ${show(call)}. ${wrap}`);
}

/** In a cell's compiled code a top-level variable is a field of `exports`, which the kernel made a Proxy. */
function checkNoNotebookVariable(code: unknown): void {
  const used = [...String(code).matchAll(/\bexports\.([\w$]+)/g)].map(([, variable]) => variable);
  if (used.length === 0) return;
  const names = [...new Set(used)].join(', ');
  throw new InvalidArgumentError(
    `timeRuns: the timed code uses ${names} from the notebook's top level. Each access there goes through a Proxy, ` +
      `which makes a loop ten to a thousand times slower. ` +
      `Make ${names} a parameter and pass the value: timeRuns((${names}) => ..., [${names}]).`,
  );
}

/** A value that is a function, or the functions of a list or record: timed code may call what it is given. */
function functionsIn(value: unknown): unknown[] {
  const open = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
  return [value, ...(open ? Object.values<unknown>({ ...value }) : [])].filter(
    (each) => typeof each === 'function',
  );
}
