// The door of sampling: seeds, the kernel, partitions, estimates.
export { piOf, standardErrorOf } from './estimate.js';
export { countInside } from './kernel.js';
export { partition, type Part } from './partition.js';
export { DEFAULT_SEED, keyOfSeed, type Key } from './seed.js';
