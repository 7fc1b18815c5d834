// The front door of what notebooks need beyond lib: import { ... } from '../lesson'.

// The set-up of a notebook, and the room that it may join
export { describeHere, few, wrapped } from './notebook.js';
export { handIn, joinRoom, leaveRoom, predict } from '../room/client.js';

// Measuring and charts
export * from '../tools/measure/index.js';
export { startDashboard, type Dashboard } from '../tools/dashboard/index.js';
export { describeProfile, profileSerial } from './profile.js';
export * from './charts/index.js';

// Checks, by notebook
export { checkSerial } from './checks/serial.js';
export { checkProfile } from './checks/profile.js';
export { checkPool } from './checks/pool.js';
export { checkStreams } from './checks/streams.js';
export { checkChunked } from './checks/chunked.js';
export { checkCluster } from './checks/cluster.js';
export { checkSlurm } from './checks/slurm.js';
export { checkScaling } from './checks/scaling.js';
export { checkCapstone, type Leaf } from './checks/capstone.js';
export type { OwnIntegral } from './checks/own-sum.js';

// Slurm
export { lintScript } from './slurm/lint.js';
export { openTerminal } from './slurm/terminal.js';

// The capstone
export * from './capstone/sum.js';
export * from './capstone/measure.js';
export * from './capstone/evidence.js';
export { saveEvidence } from './capstone/save.js';
