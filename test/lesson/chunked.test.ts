// The checks of notebook 05: the right answer passes; each plausible slip gets a message of its own; none throws.
import { describe, test } from 'vitest';
import { random } from '../../lib/index.js';
import { checkChunked } from '../../lesson/checks/chunked.js';
import { claim, fails } from '../support/check-claims.js';

const x = (n: number, chunks: number) => random.uniform(n, { chunks, stream: 'x' });
const y = (n: number, chunks: number) => random.uniform(n, { chunks, stream: 'y' });
const z = (n: number, chunks: number) => random.uniform(n, { chunks, stream: 2 });
const squares = (n: number, chunks: number) => x(n, chunks).square().add(y(n, chunks).square());
type Lazy = (n: number, chunks: number) => unknown;
const lazy = (given: Lazy) => given;

describe('notebook 05', () => {
  test('the number of tasks', async () => {
    await claim(checkChunked.tasks, {
      right: [{ unfused: 35, fused: 5 }],
      wrong: [
        [{ unfused: NaN, fused: NaN }, /replace both NaN/],
        [undefined, /give two numbers/],
        [{ unfused: 28, fused: 4 }, /Where are the other 120 000/],
        [{ unfused: 7, fused: 1 }, /that is one chunk/],
        [{ unfused: 36, fused: 6 }, /'sum of all' is no task/],
        [{ unfused: 30, fused: 5 }, /the sum over a chunk is a task too/],
        [{ unfused: 5, fused: 5 }, /fusion makes a difference/],
        [{ unfused: 35, fused: 2 }, /How many chunks are there\? Not 2/],
        [{ unfused: 34, fused: 5 }, /not 34 tasks/],
        [{ unfused: 70 / 3, fused: 10 / 3 }, /Not 3\.333\.$/],
      ],
    });
  });

  test('a fair cut', async () => {
    await claim(checkChunked.cut, {
      right: [
        [500_001, 500_000],
        [250_001, 250_000, 250_000, 250_000],
        [500_000, 250_000, 250_001],
      ],
      wrong: [
        [[], /the list is empty/],
        ['5', /give a list of sizes/],
        [[500_000, 500_000], /the last point is lost/],
        [[1_000_001], /the second thread has none/],
        [[1, 1_000_000], /the threads get 1 and 1 000 000 points/],
        [[500_000.5, 500_000.5], /a whole number/],
        [[3, 4], /sum to 7, not/],
      ],
    });
  });

  test('the mean distance', async () => {
    await claim(checkChunked.meanDistance, {
      right: [lazy((n, chunks) => squares(n, chunks).sqrt().mean())],
      wrong: [
        [() => undefined, /meanDistance returns nothing/],
        [5, /must be a function of samples and chunks/],
        [() => 0.7652, /before it is computed/],
        [() => '0.7652', /return what a method such as sum\(\) gives, not '0.7652'/],
        [lazy((n, chunks) => squares(n, chunks).sqrt()), /the array of all of them/],
        [lazy((n, chunks) => squares(n, chunks).mean()), /the mean of the squares/],
        [lazy((n, chunks) => squares(n, chunks).sqrt().sum()), /that is the sum/],
        [lazy((n, chunks) => x(n, chunks).square().multiply(2).sqrt().mean()), /hold the same numbers/],
        [lazy((n) => squares(n, 50).sqrt().mean()), /not cut as asked/],
        [lazy(() => squares(10, 10).sqrt().mean()), /has 10 elements, and should have 1000/],
        [lazy((n, chunks) => squares(n, chunks).sqrt().max()), /of these 1000 points is 0\.\d+, not 1\.\d+/],
        [fails, /your code stopped with RangeError: oops/],
      ],
    });
  });

  test('the ball', async () => {
    const all = (n: number, chunks: number) => squares(n, chunks).add(z(n, chunks).square());
    await claim(checkChunked.ball, {
      right: [lazy((n, chunks) => all(n, chunks).lessEqual(1).sum())],
      wrong: [
        [() => undefined, /ballInside returns nothing/],
        ['ball', /must be a function/],
        [lazy((n, chunks) => all(n, chunks).lessEqual(1)), /the array of all of them/],
        [lazy((n, chunks) => squares(n, chunks).lessEqual(1).sum()), /points in the circle/],
        [
          lazy((n, chunks) => squares(n, chunks).add(y(n, chunks).square()).lessEqual(1).sum()),
          /a copy of another one/,
        ],
        [lazy((n, chunks) => all(n, chunks).greater(1).sum()), /counts the points outside/],
        [lazy((n, chunks) => all(n, chunks).lessEqual(0.5).sum()), /of 1000 points in streams x, y and 2/],
      ],
    });
  });
});
