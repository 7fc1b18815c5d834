// The door of stages 1 and 2: this thread, and a pool of threads.
export { startPool, type PoolOptions } from './pool.js';
export { startSerial, type LocalOptions } from './serial.js';
