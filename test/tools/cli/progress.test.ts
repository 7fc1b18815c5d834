// The progress bar on a terminal, and what is said beside it.
import { afterEach, expect, test, vi } from 'vitest';
import { progressBar } from '../../../tools/cli/progress.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const ESCAPE = '\x1b';

/** The screen of a terminal that gets these bytes, without the lines that are empty. */
function screenOf(written: string): string[] {
  const lines = [''];
  let at = 0;
  // What follows an escape is a command up to its letter, or one sign.
  const plain = written.replaceAll(ESCAPE, '\u{e000}');
  for (const [part] of plain.matchAll(/\u{e000}(?:\[[?\d;]*[A-Za-z]|.)|[^\u{e000}]/gu)) {
    const [last, line] = [lines.length - 1, lines.at(-1)!];
    const command = part.startsWith('\u{e000}') ? part.slice(1) : undefined;
    if (part === '\n') at = lines.push('') * 0;
    else if (part === '\r' || command === '[1G' || command === '[G') at = 0;
    else if (command === '[K' || command === '[0K') lines[last] = line.slice(0, at);
    else if (command === '[2K') lines[last] = '';
    else if (command === undefined) lines[last] = line.slice(0, at) + part + line.slice(++at);
  }
  return lines.map((line) => line.trimEnd()).filter(Boolean);
}

test('a notice beside the bar has a line of its own, which stays when the bar is gone', async () => {
  let written = '';
  const terminal = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => Boolean((written += String(text))));
  const isTTY = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY');
  Object.defineProperty(process.stderr, 'isTTY', { value: true, configurable: true });
  vi.useFakeTimers();
  try {
    const bar = await progressBar('pool', 10);
    vi.advanceTimersByTime(1001);
    bar.update(1);
    vi.advanceTimersByTime(200);
    expect(screenOf(written).at(-1)).toMatch(/^pool \[=+-+\] 10 % \|/);
    process.stderr.write('waiting: 0 workers\n');
    bar.update(5);
    vi.advanceTimersByTime(200);
    expect(screenOf(written)).toEqual([
      'waiting: 0 workers',
      expect.stringMatching(/^pool \[=+-+\] 50 % \|/),
    ]);
    bar.stop();
    expect(screenOf(written)).toEqual(['waiting: 0 workers']);
    process.stderr.write('done\n');
    expect(terminal).toHaveBeenLastCalledWith('done\n');
    expect(terminal).not.toHaveBeenNthCalledWith(terminal.mock.calls.length - 1, '\r\x1b[K');
  } finally {
    if (isTTY) Object.defineProperty(process.stderr, 'isTTY', isTTY);
    else Reflect.deleteProperty(process.stderr, 'isTTY');
  }
});
