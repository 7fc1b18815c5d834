// The checks of notebook 06: the right answer passes; each plausible slip gets a message of its own; none throws.
import { describe, test } from 'vitest';
import { checkCluster, type Arrival, type Cost } from '../../lesson/checks/cluster.js';
import { claim, fails } from '../support/check-claims.js';

describe('notebook 06', () => {
  test('who is here', () => {
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
    claim(checkCluster.here, {
      right: [replayed, (lines: readonly string[]) => replayed(lines).reverse()],
      wrong: [
        [() => [], /the list is empty/],
        [() => undefined, /workersHere gives nothing\. Does it end in a return/],
        ['lola', /must be a function/],
        [() => [1, 2], /a name is a text, not 1/],
        [came, /'rob' has left\. Do you read those lines/],
        [(lines: readonly string[]) => namesOf(lines, /joined: (\S+)/), /'lola,' is more than a name/],
        [(lines: readonly string[]) => [...replayed(lines), 'scheduler'], /'scheduler' is no worker/],
        [
          withoutLikeNamed,
          /'node-12' is here, and not in your list\. Did another one with a similar name leave/,
        ],
        [withoutLeavers, /'a' left, but came back/],
        [byLastLine, /'a' is in the list twice/],
        [fails, /your code stopped with RangeError: oops/],
      ],
    });
  });

  test('the end of a run that a worker joins', () => {
    claim(checkCluster.end, {
      right: [
        (work: number, at: number) => Math.min(work, (work + at) / 2),
        (work: number, at: number) => (at >= work ? work : at + (work - at) / 2),
      ],
      wrong: [
        [() => undefined, /endOf gives nothing/],
        [() => '7', /must be a number, and is '7'/],
        [7, /must be a function/],
        [(work: number) => work, /endOf\(10, 4\) is not 10: that is the end without/],
        [(work: number) => work / 2, /so it would be with both from the start/],
        [(work: number, at: number) => (work - at) / 2, /how long both work together/],
        [(work: number, at: number) => at + work / 2, /How much is left/],
        [(work: number, at: number) => (work + at) / 2, /endOf\(10, 12\) is not 11: .* when all was done/],
        [(work: number, at: number) => work + at, /6 s of work are left for two/],
        [fails, /oops/],
      ],
    });
  });

  test('the total of counts of which some arrived twice', () => {
    const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
    const by = (keyOf: (arrival: Arrival) => unknown) => (arrivals: readonly Arrival[]) =>
      sum([...new Map(arrivals.map((arrival) => [keyOf(arrival), arrival.inside])).values()]);
    claim(checkCluster.total, {
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
        [() => NaN, /must be a number, and is NaN/],
        [() => undefined, /gives nothing/],
        [2360, /must be a function/],
        [by(({ assignment }) => assignment), /3150 counts some samples twice/],
        [by(({ inside }) => inside), /1575 leaves out a task whose count happens to equal/],
        [
          (arrivals: readonly Arrival[]) =>
            sum(
              arrivals
                .filter(({ task }) => arrivals.filter((other) => other.task === task).length === 1)
                .map(({ inside }) => inside),
            ),
          /1570 leaves out all arrivals/,
        ],
        [
          (arrivals: readonly Arrival[]) => new Set(arrivals.map(({ task }) => task)).size,
          /3 is the number of tasks/,
        ],
        [() => 2360, /the samples inside are 14, not 2360/],
        [fails, /oops/],
      ],
    });
  });

  test('where the cluster crosses the pool', () => {
    const late = (pool: Cost, cluster: Cost) => cluster.fixed - pool.fixed;
    const gain = (pool: Cost, cluster: Cost) => pool.perSample - cluster.perSample;
    claim(checkCluster.crossover, {
      right: [
        (pool: Cost, cluster: Cost) =>
          gain(pool, cluster) > 0 ? late(pool, cluster) / gain(pool, cluster) : Infinity,
      ],
      wrong: [
        [() => undefined, /Does it end in a return/],
        [() => '2e7', /must be a number, and is '2e7'/],
        [2e7, /must be a function/],
        [
          (pool: Cost, cluster: Cost) => -late(pool, cluster) / gain(pool, cluster),
          /a negative number of samples/,
        ],
        [(pool: Cost, cluster: Cost) => cluster.fixed / gain(pool, cluster), /the pool has a fixed cost too/],
        [(pool: Cost, cluster: Cost) => late(pool, cluster) / pool.perSample, /the cluster computes too/],
        [() => 1e6, /with 1000000 samples the pool takes 0\.00200 s and the cluster 0\.0115 s/],
        [
          (pool: Cost, cluster: Cost) =>
            gain(pool, cluster) === 0 ? Infinity : late(pool, cluster) / gain(pool, cluster),
          /3 times as long .* Give Infinity, not -2/,
        ],
        [
          (pool: Cost, cluster: Cost) =>
            gain(pool, cluster) > 0 ? late(pool, cluster) / gain(pool, cluster) : 0,
          /1 times as long .* Give Infinity, not 0/,
        ],
        [fails, /oops/],
      ],
    });
  });
});
