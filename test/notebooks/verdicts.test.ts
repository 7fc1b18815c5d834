// The corpus of answers, in Jupyter's kernel: each gets the verdict that it deserves. test/browser has the tab's kernel.
import { expect, test } from 'vitest';
import { ANSWERS, judgeAll } from '../support/answers.js';
import { Kernel } from '../support/kernel.js';
import { notebookFolder } from '../support/notebook.js';
import { thorough } from '../support/thorough.js';

const start = () => Kernel.start(notebookFolder, { LOLA_QUICK: '1' });

test.runIf(thorough)('every answer gets its verdict in Jupyter', { timeout: 900_000 }, async () => {
  let kernel = await start();
  const restart = async () => {
    await kernel.kill();
    kernel = await start();
  };
  /** For a moment after a cell that failed, the kernel aborts whatever comes. */
  const run = async (code: string): Promise<{ stdout: string; stderr: string }> => {
    const { status, outputs } = kernel.execute(code);
    const ended = await status;
    if (ended === 'abort') return run(code);
    if (ended === 'lost') await restart();
    const written = (stream: string) =>
      outputs
        .filter(({ name }) => name === stream)
        .map(({ text }) => text)
        .join('');
    return {
      stdout: written('stdout'),
      stderr: ended === 'lost' ? 'Error: the kernel is gone' : written('stderr'),
    };
  };
  const judged = await judgeAll({ run, restart }).finally(() => kernel.kill());
  expect(judged).toEqual(ANSWERS);
});
