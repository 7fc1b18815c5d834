// The door of tasks: what every executor takes, and what it tells.
export { clock, type Executor, type ExecutorEvent, type RunOptions } from './executor.js';
export { packTask, unpackValue } from './pack.js';
export type { DType, Expression, Kernel, Step, TypedArray } from './operations.js';
export type { Task, Value } from './task.js';
