// A limit of time in a test ends what hangs. A busy machine must stay far below it.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const LIMIT = /\b(?:timeout|testTimeout|hookTimeout): ([\d_]+)/g;

test('no test gives up on its work, or on a command, within a minute', () => {
  const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.m?[jt]s$/.test(file) && !/node_modules|bench/.test(file))
    .map((file) => join('test', file));
  const short = [...files, 'vitest.config.js', 'vitest.slurm.config.js'].flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(LIMIT)]
      .filter(([, ms]) => Number(ms.replaceAll('_', '')) < 60_000)
      .map(([text]) => `${file}: ${text}`),
  );
  expect(short).toEqual([]);
});
