// The checks of notebook 06: the right answer passes; each plausible slip gets a message of its own; none throws.
import { describe, test } from 'vitest';
import { checkCluster, type Arrival, type Cost } from '../../lesson/checks/cluster.js';
import { claim, fails } from '../support/check-claims.js';

describe('notebook 06', () => {
  test('who is here', async () => {
    const namesOf = (lines: readonly string[], pattern: RegExp) =>
      lines.flatMap((line) => pattern.exec(line)?.[1] ?? []);
    const came = (lines: readonly string[]) => namesOf(lines, /joined: ([^,]+)/);
    const went = (lines: readonly string[]) => namesOf(lines, /left: (\S+)/);
    const replayed = (lines: readonly string[]) => {
      const here = new Set<string>();
      for (const line of lines) {
        for (const name of came([line])) here.add(name);
        for (const name of went([line])) here.delete(name);
      }
      return [...here];
    };
    const withoutLeavers = (lines: readonly string[]) =>
      [...new Set(came(lines))].filter((name) => !went(lines).includes(name));
    const withoutLikeNamed = (lines: readonly string[]) =>
      replayed(lines).filter((name) => !went(lines).some((gone) => gone !== name && name.startsWith(gone)));
    const lastLineOf = (lines: readonly string[], text: string) =>
      lines.reduce((last, line, i) => (line.includes(text) ? i : last), -1);
    const byLastLine = (lines: readonly string[]) =>
      came(lines).filter(
        (name) => lastLineOf(lines, `joined: ${name},`) > lastLineOf(lines, `left: ${name} `),
      );
    await claim(checkCluster.here, {
      right: [replayed, (lines: readonly string[]) => replayed(lines).reverse()],
      wrong: [
        [() => [], /the list is empty/],
        [
          (log: readonly string[]) => (log.join().includes('node-1') ? [] : ['lola', 'ida']),
          /the list is empty. Which characters may a name have/,
        ],
        [() => undefined, /workersHere returns nothing\. Does it end in a return/],
        ['lola', /must be a function/],
        [() => [1, 2], /a name is a text, not 1/],
        [came, /'rob' has left\. Do you read those lines/],
        [(lines: readonly string[]) => namesOf(lines, /joined: (\S+)/), /'lola,' is more than a name/],
        [(lines: readonly string[]) => ['lola', 'ida', undefined, ...lines], /a name is a text, not nothing/],
        [() => ['lo'], /'lo' is only the beginning of a name/],
        [(lines: readonly string[]) => [...replayed(lines), 'scheduler'], /'scheduler' is not a worker/],
        [
          withoutLikeNamed,
          /'node-12' is here, and not in your list\. Did another one with a similar name leave/,
        ],
        [
          (lines: readonly string[]) =>
            came(lines).filter((name) => !namesOf(lines, /left: (\S+) \(drained/).includes(name)),
          /'node-1' has left\. Do you read those lines/,
        ],
        [withoutLeavers, /'a' left, but came back/],
        [byLastLine, /'a' is in the list twice/],
        [fails, /your code stopped with RangeError: oops/],
      ],
    });
  });

  test('the end of a run that a worker joins', async () => {
    await claim(checkCluster.end, {
      right: [
        (work: number, at: number, end = (work + at) / 2) => Math.min(work, end),
        (work: number, at: number) => Math.min(work, (work + at) / 2),
        (work: number, at: number) => (at >= work ? work : at + (work - at) / 2),
      ],
      wrong: [
        [() => undefined, /endOf returns nothing/],
        [() => '7', /must be a number, but is '7'/],
        [7, /must be a function/],
        [(work: number) => work, /endOf\(10, 4\) is 10: that is the end without/],
        [(work: number) => work / 2, /if both work from the start/],
        [(work: number, at: number) => (work - at) / 2, /how long both work together/],
        [(work: number, at: number) => at + work / 2, /How much is left/],
        [(work: number, at: number) => (work + at) / 2, /endOf\(10, 12\) is 11: .* when everything was done/],
        [(work: number, at: number) => Math.round(Math.min(work, (work + at) / 2)), /endOf\(61, 0\) is 31: /],
        [(work: number, at: number) => work + at, /6 s of work are left for two/],
        [fails, /oops/],
      ],
    });
  });

  test('the total of counts of which some arrived twice', async () => {
    const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
    const by = (keyOf: (arrival: Arrival) => unknown) => (arrivals: readonly Arrival[]) =>
      sum([...new Map(arrivals.map((arrival) => [keyOf(arrival), arrival.inside])).values()]);
    await claim(checkCluster.total, {
      right: [
        by(({ task }) => task),
        (arrivals: readonly Arrival[]) =>
          sum(
            arrivals
              .filter(({ task }, i) => arrivals.findIndex((other) => other.task === task) === i)
              .map(({ inside }) => inside),
          ),
      ],
      wrong: [
        [() => NaN, /must be a number, but is NaN/],
        [() => undefined, /returns nothing/],
        [2360, /must be a function/],
        [by(({ assignment }) => assignment), /is 3 150: it counts some samples twice/],
        [by(({ inside }) => inside), /is 1 575: it leaves out a task whose count equals/],
        [
          (arrivals: readonly Arrival[]) =>
            sum(
              arrivals
                .filter(({ task }) => arrivals.filter((other) => other.task === task).length === 1)
                .map(({ inside }) => inside),
            ),
          /is 1 570: it leaves out all arrivals/,
        ],
        [
          (arrivals: readonly Arrival[]) => new Set(arrivals.map(({ task }) => task)).size,
          /is 3: that is the number of tasks/,
        ],
        [(arrivals: readonly Arrival[]) => sum(arrivals.slice(0, 3).map(({ inside }) => inside)), /is 14: /],
        [
          () => 2360,
          /is 2 360: the samples inside are 15\. [^]*\n {2}\{ task: "c", assignment: 5, inside: 8 \}$/,
        ],
        [fails, /oops/],
      ],
    });
  });

  test('the chance of catching a worker that lies', async () => {
    await claim(checkCluster.caught, {
      right: [
        (share: number, lies: number) => 1 - (1 - share) ** lies,
        (share: number, lies: number) => {
          let missed = 1;
          for (let lie = 0; lie < lies; lie++) missed *= 1 - share;
          return 1 - missed;
        },
      ],
      wrong: [
        [() => NaN, /must be a number, but is NaN/],
        [() => undefined, /returns nothing/],
        [0.64, /must be a function/],
        [(share: number) => share, /caught\(0\.05, 20\) is 0\.05: that is the chance for one lie/],
        [(share: number, lies: number) => share * lies, /is 1: chances like these do not add up/],
        [
          (share: number, lies: number) => (1 - share) ** lies,
          /is 0\.95: that is the chance that every lie gets/,
        ],
        [(share: number, lies: number) => share ** lies, /that every lie is caught\. One is enough/],
        [fails, /oops/],
      ],
    });
  });

  test('where the cluster crosses the pool', async () => {
    const late = (pool: Cost, cluster: Cost) => cluster.fixed - pool.fixed;
    const gain = (pool: Cost, cluster: Cost) => pool.perSample - cluster.perSample;
    await claim(checkCluster.crossover, {
      right: [
        (pool: Cost, cluster: Cost) =>
          gain(pool, cluster) > 0 ? late(pool, cluster) / gain(pool, cluster) : Infinity,
      ],
      wrong: [
        [() => undefined, /Does it end in a return/],
        [() => '2e7', /must be a number, but is '2e7'/],
        [2e7, /must be a function/],
        [
          (pool: Cost, cluster: Cost) => -late(pool, cluster) / gain(pool, cluster),
          /a negative number of samples/,
        ],
        [(pool: Cost, cluster: Cost) => cluster.fixed / gain(pool, cluster), /the pool has a fixed cost too/],
        [(pool: Cost, cluster: Cost) => late(pool, cluster) / pool.perSample, /the cluster computes too/],
        [
          (pool: Cost, cluster: Cost) =>
            gain(pool, cluster) > 0 ? late(pool, cluster) / cluster.perSample : Infinity,
          /is 30 000 000: the pool computes too/,
        ],
        [() => Infinity, /so it does catch up/],
        [
          () => 1e6,
          /is 1 000 000: for that many samples the pool takes 0\.00200 s and the cluster 0\.0115 s/,
        ],
        [
          (pool: Cost, cluster: Cost) =>
            gain(pool, cluster) === 0 ? Infinity : late(pool, cluster) / gain(pool, cluster),
          /is -24 000 000: .* 3 times as long .* Return Infinity/,
        ],
        [
          (pool: Cost, cluster: Cost) =>
            gain(pool, cluster) > 0 ? late(pool, cluster) / gain(pool, cluster) : 0,
          /is 0: .* takes as long for a sample: .* Return Infinity/,
        ],
        [fails, /oops/],
      ],
    });
  });
});
