// A real sbatch judges the corpus of directives; lintScript is held to the same verdicts in test/lesson/lint.test.ts.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { REFUSED, SCRIPTS, TAKEN, withDirective } from '../support/directives.js';
import { folder } from '../support/slurm.js';

/** Submits a script on hold, cancels it, and says whether sbatch took it. */
function takes(script: string): boolean {
  const cwd = folder('directives');
  mkdirSync(cwd, { recursive: true });
  writeFileSync(join(cwd, 'job.sh'), script);
  const { status, stdout } = spawnSync('sbatch', ['--parsable', '--hold', 'job.sh'], {
    cwd,
    encoding: 'utf8',
  });
  if (status === 0) spawnSync('scancel', [stdout.trim()]);
  return status === 0;
}

test('sbatch takes what the corpus says that it takes, and refuses the rest', { timeout: 300_000 }, () => {
  expect(TAKEN.filter((directive) => !takes(withDirective(directive)))).toEqual([]);
  expect(REFUSED.filter((directive) => takes(withDirective(directive)))).toEqual([]);
  expect(SCRIPTS.map(([name, , script]) => [name, takes(script)])).toEqual(
    SCRIPTS.map(([name, taken]) => [name, taken]),
  );
});
