import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from 'vitest';
import { freshFolder, openTerminal, readRecording } from '../../lesson/slurm/terminal.js';
import { readNotebook, sourceOf } from '../support/notebook.js';

let log: MockInstance;
beforeEach(() => (log = vi.spyOn(console, 'log').mockImplementation(() => {})));
afterEach(() => log.mockRestore());
const said = () => log.mock.calls.map(([text]) => text as string);

describe('the recording of notebook 07', () => {
  const { steps } = readRecording();

  test('has the commands of the notebook, in their order', () => {
    const cells = readNotebook('07-slurm.ipynb').cells.filter(({ cell_type }) => cell_type === 'code');
    const commands = cells.flatMap((cell) =>
      [...sourceOf(cell).matchAll(/shell\(\s*(['"])(.*)\1,?\s*\);$/gm)].map(([, , command]) => command),
    );
    expect(commands.length).toBeGreaterThan(15);
    expect(steps.map(({ command }) => command)).toEqual(commands);
  });

  test('tells nothing of the machine that made it', () => {
    const text = JSON.stringify(steps);
    expect(text.match(/\/(home|root|tmp|work|usr)\/(?!bin\/env)[^"\s]*|\b[0-9a-f]{64}\b/g)).toBeNull();
  });

  test('shows one integer from one worker, from two, and from Slurm as the engine', () => {
    const inside = steps.flatMap(({ command, text }) =>
      command.includes('--samples 4e9') ? (/(\d+) of them inside/.exec(text)?.[1] ?? []) : [],
    );
    expect(inside).toHaveLength(3);
    expect(new Set(inside).size).toBe(1);
  });
});

test('a lesson begun anew takes another folder: what a learner has in the first one stays', () => {
  const parent = mkdtempSync(join(tmpdir(), 'lola-terminal-'));
  try {
    const first = freshFolder(parent);
    writeFileSync(join(first, 'site.json'), '{}');
    expect([first, freshFolder(parent)]).toEqual([join(parent, 'lola-lesson'), join(parent, 'lola-lesson')]);
    writeFileSync(join(first, 'mine.txt'), 'an evening of work');
    for (const name of ['lola-lesson-2', 'lola-lesson-3']) {
      expect(freshFolder(parent)).toBe(join(parent, name));
      mkdirSync(join(parent, name, 'lola-runs'));
    }
    expect(readFileSync(join(first, 'mine.txt'), 'utf8')).toBe('an evening of work');
  } finally {
    rmSync(parent, { recursive: true });
  }
});

describe('a terminal without a Slurm', () => {
  test('shows what was printed, says when, and shows it again where a cell is run once more', async () => {
    const { date, steps } = readRecording();
    const terminal = await openTerminal(false);
    expect(terminal.live).toBe(false);
    expect(terminal.way).toContain(`No Slurm here: commands show what they printed on ${date}`);
    const shown = ({ command, text }: (typeof steps)[0]) => `$ ${command}\n${text}`.trimEnd();
    for (const { command } of [steps[0], steps[1], steps[0]]) await terminal.run(command);
    expect(said()).toEqual([steps[0], steps[1], steps[0]].map(shown));
    await terminal.close();
  });

  test('of two runs of one command it shows first the first, then the second', async () => {
    const { steps } = readRecording();
    const twice = steps.filter(({ command }) => command.includes('distributed'));
    const terminal = await openTerminal(false);
    for (const { command } of twice) await terminal.run(command);
    expect(said().map((text) => /using +(\d+)/.exec(text)?.[1])).toEqual(['1', '2']);
  });

  test('a command that was not recorded is told so', async () => {
    await (await openTerminal(false)).run('rm -rf /');
    expect(said()).toEqual([expect.stringMatching(/^\$ rm -rf \/\n\(not recorded: /)]);
  });
});
