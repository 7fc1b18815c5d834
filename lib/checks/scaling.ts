// Checks for the exercises of notebook 08.
import { show } from '../errors.js';
import { LEDGER_ROWS } from '../measure/ledger.js';
import { notYet, passed, tell, type Verdict } from './verdict.js';

/** 'Write efficiency(serialSeconds, seconds, workers).' */
export function judgeEfficiency(
  answer: (serialSeconds: number, seconds: number, workers: number) => number,
): Verdict {
  if (typeof answer !== 'function') return notYet('efficiency must be a function of three numbers.');
  for (const [one, many, workers] of [
    [12.766, 1.942, 12],
    [10, 2, 4],
  ]) {
    const found: unknown = answer(one, many, workers);
    const asked = `efficiency(${one}, ${many}, ${workers})`;
    if (typeof found !== 'number' || Number.isNaN(found))
      return notYet(`${asked} must be a number, and is ${show(found)}.`);
    const is = (expected: number) => Math.abs(found / expected - 1) < 1e-3;
    if (is(one / many))
      return notYet(
        `${asked} is ${found.toFixed(2)}: that is the speed-up. How much of it is each worker's?`,
      );
    if (is((many * workers) / one))
      return notYet(`${asked}: upside down. A worker that is wasted makes it smaller.`);
    if (!is(one / many / workers))
      return notYet(`${asked} must be ${(one / many / workers).toFixed(3)}, and is ${found.toFixed(3)}.`);
  }
  return passed("55 % for the lesson's 12 workers: of each hour that was paid for, 27 minutes were lost.");
}

/** '10 equal chunks on 8 threads: how many times as fast at most?' */
export function judgeRounds(answer: number): Verdict {
  if (typeof answer !== 'number') return notYet(`give a number, not ${show(answer)}.`);
  if (Number.isNaN(answer)) return notYet('replace NaN by a number.');
  if (answer === 8) return notYet('8 threads take 8 chunks. And then?');
  if (answer === 10) return notYet('10 chunks at once would take 10 threads.');
  if (answer === 1.25 || answer === 0.8)
    return notYet('in the second round 2 of 8 threads work. Count the rounds.');
  if (answer !== 5)
    return notYet(
      `${answer} is not it. How many rounds do 10 chunks take, and how many would one thread take?`,
    );
  return passed(
    'two rounds instead of ten: 5. More chunks than threads, several times, and the last round hardly counts (C10).',
  );
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
  if (typeof answer !== 'function') return notYet('worthwhile must be a function of two shares.');
  for (const [serial, least, most] of [
    [0.01, 0.6, 67],
    [0.03, 0.7, 15],
    [0.2, 0.9, 1],
  ]) {
    const found: unknown = answer(serial, least);
    const asked = `worthwhile(${serial}, ${least})`;
    if (typeof found !== 'number' || Number.isNaN(found))
      return notYet(`${asked} must be a number, and is ${show(found)}.`);
    if (Math.abs(found * serial - 1) < 0.02)
      return notYet(`${asked}: 1 / serial is the highest speed-up of all, with workers without end.`);
    if (!Number.isInteger(found)) return notYet(`${asked} is ${found.toFixed(2)}: workers come whole.`);
    if (found < 1) return notYet(`${asked} is ${found}: one worker alone is always efficient.`);
    const reached = `${(100 / (1 + serial * (found - 1))).toFixed(1)} %`; // Amdahl's speed-up, shared among them
    if (found > most) return notYet(`${asked} is ${found}: so many reach ${reached}, which is less.`);
    if (found < most)
      return notYet(`${asked} is ${found}: so many reach ${reached}, and one more still does.`);
  }
  return passed(
    'a serial part of 3 % lets 15 workers pay for 70 % of their time. The 16th is for the impatient.',
  );
}

/** What notebook 08 calls; each prints its verdict. */
export const checkScaling = {
  efficiency: (answer: (serialSeconds: number, seconds: number, workers: number) => number): void =>
    tell(() => judgeEfficiency(answer)),
  rounds: (answer: number): void => tell(() => judgeRounds(answer)),
  worthwhile: (answer: (serial: number, efficiency: number) => number): void =>
    tell(() => judgeWorthwhile(answer)),
  rows: (answer: { smaller: string; larger: string }): void => tell(() => judgeRows(answer)),
};
