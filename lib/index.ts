// The front door: one block of exports a stage, in the lesson's order. Notebooks say import { ... } from '../lib'. Needs Node.

// Every stage: seeds, samples, estimates, errors
export * from './errors.js';
export { DEFAULT_SEED, keyOfSeed, type Key } from './sampling/seed.js';
export { countInside } from './sampling/kernel.js';
export { piOf, standardErrorOf } from './sampling/estimate.js';
export { allottedCores, describeMachine, type Machine } from './machine.js';
export type { Estimate, EstimateOptions } from './estimators/run.js';
export type { Executor, ExecutorEvent, RunOptions } from './task/executor.js';
export type { DType, Expression, Kernel, Step, Task, TypedArray, Value } from './task/index.js';

// Stage 1: serial
export { startSerial, type LocalOptions } from './execute/serial.js';
export { estimateSerial } from './estimators/serial.js';

// Stage 2: pool
export { partition, type Part } from './sampling/partition.js';
export { startPool, type PoolOptions } from './execute/pool.js';
export { estimatePool } from './estimators/pool.js';

// Stage 3: chunked arrays
export { arange, fromArray, full, random, type ArrayOptions, type UniformOptions } from './array/create.js';
export { ChunkedArray, LazyNumber, where, type Operand, type ReductionName } from './array/array.js';
export { compute, type Computed } from './array/compute.js';
export type { ComputeOptions } from './array/run.js';
export { explain, type Explanation, type GraphCost, type LayerCost } from './array/explain.js';
export type { ChunkSpec } from './array/chunks.js';
export { estimateChunked, type ChunkedOptions } from './estimators/chunked.js';

// Stage 4: a cluster
export { askStatus, connect, type ConnectOptions } from './cluster/connect.js';
export type { ClusterStatus } from './cluster/messages.js';
export {
  startCluster,
  startClusterExecutor,
  type ClusterOptions,
  type LocalCluster,
  type LocalWorker,
} from './cluster/local.js';
export {
  FAULTS,
  simulate,
  storyOf,
  type Fault,
  type SimulationOptions,
  type SimulationResult,
} from './simulation/index.js';
export { estimateDistributed, type DistributedOptions } from './estimators/distributed.js';

// Stage 5: Slurm
export { startSlurm, resumeSlurm, type Resumed, type SlurmOptions } from './slurm/executor.js';
export { readSettings, type JobSettings } from './slurm/settings.js';
export { SlurmError } from './slurm/commands.js';
export { estimateSlurm, type SlurmStageOptions } from './estimators/slurm.js';

// A sum of your own
export { taskModule, moduleText, type OwnOperations } from './task/module.js';
