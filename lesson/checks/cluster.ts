// Checks for the exercises of notebook 06.
import { show } from '../../lib/errors.js';
import { judgeFunction, telling, type Verdict } from './verdict.js';

const joined = (name: string, here: number) =>
  `lola.scheduler - INFO - Worker joined: ${name}, 1 thread (${here} here)`;
const left = (name: string, why: string, here: number) =>
  `lola.scheduler - INFO - Worker left: ${name} (${why}; ${here} here)`;

/** The first log stands in the notebook, the others do not. */
const LOGS: readonly { readonly lines: readonly string[]; readonly here: readonly string[] }[] = [
  {
    lines: [
      'lola.scheduler - INFO -   Scheduler at:  ws://127.0.0.1:8786',
      joined('lola', 1),
      joined('rob', 2),
      joined('ida', 3),
      left('rob', 'drained', 2),
      'lola.scheduler - WARNING - Refused a connection from 127.0.0.1: wrong token',
    ],
    here: ['ida', 'lola'],
  },
  {
    lines: [
      joined('node-1', 1),
      joined('node-12', 2),
      joined('node-2', 3),
      left('node-1', 'its connection broke off: killed, or its machine or network is gone', 2),
    ],
    here: ['node-12', 'node-2'],
  },
  { lines: [joined('a', 1), left('a', 'drained', 0), joined('b', 1), joined('a', 2)], here: ['a', 'b'] },
];

/** 'Write workersHere(log): the names of the workers that are here after these lines.' */
function judgeHere(answer: (log: readonly string[]) => readonly string[]): Verdict {
  return judgeFunction(answer, {
    of: 'workersHere(log)',
    gives: 'a list',
    inputs: LOGS.map(({ lines }) => [lines]),
    call: () => 'workersHere(log)',
    wrong: (found, _, lines) => {
      const text = wrongHere(found, lines, LOGS.find((log) => log.lines === lines)!.here);
      return text && lines !== LOGS[0].lines ? `${text} The log was: ${lines.join(' | ')}` : text;
    },
    why: 'whoever reads the log knows who is here, without asking the scheduler (C13).',
  });
}

function wrongHere(
  found: readonly unknown[],
  lines: readonly string[],
  here: readonly string[],
): string | undefined {
  const odd = found.find((name) => typeof name !== 'string');
  if (odd !== undefined) return `a name is a text, not ${show(odd)}.`;
  const names = found as readonly string[];
  if (names.length === 0) return 'the list is empty. Which lines say that somebody came?';
  const cut = names.find((name) => /[\s,;:]/.test(name));
  if (cut !== undefined) return `${show(cut)} is more than a name. Where does the name end?`;
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    return `${show(twice)} is in the list twice: it left and came back, and is one worker.`;
  const gone = names.find((name) => !here.includes(name));
  if (gone !== undefined) {
    return lines.some((line) => line.includes(`left: ${gone} `))
      ? `${show(gone)} has left. Do you read those lines?`
      : `${show(gone)} is no worker of this log.`;
  }
  const missing = here.find((name) => !names.includes(name));
  if (missing === undefined) return undefined;
  return lines.some((line) => line.includes(`left: ${missing} `))
    ? `${show(missing)} left, but came back after that. The order of the lines counts.`
    : `${show(missing)} is here, and not in your list. Did another one with a similar name leave?`;
}

/** 'Write endOf(work, joinedAt): when is a run over in which a second worker joins?' Both in seconds. */
function judgeEnd(answer: (work: number, joinedAt: number) => number): Verdict {
  return judgeFunction(answer, {
    of: 'endOf(work, joinedAt)',
    inputs: [
      [10, 4],
      [60, 0],
      [10, 12],
    ],
    wrong: (found, asked, work, joinedAt) => {
      const text = wrongEnd(found, work, joinedAt);
      return text && `${asked} is not ${Number(found.toFixed(3))}: ${text}`;
    },
    why: 'what is left is shared from the moment of joining; whoever comes after the end changes nothing.',
  });
}

function wrongEnd(found: number, work: number, joinedAt: number): string | undefined {
  const is = (expected: number) => Math.abs(found - expected) < 1e-9 * Math.max(1, expected);
  if (is(joinedAt >= work ? work : joinedAt + (work - joinedAt) / 2)) return undefined;
  if (joinedAt >= work) return 'the second worker came when all was done.';
  if (is(work)) return 'that is the end without the second worker.';
  if (is(work / 2)) return 'so it would be with both from the start. Who worked before the second one came?';
  if (is((work - joinedAt) / 2)) return 'that is how long both work together. When did they begin to?';
  if (is(joinedAt + work / 2))
    return 'part of the work was done when the second worker came. How much is left?';
  return `after ${joinedAt} s, ${work - joinedAt} s of work are left for two. How long do they take, and when do they begin?`;
}

/** A count that arrived at the client's door: its task, the number of its assignment, the samples inside. */
export interface Arrival {
  readonly task: string;
  readonly assignment: number;
  readonly inside: number;
}

/** The first ones stand in the notebook, the others do not. */
const ARRIVALS: readonly (readonly Arrival[])[] = [
  [
    { task: 'count-0', assignment: 1, inside: 785 },
    { task: 'count-1', assignment: 2, inside: 790 },
    { task: 'count-2', assignment: 3, inside: 785 },
    { task: 'count-1', assignment: 4, inside: 790 },
  ],
  [
    { task: 'b', assignment: 9, inside: 7 },
    { task: 'a', assignment: 7, inside: 0 },
    { task: 'b', assignment: 8, inside: 7 },
    { task: 'b', assignment: 10, inside: 7 },
    { task: 'c', assignment: 11, inside: 7 },
  ],
];

/** 'Write total(arrivals): the samples inside, where some tasks were run more than once.' */
function judgeTotal(answer: (arrivals: readonly Arrival[]) => number): Verdict {
  return judgeFunction(answer, {
    of: 'total(arrivals)',
    inputs: ARRIVALS.map((arrivals) => [arrivals]),
    call: () => 'total(arrivals)',
    wrong: (found, _, arrivals) => wrongTotal(found, arrivals),
    why: 'every task once, whoever counted it and however often. So a lost worker changes no integer.',
  });
}

function wrongTotal(found: number, arrivals: readonly Arrival[]): string | undefined {
  const sum = (counts: Iterable<number>): number => [...counts].reduce((a, b) => a + b, 0);
  const expected = sum(new Map(arrivals.map(({ task, inside }) => [task, inside])).values());
  if (found === expected) return undefined;
  if (found === sum(arrivals.map(({ inside }) => inside)))
    return `${found} counts some samples twice. Which tasks arrived more than once?`;
  if (found === sum(new Set(arrivals.map(({ inside }) => inside))))
    return `${found} leaves out a task whose count happens to equal that of another. By what is a task known?`;
  const again = new Set(arrivals.map(({ task }) => task).filter((task, i, all) => all.indexOf(task) !== i));
  if (found === sum(arrivals.filter(({ task }) => !again.has(task)).map(({ inside }) => inside)))
    return `${found} leaves out all arrivals of a task that came twice. One of them is to count.`;
  if (found === new Set(arrivals.map(({ task }) => task)).size)
    return `${found} is the number of tasks. Add up their counts.`;
  return `the samples inside are ${expected}, not ${found}. Each task counts once.`;
}

/** What a program takes for n samples: fixed + perSample * n, in seconds. */
export interface Cost {
  readonly fixed: number;
  readonly perSample: number;
}

/** None of them stands in the notebook. */
const PAIRS: readonly (readonly [pool: Cost, cluster: Cost])[] = [
  [
    { fixed: 0.001, perSample: 1e-9 },
    { fixed: 0.011, perSample: 0.5e-9 },
  ],
  [
    { fixed: 0.002, perSample: 2e-9 },
    { fixed: 0.05, perSample: 2e-9 },
  ],
  [
    { fixed: 0.002, perSample: 1e-9 },
    { fixed: 0.05, perSample: 3e-9 },
  ],
];

/** 'Write crossover(pool, cluster): from how many samples on is the cluster faster?' */
function judgeCrossover(answer: (pool: Cost, cluster: Cost) => number): Verdict {
  return judgeFunction(answer, {
    of: 'crossover(pool, cluster)',
    inputs: PAIRS,
    call: () => 'crossover(pool, cluster)',
    wrong: (found, _, pool, cluster) => wrongCrossover(found, pool, cluster),
    why: 'a cluster pays where it has more threads than the pool, and enough work to earn its messages.',
  });
}

function wrongCrossover(found: number, pool: Cost, cluster: Cost): string | undefined {
  const [late, gain] = [cluster.fixed - pool.fixed, pool.perSample - cluster.perSample];
  if (gain <= 0) {
    if (found === Infinity) return undefined;
    return `here a sample takes the cluster ${cluster.perSample / pool.perSample} times as long as the pool and it starts later: it is never faster. Give Infinity, not ${found}.`;
  }
  const is = (expected: number) => Math.abs(found / expected - 1) < 1e-3;
  if (is(late / gain)) return undefined;
  if (is(-late / gain))
    return 'a negative number of samples: subtract the other way round in one of the two.';
  if (is(cluster.fixed / gain)) return 'the pool has a fixed cost too.';
  if (is(late / pool.perSample)) return 'the cluster computes too, only faster. What does each sample gain?';
  return `with ${Number(found.toPrecision(4))} samples the pool takes ${secondsOf(pool, found)} s and the cluster ${secondsOf(cluster, found)} s. Where are both alike?`;
}

function secondsOf({ fixed, perSample }: Cost, samples: number): string {
  return (fixed + perSample * samples).toPrecision(3);
}

/** What notebook 06 calls; each prints its verdict. */
export const checkCluster = {
  here: telling(judgeHere),
  end: telling(judgeEnd),
  total: telling(judgeTotal),
  crossover: telling(judgeCrossover),
};
