import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { afterAll, describe, expect, test } from 'vitest';
import { createEventsFile, readEventsFile } from '../../../tools/dashboard/events-file.js';
import type { Picture } from '../../../tools/dashboard/picture.js';
import { pageFile, renderReport } from '../../../tools/dashboard/report.js';
import { InvalidArgumentError } from '../../../lib/errors.js';
import { startPool } from '../../../lib/execute/pool.js';
import { CONTRACT_TASKS } from '../../support/executor-contract.js';

const folder = mkdtempSync(join(tmpdir(), 'lola-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const LOLA = fileURLToPath(new URL('../../support/lola.mjs', import.meta.url));
const lola = (...words: string[]) =>
  execFileSync(process.execPath, [LOLA, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    cwd: folder,
  });

/** What a report has inside. */
function dataOf(report: string): Picture {
  return JSON.parse(
    /<script type="application\/json" id="recorded">(.*?)<\/script>/s.exec(report)![1],
  ) as Picture;
}

describe('recorded runs', () => {
  test('a pool’s events, written and read, give a report with every task', async () => {
    const path = join(folder, 'pool.jsonl');
    const file = createEventsFile(path, 'two threads', 'a machine');
    const pool = await startPool({ workers: 2, tasks: [CONTRACT_TASKS] });
    const tasks = Array.from({ length: 300 }, (_, i) => ({ key: `t${i}`, operation: 'spin', input: 0.2 }));
    await pool.run(tasks, { onEvent: file.onEvent });
    await pool.close();
    file.close();
    file.close();
    const picture = readEventsFile(path);
    expect([picture.title, picture.machine]).toEqual(['two threads', 'a machine']);
    expect(picture.progress).toEqual({
      queued: 300,
      waiting: 0,
      running: 0,
      finished: 300,
      failed: 0,
      dropped: 0,
      retried: 0,
    });
    expect(picture.rows.flatMap(({ boxes }) => boxes).reduce((sum, { count }) => sum + count, 0)).toBe(300);
    expect(dataOf(renderReport(picture))).toEqual(JSON.parse(JSON.stringify(picture)));
  });

  test('the command line: pi writes events and a report, report draws the same again', () => {
    lola(
      'pi',
      '--stage',
      'pool',
      '--workers',
      '2',
      '--samples',
      '1e8',
      '--events',
      'run.jsonl',
      '--report',
      'run.html',
    );
    lola('report', 'run.jsonl', '--out', 'again.html');
    const [first, again] = ['run.html', 'again.html'].map((name) => readFileSync(join(folder, name), 'utf8'));
    expect(again).toBe(first);
    expect(dataOf(first)).toMatchObject({ title: "Lola's pi: pool", lesson: { threads: 2, run: 1 } });
    expect(dataOf(first).progress.finished).toBeGreaterThan(1);
    expect(statSync(join(folder, 'run.html')).size).toBeLessThan(2e6);
  });

  test('a report needs nothing from elsewhere, and its joined modules are one program', () => {
    const path = join(folder, 'empty.jsonl');
    createEventsFile(path, 'nothing', '').close();
    const report = renderReport(readEventsFile(path));
    expect(report).not.toMatch(/<(script|link|img)[^>]+(src|href)="(?!data:)/);
    const modules = readdirSync(new URL('../../../tools/dashboard/page', import.meta.url)).filter((name) =>
      name.endsWith('.ts'),
    );
    for (const name of modules)
      expect([name, pageFile(`/page/${name.replace('.ts', '.js')}`)?.type]).toEqual([
        name,
        'text/javascript',
      ]);
    const [, program] = /<script type="module">(.*?)<\/script>/s.exec(report)!;
    expect(() => new Script(`'use strict';${program}`)).not.toThrow(); // a name used twice would be refused
    expect(program).not.toMatch(/^(import|export)\b/m);
  });

  test('what is no events file is refused by line', () => {
    const path = join(folder, 'bad.jsonl');
    const head = '{"type":"run","format":1,"title":"","machine":""}';
    const refused: readonly [string, string][] = [
      ['', 'names no run'],
      ['{"type":"queued"}', 'names no run'],
      [`${head}\n{"type":"queued","task":"a","time":1}\nnonsense\n`, 'line 3'],
      [`${head}\n{"type":"queued","task":"a","time":"1"}\n`, 'line 2'],
      [`${head}\n{"type":"joined","worker":"w","threads":1e9,"time":1}\n`, 'line 2'],
    ];
    for (const [text, told] of refused) {
      writeFileSync(path, text);
      expect(() => readEventsFile(path)).toThrow(InvalidArgumentError);
      expect(() => readEventsFile(path)).toThrow(told);
    }
    expect(() => readEventsFile(join(folder, 'none'))).toThrow(InvalidArgumentError);
    expect(() => createEventsFile(join(folder, 'no', 'x'), '', '')).toThrow(InvalidArgumentError);
  });
});
