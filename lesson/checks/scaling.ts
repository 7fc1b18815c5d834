// Checks for the exercises of notebook 08.
import { show } from '../../lib/errors.js';
import { LEDGER_ROWS } from '../../tools/measure/ledger.js';
import { judgeFunction, judgeNumber, notYet, passed, telling, type Verdict } from './verdict.js';

/** 'Write efficiency(serialSeconds, seconds, workers).' */
export function judgeEfficiency(
  answer: (serialSeconds: number, seconds: number, workers: number) => number,
): Verdict {
  return judgeFunction(answer, {
    of: 'efficiency(serialSeconds, seconds, workers)',
    inputs: [
      [12.766, 1.942, 12],
      [10, 2, 4],
    ],
    wrong: (found, asked, one, many, workers) => {
      const is = (expected: number) => Math.abs(found / expected - 1) < 1e-3;
      if (is(one / many / workers)) return undefined;
      if (is(one / many))
        return `${asked} is ${found.toFixed(2)}: that is the speed-up. How much of it is each worker's?`;
      if (is((many * workers) / one))
        return `${asked}: upside down. A worker that is wasted makes it smaller.`;
      return `${asked} must be ${(one / many / workers).toFixed(3)}, and is ${found.toFixed(3)}.`;
    },
    why: "55 % for the lesson's 12 workers: of each hour that was paid for, 27 minutes were lost.",
  });
}

/** '10 equal chunks on 8 threads: how many times as fast at most?' */
export function judgeRounds(answer: number): Verdict {
  const second = 'in the second round 2 of 8 threads work. Count the rounds.';
  return judgeNumber(answer, {
    right: 5,
    slips: [
      [8, '8 threads take 8 chunks. And then?'],
      [10, '10 chunks at once would take 10 threads.'],
      [1.25, second],
      [0.8, second],
    ],
    other: (n) => `${n} is not it. How many rounds do 10 chunks take, and how many would one thread take?`,
    why: 'two rounds instead of ten: 5. More chunks than threads, several times, and the last round hardly counts (C10).',
  });
}

/** 'Which row of the ledger do smaller chunks make smaller, and which one larger?' */
export function judgeRows(answer: { readonly smaller: string; readonly larger: string }): Verdict {
  const { smaller, larger } = answer ?? {};
  const rows = Object.keys(LEDGER_ROWS);
  if (!smaller || !larger) return notYet(`name two rows out of: ${rows.join(', ')}.`);
  const unknown = [smaller, larger].find((name) => !rows.includes(name));
  if (unknown !== undefined)
    return notYet(`the ledger has no row ${show(unknown)}. Its rows: ${rows.join(', ')}.`);
  if (smaller !== 'imbalance')
    return notYet(`smaller chunks do not make '${smaller}' smaller. Who waits for whom at the end?`);
  if (larger !== 'dispatch' && larger !== 'transfer')
    return notYet(`'${larger}' does not grow with the number of tasks. What is paid once for each task?`);
  return passed(
    'threads wait for at most one chunk at the end; each chunk is handed out once. The best size lies between.',
  );
}

/** 'Write worthwhile(serial, efficiency): the most workers whose efficiency is at least that, by Amdahl's law.' */
export function judgeWorthwhile(answer: (serial: number, efficiency: number) => number): Verdict {
  return judgeFunction(answer, {
    of: 'worthwhile(serial, efficiency)',
    inputs: [
      [0.01, 0.6],
      [0.03, 0.7],
      [0.2, 0.9],
    ],
    wrong: (found, asked, serial, least) => {
      const most = Math.floor(1 + (1 / least - 1) / serial); // from 1 / (1 + serial * (workers - 1)) >= least
      if (Math.abs(found * serial - 1) < 0.02)
        return `${asked}: 1 / serial is the highest speed-up of all, with workers without end.`;
      if (!Number.isInteger(found)) return `${asked} is ${found.toFixed(2)}: workers come whole.`;
      if (found < 1) return `${asked} is ${found}: one worker alone is always efficient.`;
      const reached = `${(100 / (1 + serial * (found - 1))).toFixed(1)} %`; // Amdahl's speed-up, shared among them
      if (found > most) return `${asked} is ${found}: so many reach ${reached}, which is less.`;
      if (found < most) return `${asked} is ${found}: so many reach ${reached}, and one more still does.`;
      return undefined;
    },
    why: 'a serial part of 3 % lets 15 workers pay for 70 % of their time. The 16th is for the impatient.',
  });
}

/** What notebook 08 calls; each prints its verdict. */
export const checkScaling = {
  efficiency: telling(judgeEfficiency),
  rounds: telling(judgeRounds),
  worthwhile: telling(judgeWorthwhile),
  rows: telling(judgeRows),
};
