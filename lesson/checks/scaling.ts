// Checks for the exercises of notebook 08.
import { show } from '../../lib/errors.js';
import { LEDGER_ROWS } from '../../tools/measure/index.js';
import { checksOf, check, functionCheck, numberCheck, wrongNumber, type Wrong, each } from './check.js';

function wrongRows(answer: { readonly smaller: string; readonly larger: string }): Wrong {
  const { smaller, larger } = answer ?? {};
  const rows = Object.keys(LEDGER_ROWS);
  if (!smaller || !larger) return `name two of these rows: ${rows.join(', ')}.`;
  const unknown = [smaller, larger].find((name) => !rows.includes(name));
  if (unknown !== undefined) return `the ledger has no row ${show(unknown)}. Its rows: ${rows.join(', ')}.`;
  if (smaller !== 'imbalance')
    return `smaller chunks do not make '${smaller}' smaller. Who waits for whom at the end?`;
  if (['dispatch', 'transfer', 'compute'].includes(larger)) return undefined; // compute: what each chunk skips
  return `smaller chunks do not make '${larger}' larger. What do you pay once for each task?`;
}

/** From 1 / (1 + serial * (workers - 1)) >= least. */
const mostWorkers = (serial: number, least: number): number => Math.floor(1 + (1 / least - 1) / serial);

function wrongWorthwhile(found: number, serial: number, least: number): Wrong {
  const most = mostWorkers(serial, least);
  if (found === most) return undefined;
  if (Math.abs(found * serial - 1) < 0.02 && found !== most - 1)
    return '1 / serial is the highest speed-up of all, with any number of workers.';
  if (!Number.isInteger(found) && Number.isFinite(found))
    return 'you cannot hire a part of a worker. Round down.';
  if (found < 1) return 'one worker alone is always efficient.';
  const reached = `${(100 / (1 + serial * (found - 1))).toFixed(1)} %`; // Amdahl's speed-up, shared among them
  if (found > most) return `that many reach ${reached}, which is less.`;
  return `that many reach ${reached}, and one more worker would still do.`;
}

const SECOND_ROUND = 'in the second round 2 of 8 threads work. Count the rounds.';

/** What notebook 08 calls. */
export const checkScaling = checksOf('08', {
  efficiency: functionCheck<[serialSeconds: number, seconds: number, workers: number]>({
    of: 'efficiency(serialSeconds, seconds, workers)',
    inputs: each([12.766, 1.942, 12], [12, 4, 4]),
    wrong: wrongNumber({
      right: (one, many, workers) => one / many / workers,
      slips: [
        [(one, many) => one / many, 'that is the speed-up. How much of it is due to each worker?'],
        [(one, many, workers) => (many * workers) / one, 'upside down. Wasted workers must make it smaller.'],
      ],
    }),
    why: "55 % for the original's 12 workers: of each hour you pay for, 27 minutes are lost.",
  }),
  rounds: numberCheck({
    right: 5,
    within: 1e-3,
    slips: [
      [8, '8 threads take 8 chunks. And then?'],
      [10, '10 chunks at once need 10 threads.'],
      [1.25, SECOND_ROUND],
      [0.8, SECOND_ROUND],
    ],
    other: (n) =>
      `${Number(n.toPrecision(4))} is not it. How many rounds do 10 chunks take, and how many would one thread take?`,
    why: 'two rounds instead of ten: 5. With several chunks for each thread the last round hardly counts (C10).',
  }),
  worthwhile: functionCheck<[serial: number, efficiency: number]>({
    of: 'worthwhile(serial, efficiency)',
    inputs: each([0.01, 0.6], [0.03, 0.7], [0.2, 0.9], [0.25, 0.5]),
    wrong: wrongWorthwhile,
    why: 'with a serial part of 3 %, 15 workers are worth 70 % of their price. The 16th is for the impatient.',
  }),
  rows: check(
    wrongRows,
    'threads wait for one chunk at most at the end, and each chunk is handed out, carried and started once. The best size lies between.',
  ),
});
