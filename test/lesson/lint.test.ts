import { describe, expect, test } from 'vitest';
import { lintScript, readScript } from '../../lesson/slurm/lint.js';
import { secondsOf } from '../../tools/slurm/directives.js';
import { REFUSED, SCRIPTS, TAKEN, withDirective } from '../support/directives.js';

const script = (...lines: string[]) => ['#!/bin/bash', ...lines].join('\n');
const found = (...lines: string[]) =>
  lintScript(script(...lines)).map(({ line, message }) => `${line}: ${message}`);

describe('a time as Slurm reads it', () => {
  test.each([
    ['60', 3600],
    ['00:10', 10],
    ['90:00', 5400],
    ['01:00:00', 3600],
    ['2-0', 172_800],
    ['1-12', 129_600],
    ['1-00:30', 88_200],
    ['1-00:00:30', 86_430],
    ['', undefined],
    ['1h', undefined],
    ['1:2:3:4', undefined],
    ['0', Infinity],
    ['UNLIMITED', Infinity],
    ['infinite', Infinity],
    ['-1', Infinity],
    ['1-', 86_400],
    ['-', undefined],
  ])('%s', (text, seconds) => expect(secondsOf(text)).toBe(seconds));
});

describe('slips in a job script', () => {
  test('a script without one has none', () => {
    expect(found('#SBATCH --time=01:00:00', '#SBATCH -o a.log', '', 'exec node worker.js')).toEqual([]);
  });

  test('-t 00:10 is ten seconds', () => {
    expect(found('#SBATCH -t 00:10')).toEqual([
      "2: '00:10' is 10 seconds: two fields are minutes and seconds. Write hours, minutes and seconds, two digits each: '01:00:00' is an hour.",
    ]);
  });

  test('a field of one digit is easily misread; hours alone need no padding', () => {
    expect(found('#SBATCH -t 1:5:00')).toEqual([
      expect.stringMatching(/^2: '1:5:00' is 3900 seconds; a field/),
    ]);
    expect(found('#SBATCH -t 1:05:00')).toEqual([]);
  });

  test('a doubled directive, by its long and its short name', () => {
    const [slip, ...more] = found(
      '#SBATCH --exclusive',
      '#SBATCH -t 01:00:00',
      '#SBATCH --exclusive',
      '#SBATCH --time=02:00:00',
    );
    expect(slip).toMatch(/^4: --exclusive is in line 2 already/);
    expect(more).toEqual([expect.stringMatching(/^5: --time is in line 3 already/)]);
  });

  test('a directive after the first command is not read', () => {
    expect(found('#SBATCH -t 01:00:00', 'module load nodejs', '#SBATCH -c 4')).toEqual([
      expect.stringMatching(/^4: --cpus-per-task comes after the first command/),
    ]);
  });

  test('what Slurm takes for a comment', () => {
    expect(found('#SBATCH -t 01:00:00', '# SBATCH -c 4', ' #SBATCH -c 4')).toEqual([
      expect.stringMatching(/^3: Slurm reads this as a comment/),
      expect.stringMatching(/^4: Slurm reads this as a comment/),
    ]);
  });

  test('one log for all elements; no time; no shell', () => {
    expect(found('#SBATCH --array=0-9', '#SBATCH -o a.log', '#SBATCH -t 01:00:00')).toEqual([
      expect.stringMatching(/^3: All elements would write one log/),
    ]);
    expect(lintScript('exec node')).toEqual([
      { line: 1, message: expect.stringContaining('#!/usr/bin/env bash') },
      { line: 1, message: expect.stringContaining('No --time') },
    ]);
  });
});

describe('what a real sbatch says of it (test/slurm/directives.slurm.ts)', () => {
  const refused = (script: string) =>
    lintScript(script).some(({ message }) => message.startsWith('Slurm refuses'));

  test('the corpus is as large as it says', () => {
    expect(new Set([...TAKEN, ...REFUSED]).size).toBe(TAKEN.length + REFUSED.length);
    expect(TAKEN.length).toBeGreaterThan(80);
  });

  test('what is legal there is legal here', () => {
    expect(TAKEN.filter((directive) => refused(withDirective(directive)))).toEqual([]);
  });

  test('what is refused there is refused here', () => {
    expect(REFUSED.filter((directive) => !refused(withDirective(directive)))).toEqual([]);
  });

  test.each(SCRIPTS)('a script with %s: taken is %s', (_, taken, script) =>
    expect(refused(script)).toBe(!taken),
  );

  test('values are read as sbatch reads them', () => {
    const values = (directive: string) =>
      [...readScript(withDirective(directive)).options].map(([name, { value }]) => `${name}=${value}`);
    expect(values('-t 00:10:00 -N 1 # both')).toEqual(['time=00:10:00', 'nodes=1']);
    expect(values('--comment="a \\"b\\" #c" -Hn2')).toEqual(['comment=a "b" #c', 'hold=', 'ntasks=2']);
    expect(values('--output --time=5')).toEqual(['output=--time=5']);
    expect(values('--job=x')).toEqual(['job-name=x']);
  });
});
