// The door of stage 3: chunked arrays.
export { ChunkedArray, LazyNumber, where, type Operand, type ReductionName } from './array.js';
export type { ChunkSpec } from './chunks.js';
export { compute, type Computed } from './compute.js';
export { arange, fromArray, full, random, type ArrayOptions, type UniformOptions } from './create.js';
export { explain, type Explanation, type GraphCost, type LayerCost } from './explain.js';
export type { ComputeOptions } from './run.js';
