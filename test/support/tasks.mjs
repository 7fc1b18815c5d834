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
