// Looks up a task's operation and runs it: the one place where data becomes action.
import { InvalidArgumentError, show, toErrorRecord } from '../errors.js';
import { countInside } from '../sampling/kernel.js';
import type { Key } from '../sampling/seed.js';
import { evaluate, type Evaluation } from './evaluate.js';
import { copyValue, shortened, type Task, type Value } from './task.js';

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
  for (const url of [modules].flat()) {
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
    const why = `tasks: cannot load ${shortened(url)}: ${toErrorRecord(cause).message}`;
    throw new InvalidArgumentError(`${why}. Give the full path of a built .js or .mjs file.`, { cause });
  }
}

/**
 * Runs one task. Nothing else holds the value's memory: an operation may keep what it returned, so it is copied.
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
  if (TASK_OPERATIONS.has(task.operation)) return value; // these keep nothing
  return copyValue(value, `operation ${show(task.operation)}: its result`, TypeError);
}
