// What the bench measures, a row each, and what it claims of it. A new stage is a new row.
import { fileURLToPath } from 'node:url';
import { short } from './statistics.mjs';

/** Threads or processes of all that have several: the claims are about two. */
export const WORKERS = 2;
/** A warm program does so many repeats a round and the fastest counts, since numpy's first ones wait for memory. */
const REPEATS = 3;

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const simd = { kernel: 'simd' };
const reference = { kernel: 'reference' };

/** What peers need, and the line that installs it on Debian. */
export const INSTALL = {
  numpy: 'apt-get install python3-numpy',
  dask: 'apt-get install python3-numpy python3-dask',
  distributed: 'apt-get install python3-numpy python3-dask python3-distributed',
  cc: 'apt-get install gcc libc6-dev',
};

/** The rows in the order of measuring. */
export const SUBJECTS = [
  subject('count-inside', 'countInside, plain TypeScript', warm('countInside', {}, 1), [1e8]),
  subject('c-scalar', 'C, one sample at a time', c('-fno-tree-vectorize'), [1e8]),
  subject('serial-reference', 'serial, reference', warm('serial', reference, 1), [1e8]),
  subject('pool-reference', 'pool(2), reference', warm('pool', reference), [1e8], []),
  subject('serial', 'serial, simd', warm('serial', simd, 1), [1e6, 1e7, 1e8, 1e9, 1e10], [1e7, 1e8, 1e9]),
  subject('c-sse2', 'C, SSE2', c('-DSIMD'), [1e8]),
  subject('pool', 'pool(2), simd', warm('pool', simd), [1e6, 1e8, 1e9, 1e10], [1e8, 1e9]),
  subject('c-native', 'C, widest vectors here', c('-DSIMD', '-march=native', '-funroll-loops'), [1e8]),
  subject('chunked', 'chunked(2), lazy sum', warm('chunked', simd), [1e8]),
  subject(
    'chunked-index',
    'chunked(2), index arrays',
    warm('chunked', { ...simd, form: 'index' }),
    [1e8],
    [1e7],
  ),
  subject('distributed', 'distributed(2)', warm('distributed', simd), [1e8, 1e10], [1e8]),
  subject('start-node', 'node -e 0', bare('-e', '0'), [1]),
  subject('start-lola', 'lola pi --samples 1', cold('serial', 'simd'), [1]),
  subject('cold-serial', 'lola pi, serial, simd', cold('serial', 'simd'), [1e8]),
  subject('cold-reference', 'lola pi, serial, reference', cold('serial', 'reference'), [1e8], []),
  subject('cold-pool', 'lola pi, pool(2), simd', cold('pool', 'simd'), [1e8]),
  subject(
    'cold-mp-pool',
    'multiprocessing.Pool(2)',
    python('multiprocessing_pool.py', 21, WORKERS, true),
    [1e8],
  ),
  subject('expert-numpy', "an expert's numpy", python('expert_numpy.py', 0, 1), [1e8]),
  subject('original-numpy', "the original's numpy", python('original_numpy.py', 21, 1), [1e7, 1e8], [1e7]),
  subject('mp-pool', 'multiprocessing.Pool(2)', python('multiprocessing_pool.py', 21), [1e8], [1e7]),
  subject('dask-sum', 'dask threads(2), lazy sum', python('dask_array.py', 9), [1e8], [1e7]),
  subject(
    'dask-distributed',
    'dask.distributed(2), lazy sum',
    python('dask_distributed.py', 9),
    [1e8],
    [1e7],
  ),
  subject(
    'dask-index',
    'dask threads(2), index arrays',
    python('dask_array.py --form index', 31),
    [1e8],
    [1e7],
  ),
  ...[
    // Dask has fewer tasks of the two that take it seconds a thousand: a rate is a rate.
    ['submit', 'tasks submitted without waiting', 1e4, 2000, 1e3],
    ['map', 'a map of tasks', 1e5, 1e4],
    ['await', 'tasks awaited one at a time', 3000, 1000, 1000], // V8 needs some thousand to learn the way of one
    ['startup', 'until it is up', 1, 1, 1],
  ].flatMap(([mode, words, tasks, daskTasks, quick]) => [
    priced(`tasks-${mode}`, `cluster(2), ${words}`, ours(mode), tasks, tasks),
    priced(`dask-tasks-${mode}`, `dask.distributed(2), ${words}`, dask(mode), daskTasks, quick),
  ]),
  ...[1e4, 1e5, 1e6, 1e7, 1e8].flatMap((chunks) => [
    aside(
      `chunked-${short(chunks)}`,
      `chunked(2), chunks of ${short(chunks)}`,
      warm('chunked', { ...simd, chunks }),
    ),
    aside(
      `dask-sum-${short(chunks)}`,
      `dask threads(2), chunks of ${short(chunks)}`,
      python(`dask_array.py --chunks ${chunks}`, 25),
    ),
  ]),
];

/** `sizes` are the samples of a whole run, `quick` those of a quick one. */
function subject(name, label, program, sizes, quick = sizes) {
  return { name, label: program.whole ? `${label}, whole program` : label, sizes, quick, ...program };
}

/** A row of whole runs only, which the chart leaves out. */
function aside(name, label, program) {
  return { ...subject(name, label, program, [1e8], []), aside: true };
}

/** A row that tells the price of a task, or of a cluster, and is not in the chart. */
function priced(name, label, program, tasks, quick) {
  return { ...subject(name, label, program, [tasks], quick ? [quick] : []), aside: true, unit: 'tasks' };
}

/** Our cluster, by one of the modes of tasks.mjs. V8 compiles what a task goes through as it learns of it. */
function ours(mode) {
  const flags = ['--mode', mode, '--workers', WORKERS, '--repeats', REPEATS, '--warm-up', 1e5];
  return { command: (tasks) => [process.execPath, here('tasks.mjs'), ...flags, '--tasks', tasks] };
}

/** The same by dask; Python has nothing to learn. */
function dask(mode) {
  const flags = ['--mode', mode, '--workers', WORKERS, '--repeats', mode === 'map' ? 1 : REPEATS];
  const file = here('peers/dask_distributed.py');
  const command = (tasks, { program }) => [program, file, ...flags, '--warm-up', 1000, '--tasks', tasks];
  return { peer: true, needs: 'distributed', command };
}

/** A stage of this project, warm: in a process that has its executor up and has run it before. */
function warm(stage, options, workers = WORKERS) {
  const flags = ['--stage', stage, '--workers', workers, '--options', JSON.stringify(options)];
  const repeats = (samples) => ['--repeats', samples < 1e9 ? REPEATS : 1];
  const command = (samples) => [
    process.execPath,
    here('ours.mjs'),
    ...flags,
    ...repeats(samples),
    '--warm-up',
    Math.max(2e7, samples / 10),
    '--samples',
    samples,
  ];
  return { exact: true, command };
}

/** `lola pi` as its user runs it: a whole program, timed from outside. */
function cold(stage, kernel) {
  const flags = [
    'pi',
    '--json',
    '--stage',
    stage,
    '--kernel',
    kernel,
    '--workers',
    stage === 'serial' ? 1 : WORKERS,
  ];
  const lola = [process.execPath, here('../../scripts/lola.mjs'), ...flags];
  return { exact: true, whole: true, command: (samples) => [...lola, '--samples', samples] };
}

/** Node itself; what it prints is not read. */
function bare(...flags) {
  return { peer: true, whole: true, command: () => [process.execPath, ...flags] };
}

/** peers/pi.c, which draws the samples that ours draw. */
function c(...flags) {
  const compile = ['-O3', '-ffp-contract=off', ...flags, here('peers/pi.c')];
  const command = (samples, { program, key }) => [
    program,
    '--key',
    ...key,
    '--repeats',
    REPEATS,
    '--samples',
    samples,
  ];
  return { peer: true, exact: true, needs: 'cc', compile, command };
}

/** A peer in Python. `bytes` is what a sample takes at its peak: no machine is made to swap. */
function python(line, bytes, workers = WORKERS, whole = false) {
  const [file, ...flags] = line.split(' ');
  const needs = { 'dask_array.py': 'dask', 'dask_distributed.py': 'distributed' }[file] ?? 'numpy';
  flags.push('--workers', workers, ...(whole ? ['--repeats', 1, '--warm-up', 0] : ['--repeats', REPEATS]));
  const command = (samples, { program }) => [program, here(`peers/${file}`), ...flags, '--samples', samples];
  return { peer: true, whole, needs, bytes, command };
}

/** What is claimed, on two idle cores: of a subject at so many samples against another, of seconds where no other measure is named. */
export const CLAIMS = [
  claim(
    'countInside, plain TypeScript / C of the same arithmetic',
    ['count-inside', 1e8],
    ['c-scalar', 1e8],
    2.5,
  ),
  claim('compiled expression / C with SSE2', ['serial', 1e8], ['c-sse2', 1e8], 1.1),
  claim("compiled expression / an expert's numpy, 1e8", ['serial', 1e8], ['expert-numpy', 1e8], 1 / 6),
  claim("compiled expression / the original's numpy, 1e7", ['serial', 1e7], ['original-numpy', 1e7], 1 / 25),
  claim("compiled expression / the original's numpy, 1e8", ['serial', 1e8], ['original-numpy', 1e8], 1 / 60),
  claim('pool(2) / multiprocessing.Pool(2), whole, 1e8', ['cold-pool', 1e8], ['cold-mp-pool', 1e8], 1 / 5),
  claim('CPU time of pool(2) / serial, 1e9', ['pool', 1e9], ['serial', 1e9], 1.05, { measure: 'cpuSeconds' }),
  claim('efficiency of pool(2), 1e10, best rounds', ['serial', 1e10], ['pool', 1e10], 0.95, {
    kind: 'efficiency',
  }),
  claim('distributed(2) / pool(2), 1e10', ['distributed', 1e10], ['pool', 1e10], 1.05),
  price('cluster(2), tasks/s submitted without waiting', ['tasks-submit', 1e4], 1e4, 'rate'),
  price('cluster(2), tasks/s of a map of 1e5', ['tasks-map', 1e5], 5e4, 'rate'),
  price(
    'cluster(2), a task awaited, median, ms',
    ['tasks-await', 3000],
    0.5,
    'milliseconds',
    'medianLatencySeconds',
  ),
  price('cluster(2), until it is up, s', ['tasks-startup', 1], 0.6, 'seconds'),
  claim('start-up of lola pi beyond Node, s', ['start-lola', 1], ['start-node', 1], 0.1, {
    kind: 'difference',
  }),
  // 'Flat' leaves V8 a few MB, which it takes and gives back as it likes.
  claim('peak memory of serial, 1e10 / 1e6', ['serial', 1e10], ['serial', 1e6], 1.1, {
    measure: 'peakMemoryBytes',
  }),
  claim('peak memory of pool(2), 1e10 / 1e6', ['pool', 1e10], ['pool', 1e6], 1.1, {
    measure: 'peakMemoryBytes',
  }),
];

function claim(text, a, b, bound, { measure = 'seconds', kind = 'ratio' } = {}) {
  return { text, a, b, bound, measure, kind };
}

/** A claim of one subject alone. */
function price(text, a, bound, kind, measure = 'seconds') {
  return { text, a, bound, measure, kind };
}
