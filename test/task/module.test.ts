// Functions of a notebook as a task module: what travels, and what is refused.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { InvalidArgumentError } from '../../lib/errors.js';
import { startPool } from '../../lib/execute/pool.js';
import { moduleText, taskModule } from '../../lib/task/module.js';
import { loadOperations } from '../../lib/task/run-task.js';

const twice = (x: number) => 2 * x;
function text(of: string) {
  return `100 % of ${of}: 'é', "#", \\n`;
}

test('a module of functions is loaded by threads that know nothing else of them', async () => {
  const pool = await startPool({ workers: 1, tasks: [taskModule({ twice, text })] });
  const values = await pool.run([
    { key: 'a', operation: 'twice', input: 21 },
    { key: 'b', operation: 'text', input: '?' },
  ]);
  await pool.close();
  expect(values).toEqual([42, text('?')]);
});

test('the text is a file that can be loaded too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lola-'));
  const file = join(folder, 'own.mjs');
  writeFileSync(file, moduleText({ twice }));
  const operations = await loadOperations([pathToFileURL(file).href]);
  rmSync(folder, { recursive: true });
  expect(await operations.get('twice')!(21)).toBe(42);
});

test('what cannot travel is refused where it is handed over', () => {
  const refused = (functions: object, message: string | RegExp) => {
    expect(() => moduleText(functions as never)).toThrow(InvalidArgumentError);
    expect(() => taskModule(functions as never)).toThrow(message);
  };
  refused({}, 'no function was given');
  refused({ 'my sum': twice }, "got 'my sum'");
  refused({ twice: 2 }, 'twice must be a function written out, got 2');
  refused({ floor: Math.floor }, 'must be a function written out');
  const { method } = {
    method(this: void) {
      return 1;
    },
  };
  refused({ method }, /Write method: \(input\) => \.\.\./);
  const inNotebook = { toString: () => '(x) => x * exports.scale + exports.scale', call: 0 };
  const cell = Object.assign((x: number) => x, { toString: inNotebook.toString });
  refused({ cell }, 'cell names scale from the notebook');
});

test('a module that cannot be loaded is named without its whole text', async () => {
  const url = `data:text/javascript,${encodeURIComponent(`export const a = ; // ${'x'.repeat(5000)}`)}`;
  const error = await loadOperations([url]).catch((thrown: unknown) => thrown as Error);
  expect(error).toBeInstanceOf(InvalidArgumentError);
  expect((error as Error).message.length).toBeLessThan(300);
});
