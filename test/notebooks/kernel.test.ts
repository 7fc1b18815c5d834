// What the kernel of this repository adds to tslab: a notebook that is open survives what happens to the files around it,
// and a cell that runs too early says so in two lines.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { Kernel } from '../support/kernel.js';

test('cells run on when a package that they use is installed again', { timeout: 600_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lola-watched-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules', 'one'), { recursive: true });
  const install = () => {
    const files = {
      'package.json': '{"name": "one", "main": "index.js", "types": "index.d.ts"}\n',
      'index.js': 'exports.one = 1;\n',
      'index.d.ts': 'export declare const one: number;\n',
    };
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, 'new'), text);
      renameSync(join(folder, 'new'), join(folder, 'node_modules', 'one', name));
    }
  };
  install();
  const kernel = await Kernel.start(folder, {});
  onTestFinished(() => kernel.kill());
  const run = async (code: string) => {
    const { status, outputs } = kernel.execute(code);
    return [await status, outputs.map(({ text }) => text).join('')];
  };
  expect(await run("import { one } from 'one';\nconsole.log(one);")).toEqual(['ok', '1\n']);
  install();
  await setTimeout(1000); // by now a kernel that watches the files has heard of it
  expect(await run('console.log(one + 1);')).toEqual(['ok', '2\n']);
  expect(await run('console.log(one + 2);')).toEqual(['ok', '3\n']);
});

test('a cell that runs before the set-up says so in two lines', { timeout: 600_000 }, async () => {
  const kernel = await Kernel.start(process.cwd(), {});
  onTestFinished(() => kernel.kill());
  const { status, outputs } = kernel.execute(
    'one(two(three, four));\nfive + six + one;\nconst n: number = "ten";\nMath.abs(1,8);\nMath.abs("1");',
  );
  expect(await status).toBe('error');
  expect(outputs.map(({ text }) => text).join('')).toBe(
    "1:1 - Cannot find the names 'one', 'two', 'three', 'four' and 2 more.\n" +
      'Has every cell from the set-up to this one run? If so, look for a typo, or missing quotes.\n' +
      "3:7 - Type 'string' is not assignable to type 'number'.\n" +
      '4:12 - Expected 1 arguments, but got 2.\n' +
      "5:10 - Argument of type 'string' is not assignable to parameter of type 'number'.\n" +
      '5:10 - This must be a number: leave out the quotes, `toFixed`, or the n at its end.\n' +
      '4:12 - A decimal number? Write 1.8, not 1,8.\n',
  );
});
