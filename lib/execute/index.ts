// The door of stages 1 and 2: this thread, a pool of threads, and the threads themselves.
export { startPool, type PoolOptions } from './pool.js';
export { startSerial, type LocalOptions } from './serial.js';
export { startThreads, type Threads } from './threads.js';
