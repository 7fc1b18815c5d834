// The front door: one block of exports a stage, in the lesson's order. Notebooks say import { ... } from '../lib'.

// Every stage: seeds, samples, estimates, errors
export * from './errors.js';
export { DEFAULT_SEED, keyOfSeed, type Key } from './sampling/seed.js';
export { countInside } from './sampling/kernel.js';
export { piOf, standardErrorOf } from './sampling/estimate.js';
export { allottedCores, describeMachine, type Machine } from './machine.js';
export type { Estimate, EstimateOptions } from './estimators/run.js';
export type { Executor, ExecutorEvent, RunOptions } from './task/executor.js';
export type { DType, Expression, Kernel, Step, Task, TypedArray, Value } from './task/task.js';

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
export { compute, persist, type Computed, type ComputeOptions } from './array/compute.js';
export { explain, type Explanation, type GraphCost, type LayerCost } from './array/explain.js';
export type { ChunkSpec } from './array/chunks.js';
export { estimateChunked, type ChunkedOptions } from './estimators/chunked.js';
export { checkChunked } from './checks/chunked.js';

// Stage 4: a cluster
export { connect, askStatus, type ClusterStatus, type ConnectOptions } from './cluster/client.js';
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
} from './cluster/simulation.js';
export { estimateDistributed, type DistributedOptions } from './estimators/distributed.js';

// Stage 5: Slurm
export { startSlurm, resumeSlurm, type Resumed, type SlurmOptions } from './slurm/executor.js';
export { readSettings, type JobSettings } from './slurm/render.js';
export { lintScript, type Slip } from './slurm/lint.js';
export { SlurmError } from './slurm/commands.js';
export { openTerminal, type SlurmRecording, type Terminal } from './slurm/terminal.js';
export { estimateSlurm, type SlurmStageOptions } from './estimators/slurm.js';

// Measuring: the laws, timings, where the time went
export {
  amdahl,
  fitAmdahl,
  gustafson,
  karpFlatt,
  lessonMemory,
  percent,
  quantisation,
  range,
} from './measure/laws.js';
export {
  samplesForDigits,
  standardErrorOfPi,
  type AmdahlFit,
  type Range,
  type TimedRun,
} from './measure/laws.js';
export { timeInTurn, timeRuns, type Contestant, type Timing, type Timings } from './measure/stopwatch.js';
export {
  LEDGER_ROWS,
  LedgerBook,
  ledgerOfRun,
  serialPartOf,
  type Ledger,
  type LedgerRow,
} from './measure/ledger.js';
export {
  chunkChart,
  crossoverChart,
  efficiencyChart,
  errorChart,
  ledgerChart,
  speedUpChart,
} from './measure/charts.js';
export type { Chart } from './measure/charts.js';
export { plotlyHtml } from './measure/plotly.js';
export { chartsOf, findingsOf, rowsOf, speedUpsOf, tableOfRace, type RaceResult } from './measure/race.js';
export {
  describeProfile,
  profileLines,
  profileSerial,
  type ProfiledLine,
  type SerialProfile,
} from './measure/profile.js';
export { measureCosts, type Costs, type WhatIf } from './measure/costs.js';
export { checkWhatIf, whatIf, type Checked, type CheckOptions, type Prediction } from './measure/what-if.js';

// The dashboard: a run to watch, or to keep as a report
export { startDashboard, type Dashboard, type DashboardOptions } from './dashboard/dashboard.js';
export type { Vitals } from './dashboard/recorder.js';

// Capstone: a sum of your own, and the evidence for it
export { taskModule, moduleText, type OwnOperations } from './task/module.js';
export { chooseGrains, integralOf, sumTerms, type OwnSum, type SumInput } from './estimators/sum.js';
export {
  RUBRIC,
  foretell,
  judgeEvidence,
  limitingRows,
  measureOnce,
  measureStages,
  pointsOf,
  speedUpOf,
} from './measure/evidence.js';
export type { ArrayForm, Entrant, Evidence, Forecast, Measured, MeasuredStage } from './measure/evidence.js';
export { evidencePage } from './measure/evidence-page.js';
export { saveEvidence } from './dashboard/evidence.js';

// Checks of the lesson's exercises
export { checkSerial } from './checks/serial.js';
export { checkProfile } from './checks/profile.js';
export { checkPool } from './checks/pool.js';
export { checkStreams } from './checks/streams.js';
export { checkCluster } from './checks/cluster.js';
export { checkSlurm } from './checks/slurm.js';
export { checkScaling } from './checks/scaling.js';
export { checkCapstone, type Leaf } from './checks/capstone.js';
export type { OwnIntegral } from './checks/own-sum.js';
