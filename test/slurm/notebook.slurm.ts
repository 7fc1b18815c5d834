import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test, vi } from 'vitest';
import { openTerminal } from '../../lesson/slurm/terminal.js';
import { readNotebook } from '../support/notebook.js';
import { runNotebook, textOf } from '../support/notebook-runner.js';
import { folder, own } from '../support/slurm.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lessons = () => readdirSync(root).filter((name) => name.startsWith('lola-lesson'));
const before = lessons();
afterAll(() => {
  for (const name of lessons()) if (!before.includes(name)) rmSync(join(root, name), { recursive: true });
});

test('the lesson’s terminal runs commands, shows a failure, and ends what it has in the background', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const terminal = await openTerminal();
  expect(terminal.live).toBe(true);
  await terminal.run('cd ..; name=lola; sinfo -h -o %R | sort');
  await terminal.run('echo $name; cat nowhere');
  await terminal.run('sleep 600 & echo $!');
  await terminal.close();
  const said = log.mock.calls.map(([text]) => text as string);
  log.mockRestore();
  expect(said[0]).toBe('$ cd ..; name=lola; sinfo -h -o %R | sort\ndebug\nscrap\nspot');
  expect(said[1]).toMatch(/\nlola\ncat: nowhere: No such file or directory\n\(exit code 1\)$/);
  const state = () =>
    spawnSync('ps', ['-o', 'stat=', '-p', said[2].split('\n')[1]], { encoding: 'utf8' }).stdout;
  await expect.poll(state).toMatch(/^(Z.*\n)?$/); // gone, or dead and not yet waited for
});

test('a terminal that was told to exit says so to each command after, and can be closed', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const terminal = await openTerminal();
  for (const command of ['exit 3', 'echo again'])
    await expect(terminal.run(command)).rejects.toThrow('the terminal has ended. Run the set-up cell again.');
  await terminal.close();
  log.mockRestore();
});

test(
  'notebook 07 runs on a Slurm: one integer three ways, and no job stays',
  { timeout: 600_000 },
  async () => {
    const home = folder('home');
    mkdirSync(home);
    const { cells, problems } = await runNotebook(readNotebook('07-slurm.ipynb'), {
      env: { HOME: home },
      cellTimeoutMs: 300_000,
    });
    expect(problems).toEqual([]);
    const text = cells
      .map((run) => textOf(run))
      .join(' ')
      .replaceAll('\n', ' '); // long rows are folded
    expect(text).toContain('A Slurm answers: commands run here');
    expect(text).not.toMatch(/\(exit code/);
    expect(text.match(/3141601561 of them inside/g)).toHaveLength(3);
    expect(text.match(/6283161607 of them inside/g)).toHaveLength(3); // result.txt, resume, and with an element cancelled
    expect(text).toMatch(/CANCELLED, on node\d.*submitting again what is missing/);
    await expect.poll(own).toEqual([]);
  },
);
