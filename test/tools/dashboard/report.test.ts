import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { afterAll, describe, expect, test } from 'vitest';
import type { Picture } from '../../../tools/dashboard/picture.js';
import { Recorder } from '../../../tools/dashboard/recorder.js';
import { readPageFile, renderReport } from '../../../tools/dashboard/report.js';
import { startPool } from '../../../lib/execute/pool.js';
import type { ExecutorEvent } from '../../../lib/task/executor.js';
import { CONTRACT_TASKS } from '../../support/executor-contract.js';

const folder = mkdtempSync(join(tmpdir(), 'lola-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const LOLA = fileURLToPath(new URL('../../support/lola.mjs', import.meta.url));

/** What a report has inside. */
function dataOf(report: string): Picture {
  return JSON.parse(
    /<script type="application\/json" id="recorded">(.*?)<\/script>/s.exec(report)![1],
  ) as Picture;
}

describe('reports', () => {
  test('a pool’s events give a report with every task, and the same events the same report', async () => {
    const events: ExecutorEvent[] = [];
    const pool = await startPool({ workers: 2, tasks: [CONTRACT_TASKS] });
    const tasks = Array.from({ length: 300 }, (_, i) => ({ key: `t${i}`, operation: 'spin', input: 0.2 }));
    await pool.run(tasks, { onEvent: (event) => void events.push(event) });
    await pool.close();
    const [first, again] = [1, 2].map(() => {
      const recorder = new Recorder('two threads', 'a machine');
      for (const event of events) recorder.add(event);
      return recorder.picture();
    });
    expect(again).toEqual(first);
    expect([first.title, first.machine]).toEqual(['two threads', 'a machine']);
    expect(first.progress).toEqual({
      ...{ queued: 300, waiting: 0, running: 0, finished: 300, failed: 0, dropped: 0, retried: 0 },
    });
    expect(first.rows.flatMap(({ boxes }) => boxes).reduce((sum, { count }) => sum + count, 0)).toBe(300);
    expect(dataOf(renderReport(first))).toEqual(JSON.parse(JSON.stringify(first)));
  });

  test('lola pi writes one: small, with its run in it', () => {
    const path = join(folder, 'run.html');
    const words = ['pi', '--stage', 'pool', '--workers', '2', '--samples', '1e8', '--report', path];
    execFileSync(process.execPath, [LOLA, ...words], { stdio: 'ignore' });
    const picture = dataOf(readFileSync(path, 'utf8'));
    expect(picture).toMatchObject({ title: "Lola's pi: pool", run: 1, ledger: { threads: 2 } });
    expect(picture.progress.finished).toBeGreaterThan(1);
    expect(statSync(path).size).toBeLessThan(2e5);
  });

  test('a report needs nothing from elsewhere, and its joined modules are one program', () => {
    const report = renderReport(new Recorder('nothing').picture());
    expect(report).not.toMatch(/<(script|link|img)[^>]+(src|href)="(?!data:)/);
    const page = new URL('../../../tools/dashboard/page', import.meta.url);
    const modules = readdirSync(page).filter((name) => name.endsWith('.ts'));
    for (const name of modules) {
      const path = `/dashboard/page/${name.replace('.ts', '.js')}`;
      expect([name, readPageFile(path)?.type]).toEqual([name, 'text/javascript']);
    }
    const [, program] = /<script type="module">(.*?)<\/script>/s.exec(report)!;
    expect(() => new Script(`'use strict';${program}`)).not.toThrow(); // a name used twice would be refused
    expect(program).not.toMatch(/^(import|export)\b/m);
  });

  test('names of any form stay data', () => {
    const name = '</script><img src=x onerror=alert(1)>';
    const recorder = new Recorder('test');
    recorder.add({ type: 'queued', task: name, time: 1 });
    recorder.add({ type: 'started', task: name, worker: name, thread: 0, time: 2 });
    recorder.add({ type: 'left', worker: name, reason: name, time: 3 });
    const report = renderReport(recorder.picture());
    expect(report).not.toContain('<img src=x');
    expect(report).toContain('\\u003c/script>');
  });
});
