// A task module as a reader would write one: each export is an operation. The contract suite runs them everywhere.

/** Twice the number. */
export function double(x) {
  return 2 * x;
}

/** Gives back what it was given. */
export function echo(value) {
  return value;
}

/** Throws a RangeError with the message given. */
export function fail(message) {
  throw new RangeError(message);
}

/** Takes its thread or process with it. */
export function exit(code) {
  if (typeof process === 'object') process.exit(code);
  globalThis.close(); // a page's worker goes on until its task waits
  return new Promise(() => {});
}

/** Keeps its thread busy for so many milliseconds, as a count of samples does. */
export function spin(ms) {
  const until = performance.now() + ms;
  let turns = 0;
  while (performance.now() < until) turns++;
  return turns > 0;
}

/** Waits, leaving its thread idle; the timer lives in the worker. */
export function wait(ms) {
  return new Promise((resolve) => setTimeout(() => resolve(ms), ms));
}

/** Never ends by itself. */
export function forever() {
  for (;;);
}

/** A result that cannot travel. */
export function giveFunction() {
  return () => 1;
}

const cycle = [];
cycle.push(cycle);
const thrower = () => ({
  get message() {
    throw new TypeError('cannot be read');
  },
});
const ODD = {
  symbol: () => Symbol('odd'),
  bigint: () => 10n,
  cycle: () => cycle,
  gap: () => Array(1),
  deep: () => JSON.parse('['.repeat(3500) + ']'.repeat(3500)),
  thrower,
  'promise of a function': () => Promise.resolve(() => 1),
  nothing: () => undefined,
  bare: () => Object.create(null),
  nameless: () => Object.assign(new Error('no data'), { name: undefined }),
  stackless: () => Object.assign(new Error('no data'), { stack: ['a list'] }),
};

/** A result that no message can hold as it is. */
export function giveOdd(how) {
  return ODD[how]();
}

/** Throws what no message can hold as it is. */
export function throwOdd(how) {
  throw ODD[how]();
}

/** Posts messages of its own to the thread that started this one, which waits for none of them. */
export async function chatter(value) {
  const { parentPort } = await import('node:worker_threads').catch(() => ({ parentPort: globalThis }));
  for (const message of [
    undefined,
    null,
    5,
    'text',
    { started: 1 },
    { progress: 0.5 },
    { answer: { count: 1 } },
  ])
    parentPort?.postMessage(message);
  return value;
}
