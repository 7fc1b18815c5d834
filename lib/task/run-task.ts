// Looks up a task's operation and runs it: the one place where data becomes action.
import { InvalidArgumentError, show } from '../errors.js';
import { countInside } from '../sampling/kernel.js';
import type { Key } from '../sampling/seed.js';
import { evaluate, type Evaluation } from './evaluate.js';
import type { Task, Value } from './task.js';

/** An operation takes a task's input and gives its value, or a promise of it. It must not change its input. */
export type TaskOperation = (input: Value) => Value | Promise<Value>;

/** The operations that every executor has. */
export const TASK_OPERATIONS: ReadonlyMap<string, TaskOperation> = new Map<string, TaskOperation>([
  ['evaluate', (input) => evaluate(input as unknown as Evaluation)],
  [
    'countInside',
    (input) => {
      const { key, start, samples } = input as unknown as { key: Key; start: number; samples: number };
      return countInside(key, start, samples);
    },
  ],
]);

/**
 * The closed table and the functions that task modules export, by name.
 * @param modules file URLs of the reader's own task modules, loaded here and nowhere else
 * @throws InvalidArgumentError where a module cannot be loaded, exports no function, or takes a name that is taken
 */
export async function loadOperations(
  modules: readonly string[] = [],
): Promise<ReadonlyMap<string, TaskOperation>> {
  const operations = new Map(TASK_OPERATIONS);
  for (const url of modules) {
    const exported = await importModule(url);
    const functions = Object.entries(exported).filter(([, value]) => typeof value === 'function');
    if (functions.length === 0) {
      throw new InvalidArgumentError(
        `tasks: ${shortened(url)} exports no function. Export one for each operation: export function area(input) { ... }`,
      );
    }
    for (const [name, operation] of functions) {
      if (operations.has(name))
        throw new InvalidArgumentError(
          `tasks: ${shortened(url)} exports '${name}', a name that is taken. Rename it.`,
        );
      operations.set(name, operation as TaskOperation);
    }
  }
  return operations;
}

async function importModule(url: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new InvalidArgumentError(
      `tasks: cannot load ${shortened(url)}: ${reason}. Give the path of a built .js or .mjs file.`,
    );
    throw Object.assign(error, { cause });
  }
}

/** A URL may hold the whole module (see module.ts). */
function shortened(url: string): string {
  return url.startsWith('data:') ? `the module ${url.slice(0, 60)}...` : url;
}

/**
 * Runs one task.
 * @throws what the operation throws; InvalidArgumentError for an operation that is not there; TypeError for a result
 *   that is not a value, such as a function or nothing
 */
export async function runTask(task: Task, operations: ReadonlyMap<string, TaskOperation>): Promise<Value> {
  const operation = operations.get(task.operation);
  if (!operation) {
    const known = [...operations.keys()].join(', ');
    throw new InvalidArgumentError(
      `operation ${show(task.operation)} is not known here (known: ${known}). Start the executor with the task module that exports it.`,
    );
  }
  const value = await operation(task.input);
  if (!isValue(value)) {
    throw new TypeError(
      `operation ${show(task.operation)} gave ${show(value)}, which cannot travel. Return a number, a typed array or a plain record of such.`,
    );
  }
  return value;
}

/**
 * Checks a task at the public door of an executor.
 * @throws InvalidArgumentError where it is not plain data
 */
export function checkTask(task: Task): void {
  if (typeof task?.key !== 'string' || task.key === '') {
    throw new InvalidArgumentError(
      `task: key must be a text that is not empty, got ${show(task?.key)}. Give each task of a run a name of its own.`,
    );
  }
  if (typeof task.operation !== 'string') {
    throw new InvalidArgumentError(
      `task ${task.key}: operation must be a name, got ${show(task.operation)}. Functions do not travel: name an export of a task module.`,
    );
  }
  if (!isValue(task.input)) {
    throw new InvalidArgumentError(
      `task ${task.key}: input must be plain data (numbers, texts, typed arrays, records and lists of them), got ${show(task.input)}.`,
    );
  }
}

/** Whether something is plain data that may cross a thread or a socket. */
export function isValue(given: unknown): given is Value {
  if (typeof given === 'number' || typeof given === 'string' || typeof given === 'boolean' || given === null)
    return true;
  if (typeof given !== 'object') return false;
  if (given instanceof Float32Array || given instanceof Float64Array || given instanceof Uint8Array)
    return true;
  if (Array.isArray(given)) return given.every(isValue);
  const prototype: unknown = Object.getPrototypeOf(given);
  return (prototype === Object.prototype || prototype === null) && Object.values(given).every(isValue);
}
