// `node test/bench/measure.mjs`: how far the measuring itself can be trusted on this machine: predictions, ledgers, its own cost.
import { Command } from 'commander';
import { readChoice, readCount } from '../../dist/tools/cli/flags.js';
import { table } from '../../dist/tools/cli/table.js';
import { startClusterExecutor } from '../../dist/lib/cluster/local.js';
import { startPool } from '../../dist/lib/execute/pool.js';
import { allottedCores, describeMachine } from '../../dist/lib/machine.js';
import { checkWhatIf, tasksOf } from '../../dist/tools/measure/costs.js';
import { range } from '../../dist/tools/measure/laws.js';
import { LEDGER_ROWS, LedgerBook, ledgerOfRun } from '../../dist/tools/measure/ledger.js';
import { machineLine, percent } from '../../dist/tools/measure/text.js';
import { partition } from '../../dist/lib/sampling/partition.js';

const CHUNKS = [1e4, 1e5, 1e6, 1e7];
const EXECUTORS = {
  pool: (workers) => startPool({ workers }),
  cluster: (workers) => startClusterExecutor({ workers }),
};
/** Samples that a thread counts in a second, roughly: runs are to last some seconds on any machine. */
const perSecond = (chunk) => 1.3e9 / (1 + 3e4 / chunk);
const PARTS = { 'what-if': checkPredictions, ledger: showLedgers, cost: showCost };

const program = new Command('node test/bench/measure.mjs')
  .description('checks the measuring: predictions against runs, ledgers, what measuring costs')
  .argument('[parts...]', `which: ${Object.keys(PARTS).join(', ')} (absent: all)`)
  .option('--seconds <S>', 'about how long a run is to take', '3')
  .option('--repeats <R>', 'runs of each', '5')
  .option(
    '--chunks <LIST>',
    'samples in a task',
    CHUNKS.map((chunk) => chunk.toExponential().replace('+', '')).join(','),
  )
  .option('--executors <LIST>', 'whose', 'pool,cluster');
program.parse();
const { seconds, repeats, chunks, executors } = program.opts();
const given = {
  seconds: readCount('--seconds', seconds),
  repeats: readCount('--repeats', repeats),
  chunks: chunks.split(',').map((text) => readCount('--chunks', text)),
  starts: executors
    .split(',')
    .map((name) => [name, EXECUTORS[readChoice('--executors', name, Object.keys(EXECUTORS))]]),
};
const parts = program.args.length > 0 ? program.args : Object.keys(PARTS);
for (const part of parts) if (!PARTS[part]) program.error(`no part is called '${part}'`);

const cores = allottedCores();
process.stdout.write(`${machineLine(describeMachine())}\n`);
for (const part of parts) await PARTS[part](given);

/** Predictions from costs beside real runs, on pools and clusters of one worker and of all cores. */
async function checkPredictions({ seconds, repeats, chunks, starts }) {
  const rows = [];
  for (const [name, start] of starts) {
    const all = await start(cores);
    const one = cores === 1 ? all : await start(1);
    for (const executor of cores === 1 ? [all] : [one, all]) {
      for (const chunk of chunks) {
        const samples = Math.round(seconds * perSecond(chunk) * executor.workers);
        const { runs, medianError } = await checkWhatIf(executor, {
          samples,
          chunk,
          repeats,
          costsOf: name === 'pool' ? all : executor,
        });
        const of = (value) => runs.map(value);
        const span = ({ median, low, high }) => `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
        const bound = chunk >= 1e5 ? 0.15 : 0.3;
        rows.push([
          `${name}(${executor.workers})`,
          chunk.toExponential(),
          span(range(of(({ measured }) => measured))),
          span(range(of(({ predicted }) => predicted))),
          of(({ error }) => `${error < 0 ? '' : '+'}${(100 * error).toFixed(0)}`).join(' '),
          percent(medianError),
          medianError <= bound ? 'within' : `above ${100 * bound} %`,
        ]);
        process.stderr.write(`${rows.at(-1).join('  ')}\n`);
      }
    }
    if (one !== all) await one.close();
    await all.close();
  }
  const head = ['executor', 'chunk', 'measured s', 'predicted s', 'errors %', 'median size', 'bound'];
  process.stdout.write(
    `\nPredictions against runs (costs measured in turn with them)\n${table(head, rows)}\n`,
  );
}

/** Ledgers of real runs, their rows in per cent of threads x makespan. */
async function showLedgers({ seconds, repeats, chunks, starts }) {
  const rows = [];
  for (const [name, start] of starts) {
    const executor = await start(cores);
    for (const chunk of chunks) {
      for (let i = 0; i < repeats; i++) {
        const samples = Math.round(seconds * perSecond(chunk) * cores);
        const ledger = await ledgerOfRun(executor, { samples, chunk });
        const shares = Object.fromEntries(ledger.rows.map(({ name, share }) => [name, share]));
        const cells = Object.keys(LEDGER_ROWS).map((row) => (100 * shares[row]).toFixed(2));
        rows.push([`${name}(${cores})`, chunk.toExponential(), ledger.makespanSeconds.toFixed(2), ...cells]);
        process.stderr.write(`${rows.at(-1).join('  ')}\n`);
      }
    }
    await executor.close();
  }
  const head = ['executor', 'chunk', 'makespan s', ...Object.keys(LEDGER_ROWS)];
  process.stdout.write(`\nLedgers, % of threads x makespan\n${table(head, rows)}\n`);
}

/** CPU time of runs with a ledger and without, in turn: other programs do not move it much. */
async function showCost({ seconds, repeats, chunks }) {
  const pool = await startPool({ workers: cores });
  const rows = [];
  for (const chunk of chunks) {
    const samples = Math.round(seconds * perSecond(chunk) * cores);
    const all = tasksOf(partition(samples, Math.ceil(samples / chunk)), 'simd');
    const cpuOf = async (options) => {
      const before = process.cpuUsage();
      await pool.run(all, options);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1e6;
    };
    const [plain, kept] = [[], []];
    await cpuOf({});
    for (let i = 0; i < 2 * repeats; i++) {
      // Who goes first takes turns as well.
      for (const which of i % 2 ? [plain, kept] : [kept, plain])
        which.push(await cpuOf(which === kept ? { onEvent: new LedgerBook().add } : {}));
    }
    const [without, withBook] = [range(plain), range(kept)];
    rows.push([
      chunk.toExponential(),
      without.median.toFixed(3),
      withBook.median.toFixed(3),
      percent(withBook.median / without.median - 1),
      percent(withBook.low / without.low - 1),
      ((1e6 * (withBook.low - without.low)) / all.length).toFixed(2),
    ]);
    process.stderr.write(`${rows.at(-1).join('  ')}\n`);
  }
  await pool.close();
  const head = ['chunk', 'CPU s', 'with ledger', 'more (medians)', 'more (least)', 'us a task'];
  process.stdout.write(`\nWhat a ledger costs, CPU time of all threads\n${table(head, rows)}\n`);
}
