// Every error this library throws on purpose: one hierarchy, a stable `code`, and a message that says what to do.

/**
 * Base of all errors of this library. `code` is stable, the message is for people. Each class of this file says its name
 * as text: a bundler shortens the names of classes.
 */
export class EstimatorError extends Error {
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An argument is invalid. The message names it, the value given and what to do. */
export class InvalidArgumentError extends EstimatorError {
  override name = 'InvalidArgumentError';
  constructor(message: string, options?: ErrorOptions) {
    super('INVALID_ARGUMENT', message, options);
  }
}

/** A task threw. `key` names the task, `cause` is what it threw, with its own name and message. */
export class TaskError extends EstimatorError {
  override name = 'TaskError';
  constructor(
    readonly key: string,
    override readonly cause: Error,
  ) {
    super('TASK_FAILED', `task ${key}: ${cause.name}: ${cause.message}`, { cause });
  }
}

/** The thread or worker that ran a task is gone. `attempts` says how often it was tried, `ended` how each try ended. */
export class WorkerLostError extends EstimatorError {
  override name = 'WorkerLostError';
  constructor(
    readonly key: string,
    readonly attempts: number,
    readonly ended: readonly string[],
  ) {
    super(
      'WORKER_LOST',
      `task ${key}: the worker that ran it was lost ${attempts === 1 ? 'once' : `${attempts} times`} (${ended.join('; ')}). ` +
        `Look for process.exit, a crash or too little memory in this task${attempts === 1 ? ', or for a promise or timer that an earlier task left behind.' : '; the other tasks are not to blame.'}`,
    );
  }
}

/** The caller's signal stopped a run. What was finished before has been handed to `onResult`. */
export class CancelledError extends EstimatorError {
  override name = 'CancelledError';
  constructor() {
    super('CANCELLED', 'run: cancelled by its signal; onResult has all results that finished before.');
  }
}

/** `run` was called after `close`. */
export class ClosedError extends EstimatorError {
  override name = 'ClosedError';
  constructor(what = 'run: this executor') {
    super('CLOSED', `${what} is closed. Start a new one.`);
  }
}

/** No one answers at the address, or a connection is lost for good. The message says which, and what to do. */
export class ConnectionError extends EstimatorError {
  override name = 'ConnectionError';
  constructor(message: string, options?: ErrorOptions) {
    super('CONNECTION', message, options);
  }
}

/** The other side refuses us, or sends what this version of the protocol does not know. */
export class ProtocolError extends EstimatorError {
  override name = 'ProtocolError';
  constructor(message: string, options?: ErrorOptions) {
    super('PROTOCOL', message, options);
  }
}

/** No worker joined the cluster in time. */
export class NoWorkersError extends EstimatorError {
  override name = 'NoWorkersError';
  constructor(seconds: number, remedy: string) {
    super('NO_WORKERS', `run: 0 workers for ${seconds} s. ${remedy}`);
  }
}

/** An error as plain data, as it crosses a thread or a socket. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
}

/** The longest text of an error that travels (characters). */
const MOST_TEXT = 20_000;

/** Makes plain data of whatever was thrown: every field is text that any peer can read. */
export function toErrorRecord(thrown: unknown): ErrorRecord {
  if (!isError(thrown))
    return { name: 'Error', message: `threw a value that is not an Error: ${asText(thrown)}` };
  const field = (name: string) => attempt<unknown>(() => Reflect.get(thrown, name), `unreadable ${name}`);
  const [stack, code] = [field('stack'), field('code')];
  return {
    name: asText(field('name')),
    message: asText(field('message')),
    ...(typeof stack === 'string' && { stack: asText(stack) }),
    ...(typeof code === 'string' && { code: asText(code) }),
  };
}

/** What was thrown if it is an Error, else an Error that says what it was. */
export function toError(thrown: unknown): Error {
  return isError(thrown) ? thrown : fromErrorRecord(toErrorRecord(thrown));
}

/** A proxy, a getter, or a stack that the engine makes only now may throw. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

function isError(thrown: unknown): thrown is Error {
  return attempt(() => thrown instanceof Error, false);
}

function asText(value: unknown): string {
  const text = attempt(() => String(value as string), show(value));
  return text.slice(0, MOST_TEXT).toWellFormed();
}

const KNOWN: Readonly<Record<string, { prototype: Error }>> = {
  ...{ Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError },
  InvalidArgumentError,
};

/** Makes an Error again: of its own class where that is a built-in or ours, else an Error that carries the name. */
export function fromErrorRecord(record: ErrorRecord): Error {
  const error = new Error(record.message);
  const known = Object.hasOwn(KNOWN, record.name) && KNOWN[record.name];
  if (known) Object.setPrototypeOf(error, known.prototype);
  Object.defineProperty(error, 'name', { value: record.name });
  if (record.stack) error.stack = record.stack;
  return record.code === undefined ? error : Object.assign(error, { code: record.code });
}

/**
 * Checks an integer at a public door.
 * @param name what the value is called there, as in 'partition: parts'
 * @param remedy what to do instead, one sentence
 * @throws InvalidArgumentError with the value given
 */
export function checkInteger(
  name: string,
  value: unknown,
  least: number,
  remedy: string,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  const range =
    least === most
      ? `${least}`
      : `an integer from ${least} to ${most === Number.MAX_SAFE_INTEGER ? '2^53 - 1' : most}`;
  throw new InvalidArgumentError(`${name} must be ${range}, got ${show(value)}. ${remedy}`);
}

/** A value as a message shows it: short, and never confusing '5' with 5. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return `'${value.length > 60 ? `${value.slice(0, 57)}...` : value}'`;
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'bigint') return `${value}n (a BigInt)`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return value.toString();
  if (typeof value !== 'object' || value === null) return `${value as number | boolean | null}`;
  return attempt(() => {
    if (Array.isArray(value)) return `an array of ${value.length}`;
    const kind = Object.prototype.toString.call(value).slice(8, -1);
    return kind === 'Object' ? 'an object' : `an object (${kind})`;
  }, 'an object');
}

/** What a peer or a file says, as plain text: what would break a line, or steer a terminal or page, is shown instead. */
export function plain(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}]/gu,
    (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`,
  );
}
