// The door of the cluster: its clients, and the parts that the room puts together in its own way. Needs Node.
export { Connection, type Wire } from './connection.js';
export { askStatus, connect } from './connect.js';
export { startClusterExecutor } from './local.js';
export { Shell, type NetAction, type Net, type StateMachine } from './state-machine.js';
export {
  MOST_SUBMITTED,
  PROTOCOL,
  decodeToScheduler,
  type FromScheduler,
  type ToScheduler,
} from './messages.js';
export { SchedulerMachine, type SchedulerAction } from './scheduler.js';
export { wireOf } from './websocket.js';
