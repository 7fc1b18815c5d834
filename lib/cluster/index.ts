// The door of the cluster, for the command line: what starts a scheduler or a worker, and what finds them. Needs Node.
export { Connection, type Wire } from './connection.js';
export { askStatus, connect, type ConnectOptions } from './connect.js';
export { dial, type Target } from './dial.js';
export { startCluster, startClusterExecutor, type ClusterOptions, type LocalCluster } from './local.js';
export { Shell, type NetAction, type Net, type StateMachine } from './state-machine.js';
export {
  MOST_SUBMITTED,
  PROTOCOL,
  decodeToScheduler,
  type ClusterStatus,
  type FromScheduler,
  type ToScheduler,
} from './messages.js';
export {
  defaultSchedulerFile,
  findScheduler,
  readSchedulerFile,
  type Whereabouts,
} from './scheduler-file.js';
export { SchedulerMachine, type SchedulerAction } from './scheduler.js';
export type { Vitals } from './scheduler-shell.js';
export { startScheduler, type Scheduler, type SchedulerOptions } from './start-scheduler.js';
export { startWorker, type ClusterWorker, type WorkerOptions } from './worker-shell.js';
export { wireOf } from './websocket.js';
