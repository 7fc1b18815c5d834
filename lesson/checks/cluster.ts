// Checks for the exercises of notebook 06.
import { show } from '../../lib/errors.js';
import { checksOf, described, functionCheck, grouped, wrongNumber, type Wrong, each } from './check.js';

/** A scheduler's log: '+ida' for a worker that joins, '-ida' for one that leaves, anything else as it is. */
function logOf(...events: readonly string[]): string[] {
  let here = 0;
  return events.map((event) => {
    if (event.startsWith('+'))
      return `lola.scheduler - INFO - Worker joined: ${event.slice(1)}, 1 thread (${++here} here)`;
    if (event.startsWith('-'))
      return `lola.scheduler - INFO - Worker left: ${event.slice(1)} (drained; ${--here} here)`;
    return `lola.scheduler - ${event}`;
  });
}

const REFUSED = 'WARNING - Refused a connection from 127.0.0.1: wrong token';
/** The notebook shows the first log. */
const LOGS = [
  logOf('INFO -   Scheduler at:  ws://127.0.0.1:8786', '+lola', '+rob', '+ida', '-rob', REFUSED),
  logOf('+node-1', '+node-12', '+node-2', '-node-1').map((line) => line.replace('drained', 'killed')),
  logOf('+a', '-a', '+b', '+a'),
];

const WORKER = /Worker (joined|left): ([^ ,]+)/;

function hereAfter(log: readonly string[]): Set<string> {
  const here = new Set<string>();
  for (const line of log) {
    const [, what, name] = WORKER.exec(line) ?? [];
    if (what === 'joined') here.add(name);
    if (what === 'left') here.delete(name);
  }
  return here;
}

function wrongHere(found: readonly unknown[], log: readonly string[]): Wrong {
  const odd = found.findIndex((name) => typeof name !== 'string');
  if (odd >= 0) return `a name is a text, not ${described(found[odd])}.`;
  const names = found as readonly string[];
  const known = log.flatMap((line) => WORKER.exec(line)?.[2] ?? []);
  if (names.length === 0)
    return `the list is empty. Which ${known[0].includes('-') ? 'characters may a name have' : 'lines say that a worker came'}?`;
  const cut = names.find((name) => /[\s,;:]/.test(name));
  if (cut !== undefined) return `${show(cut)} is more than a name. Where does the name end?`;
  const part = names.find((name) => !known.includes(name) && known.some((one) => one.startsWith(name)));
  if (part !== undefined)
    return `${show(part)} is only the beginning of a name. Which characters may a name have?`;
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    return `${show(twice)} is in the list twice: it left and came back, and is one worker.`;
  const hasLeft = (name: string) => log.some((line) => line.includes(`left: ${name} `));
  const here = hereAfter(log);
  const gone = names.find((name) => !here.has(name));
  if (gone !== undefined)
    return `${show(gone)} ${hasLeft(gone) ? 'has left. Do you read those lines?' : 'is not a worker in this log.'}`;
  const missing = [...here].find((name) => !names.includes(name));
  if (missing === undefined) return undefined;
  return hasLeft(missing)
    ? `${show(missing)} left, but came back after that. The order of the lines counts.`
    : `${show(missing)} is here, and not in your list. Did another one with a similar name leave?`;
}

function wrongEnd(found: number, work: number, joinedAt: number): Wrong {
  if (joinedAt >= work)
    return wrongNumber({ right: work, other: () => 'the second worker came when everything was done.' })(
      found,
    );
  return wrongNumber({
    right: joinedAt + (work - joinedAt) / 2,
    slips: [
      [work, 'that is the end without the second worker.'],
      [work / 2, 'that is the end if both work from the start. Who worked before the second one came?'],
      [(work - joinedAt) / 2, 'that is how long both work together. When do they begin?'],
      [joinedAt + work / 2, 'part of the work was done when the second worker came. How much is left?'],
    ],
    other: () =>
      `after ${joinedAt} s, ${work - joinedAt} s of work are left for two. How long do they take, and when do they begin?`,
  })(found);
}

/** A count that arrived at the client's door: its task, the number of its assignment, the samples inside. */
export interface Arrival {
  readonly task: string;
  readonly assignment: number;
  readonly inside: number;
}

/** Counts as they arrive, each with its task; the notebook shows the first list. */
const ARRIVALS = ['count-0:785 count-1:790 count-2:785 count-1:790', 'b:7 a:0 b:7 b:7 c:8'].map((list) =>
  list.split(' ').map((text, i): Arrival => {
    const [task, inside] = text.split(':');
    return { task, assignment: i + 1, inside: Number(inside) };
  }),
);

function wrongTotal(found: number, arrivals: readonly Arrival[]): Wrong {
  const sum = (counts: Iterable<number>): number => [...counts].reduce((a, b) => a + b, 0);
  const all = arrivals.map(({ inside }) => inside);
  const tasks = arrivals.map(({ task }) => task);
  const once = all.filter((_, i) => tasks.indexOf(tasks[i]) === tasks.lastIndexOf(tasks[i]));
  const right = sum(new Map(arrivals.map(({ task, inside }) => [task, inside])).values());
  return wrongNumber({
    right,
    within: 0,
    slips: [
      [sum(all), 'it counts some samples twice. Which tasks arrived more than once?'],
      [sum(new Set(all)), 'it leaves out a task whose count equals that of another. What names a task?'],
      [sum(once), 'it leaves out all arrivals of a task that came twice. Count one of them.'],
      [new Set(tasks).size, 'that is the number of tasks. Add up their counts.'],
    ],
    other: () => `the samples inside are ${grouped(right)}. Each task counts once.`,
  })(found);
}

/** What a program takes for n samples: fixed + perSample * n, in seconds. */
export interface Cost {
  readonly fixed: number;
  readonly perSample: number;
}

const cost = (fixed: number, perSample: number): Cost => ({ fixed, perSample });

function wrongCrossover(found: number, pool: Cost, cluster: Cost): Wrong {
  const [late, gain] = [cluster.fixed - pool.fixed, pool.perSample - cluster.perSample];
  const slower = grouped(cluster.perSample / pool.perSample);
  const slow = slower === '1' ? 'as long' : `${slower} times as long`;
  if (gain <= 0 && found === Infinity) return undefined;
  if (gain <= 0)
    return `here the cluster starts later and takes ${slow} for a sample: it is never faster. Return Infinity.`;
  if (found === Infinity) return 'here the cluster takes less time for a sample, so it does catch up.';
  if (found < 0) return 'a negative number of samples: subtract the other way round in one of the two.';
  const seconds = ({ fixed, perSample }: Cost) => (fixed + perSample * found).toPrecision(3);
  return wrongNumber({
    right: late / gain,
    slips: [
      [cluster.fixed / gain, 'the pool has a fixed cost too.'],
      [late / cluster.perSample, 'the pool computes too. What does each sample gain?'],
      [late / pool.perSample, 'the cluster computes too, only faster. What does each sample gain?'],
    ],
    other: () =>
      `for that many samples the pool takes ${seconds(pool)} s and the cluster ${seconds(cluster)} s. Where are both equal?`,
  })(found);
}

/** What notebook 06 calls. */
export const checkCluster = checksOf('06', {
  here: functionCheck<[log: string[]], readonly unknown[]>({
    of: 'workersHere(log)',
    gives: 'a list',
    inputs: LOGS.map((log) => [log]),
    wrong: wrongHere,
    why: 'the log alone shows who is here, without asking the scheduler (C13).',
  }),
  end: functionCheck<[work: number, joinedAt: number]>({
    of: 'endOf(work, joinedAt)',
    inputs: each([10, 4], [61, 0], [10, 12]),
    wrong: wrongEnd,
    why: 'both share what is left when the second one joins. A worker that comes after the end changes nothing.',
  }),
  total: functionCheck<[arrivals: Arrival[]]>({
    of: 'total(arrivals)',
    inputs: ARRIVALS.map((arrivals) => [arrivals]),
    wrong: wrongTotal,
    why: 'every task once, whichever worker counted it, and however often. So a lost worker changes no integer.',
  }),
  caught: functionCheck<[share: number, lies: number]>({
    of: 'caught(share, lies)',
    inputs: each([0.05, 1], [0.05, 20], [0.5, 2], [1, 3]),
    wrong: wrongNumber({
      right: (share, lies) => 1 - (1 - share) ** lies,
      slips: [
        [(share) => share, 'that is the chance for one lie. Each further lie may be caught, too.'],
        [(share, lies) => share * lies, 'chances like these do not add up: for 21 lies it would be above 1.'],
        [(share, lies) => (1 - share) ** lies, 'that is the chance that every lie gets through.'],
        [(share, lies) => share ** lies, 'that is the chance that every lie is caught. One is enough.'],
        [
          (share, lies) => lies * share * (1 - share) ** (lies - 1),
          'that is the chance of catching exactly one lie.',
        ],
      ],
    }),
    why: 'few checks catch a worker that lies often. Only a check of everything (a share of 1) catches one that lies once.',
  }),
  crossover: functionCheck<[pool: Cost, cluster: Cost]>({
    of: 'crossover(pool, cluster)',
    inputs: each(
      [cost(0.001, 1e-9), cost(0.011, 0.5e-9)],
      [cost(0.001, 4e-9), cost(0.031, 1e-9)],
      [cost(0.002, 2e-9), cost(0.05, 2e-9)],
      [cost(0.002, 1e-9), cost(0.05, 3e-9)],
    ),
    wrong: wrongCrossover,
    why: 'a cluster pays if it has more threads than the pool, and enough work to make up for its messages.',
  }),
});
