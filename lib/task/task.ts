// What crosses a boundary (thread, socket, file) is plain data: a task names an operation and carries its input. One rule
// says what a task and a value may be. Every executor holds its tasks and its operations' results to it, with a copy.
import { InvalidArgumentError, show, toErrorRecord } from '../errors.js';
import type { TypedArray } from './operations.js';

/** What a task takes and gives: a number, a typed array, or a plain record or list of such. */
export type Value =
  number | string | boolean | null | TypedArray | readonly Value[] | { readonly [name: string]: Value };

/** One piece of work. Tasks do not know of one another: any order, any place, any number of tries gives the same values. */
export interface Task {
  /** Names the task in events and errors; 1 to 1000 characters, unique within a run. */
  readonly key: string;
  /** A name in TASK_OPERATIONS (run-task.ts), or an export of a task module that the executor was started with. */
  readonly operation: string;
  readonly input: Value;
}

/** The longest key or name of an operation (characters). */
const MOST_NAME = 1000;
/** Lists and records may be nested this deep: every engine's stack holds that. */
const MOST_DEPTH = 500;
/** A value has at most so many parts, since each takes memory. A typed array is one, a list or record counts as more. */
export const MOST_PARTS = 2 ** 24;
export const LIST_PARTS = 4;
const PLAIN =
  'plain data (a number, text, boolean or null; a Float32Array, Float64Array or Uint8Array; a list or record of these)';

/**
 * Checks a task at the public door of an executor, and takes a copy: it may be changed afterwards.
 * @throws InvalidArgumentError that names the task and what is wrong
 */
export function takeTask(given: unknown): Task {
  if (typeof given !== 'object' || given === null)
    throw new InvalidArgumentError(`task: must be { key, operation, input }, got ${show(given)}.`);
  const read = (name: string): unknown => {
    try {
      return Reflect.get(given, name);
    } catch (thrown) {
      throw new InvalidArgumentError(`task: ${name} cannot be read: ${toErrorRecord(thrown).message}.`);
    }
  };
  const key = checkName('task: key', read('key'), 'Give each task of a run a name of its own.');
  const task = `task ${key.length > 60 ? `${key.slice(0, 57)}...` : key}`;
  const remedy = 'Functions do not travel: name an export of a task module.';
  const operation = checkName(`${task}: operation`, read('operation'), remedy);
  return { key, operation, input: copyValue(read('input'), `${task}: input`) };
}

function checkName(what: string, name: unknown, remedy: string): string {
  const isText = typeof name === 'string';
  if (isText && name !== '' && name.length <= MOST_NAME && name.isWellFormed()) return name;
  const got = isText && name.length > MOST_NAME ? `${name.length}` : show(name);
  throw new InvalidArgumentError(
    `${what} must be a text of 1 to ${MOST_NAME} whole characters, got ${got}. ${remedy}`,
  );
}

const kept = new WeakSet<object>();

/** Gives a copy, checked once, here, that many tasks may share: nobody may change it. */
export function keep<T>(given: T): T {
  const copy = copyValue(given, 'keep');
  kept.add(copy as object);
  return copy as T;
}

/**
 * A copy of a value, which shares no memory with it, but for what `keep` gave. A Buffer becomes a Uint8Array.
 * @param what opens the message, as in 'task a: input'
 * @throws Refusal (default InvalidArgumentError) that names the part which is no plain data
 */
export function copyValue(
  given: unknown,
  what: string,
  Refusal: new (message: string) => Error = InvalidArgumentError,
): Value {
  if (typeof given === 'number') return given;
  const copier = new Copier();
  try {
    return copier.copy(given);
  } catch (thrown) {
    const problem =
      thrown instanceof Misfit ? thrown.message : `cannot be read: ${toErrorRecord(thrown).message}`;
    throw new Refusal(`${what}${copier.place} ${problem}.`);
  }
}

class Misfit extends Error {}

class Copier {
  private readonly path: (string | number)[] = [];
  private parts = 0;

  /** Where it is, as in '.steps[3]'. */
  get place(): string {
    const text = this.path.map((name) => (typeof name === 'number' ? `[${name}]` : `.${name}`)).join('');
    return text.length > 60 ? `${text.slice(0, 57)}...` : text;
  }

  copy(given: unknown): Value {
    if (typeof given === 'number' || typeof given === 'boolean' || given === null) return given;
    if (typeof given === 'string' && given.isWellFormed()) return given;
    if (typeof given === 'string')
      throw new Misfit('must be a text of whole characters, got half a surrogate pair');
    if (typeof given !== 'object') throw new Misfit(`must be ${PLAIN}, got ${show(given)}`);
    if (kept.has(given)) return given as Value;
    if (ArrayBuffer.isView(given)) return copyArray(given);
    if (this.path.length > MOST_DEPTH)
      throw new Misfit(`is nested more than ${MOST_DEPTH} deep, or holds itself`);
    return Array.isArray(given) ? this.copyList(given) : this.copyRecord(given);
  }

  private copyList(given: readonly unknown[]): Value {
    const copy: Value[] = [];
    this.count(given.length);
    for (let i = 0; i < given.length; i++) copy.push(this.copyPart(i, given[i]));
    return copy;
  }

  private copyRecord(given: object): Value {
    const prototype: unknown = Object.getPrototypeOf(given);
    const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
    if (!isPlain) throw new Misfit(`must be ${PLAIN}, got ${show(given)}`);
    const names = Object.keys(given);
    this.count(names.length);
    const copy: Record<string, Value> = {};
    for (const name of names) {
      if (name === '__proto__' || !name.isWellFormed())
        throw new Misfit(`has a field ${show(name)}. Give it another name`);
      copy[name] = this.copyPart(name, (given as Record<string, unknown>)[name]);
    }
    return copy;
  }

  private copyPart(name: string | number, given: unknown): Value {
    if (typeof given === 'number') return given;
    this.path.push(name);
    const copy = this.copy(given);
    this.path.pop();
    return copy;
  }

  private count(parts: number): void {
    this.parts += LIST_PARTS + parts;
    if (this.parts > MOST_PARTS) throw new Misfit(`has more than ${MOST_PARTS} parts. Use typed arrays`);
  }
}

/** Without a shared, resizable or foreign buffer below. */
function copyArray(given: ArrayBufferView): TypedArray {
  for (const Kind of [Float32Array, Float64Array, Uint8Array])
    if (given instanceof Kind) return new Kind(given as never);
  throw new Misfit(`must be ${PLAIN}, got ${show(given)}`);
}

/** A task module's URL, for people: it may hold the whole module (see module.ts). */
export function shortened(url: string): string {
  return url.startsWith('data:') ? `the module ${url.slice(0, 60)}...` : url;
}
