// The front door of what notebooks need beyond lib: import { ... } from '../lesson'.
export { checkChunked } from './checks/chunked.js';
export { lintScript, type Slip } from './slurm/lint.js';
export { openTerminal, type SlurmRecording, type Terminal } from './slurm/terminal.js';
export { amdahl, fitAmdahl, gustafson, karpFlatt, lessonMemory, range } from '../tools/measure/laws.js';
export {
  samplesForDigits,
  standardErrorOfPi,
  type AmdahlFit,
  type Range,
  type TimedRun,
} from '../tools/measure/laws.js';
export {
  timeInTurn,
  timeRuns,
  type Contestant,
  type Timing,
  type Timings,
} from '../tools/measure/stopwatch.js';
export {
  LEDGER_ROWS,
  LedgerBook,
  ledgerOfRun,
  serialPartOf,
  type Ledger,
  type LedgerRow,
} from '../tools/measure/ledger.js';
export {
  chunkChart,
  crossoverChart,
  efficiencyChart,
  errorChart,
  ledgerChart,
  speedUpChart,
} from './charts/charts.js';
export type { Chart } from './charts/charts.js';
export { plotlyHtml } from './charts/plotly.js';
export { percent } from '../tools/measure/text.js';
export {
  describeProfile,
  profileLines,
  profileSerial,
  type ProfiledLine,
  type SerialProfile,
} from './profile.js';
export { checkWhatIf, measureCosts, type Checked, type CheckOptions } from '../tools/measure/costs.js';
export { whatIf, type Costs, type Prediction, type WhatIf } from '../tools/measure/what-if.js';
export { startDashboard, type Dashboard, type DashboardOptions } from '../tools/dashboard/dashboard.js';
export type { Vitals } from '../tools/dashboard/recorder.js';
export { chooseGrains, integralOf, sumTerms, type OwnSum, type SumInput } from './capstone/sum.js';
export {
  RUBRIC,
  foretell,
  judgeEvidence,
  limitingRows,
  measureOnce,
  measureStages,
  pointsOf,
  speedUpOf,
} from './capstone/evidence.js';
export type { ArrayForm, Entrant, Evidence, Forecast, Measured, MeasuredStage } from './capstone/evidence.js';
export { evidencePage } from './capstone/evidence-page.js';
export { saveEvidence } from './capstone/save.js';
export { checkSerial } from './checks/serial.js';
export { checkProfile } from './checks/profile.js';
export { checkPool } from './checks/pool.js';
export { checkStreams } from './checks/streams.js';
export { checkCluster } from './checks/cluster.js';
export { checkSlurm } from './checks/slurm.js';
export { checkScaling } from './checks/scaling.js';
export { checkCapstone, type Leaf } from './checks/capstone.js';
export type { OwnIntegral } from './checks/own-sum.js';
