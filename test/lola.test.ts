import { existsSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { lolaProgram } from '../lib/lola.js';

test('the lola program is the file that package.json names', () => {
  const { bin } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    bin: { lola: string };
  };
  expect(basename(lolaProgram())).toBe(basename(bin.lola));
  expect(existsSync(lolaProgram())).toBe(true);
});
