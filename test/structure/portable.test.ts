import { readFileSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bundle } from '../support/bundle.js';

const lib = fileURLToPath(new URL('../../lib', import.meta.url));
/** What a lesson in a page needs: arrays, the engine and the page's pool. */
const LESSON = ['array/index', 'estimators/chunked', 'execute/pool', 'execute/serial'];
const MOST_KB = 45;
/** A bundler on a busy machine (ms). */
const SLOWLY = 300_000;

const portable = readdirSync(lib, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split(sep).join('/'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ file: file.replace(/\.ts$/, ''), text: readFileSync(join(lib, file), 'utf8') }))
  .filter(({ text }) => !/^(\/\/.*\n)*\/\/.* Needs Node\.\n/.test(text));
const entry = (files: readonly string[]) =>
  files.map((file, i) => `export * as m${i} from '#lib/${file}.js';\n`).join('');

test(
  'every file of lib that does not say that it needs Node can be bundled for a browser',
  async () => {
    expect((await bundle(entry(portable.map(({ file }) => file)))).fromNode).toEqual([]);
  },
  SLOWLY,
);

test(
  'the front door can be bundled for a browser: of all stages, Slurm alone takes something of Node',
  async () => {
    // The files of Slurm import functions that a page has not: they throw there when they are called.
    const { fromNode } = await bundle(entry(['index']), undefined, { shimMissingExports: true });
    const files = fromNode.map((arrow) => arrow.split(' -> ')[0].replaceAll('\\', '/'));
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !/(^|\/)lib\/(slurm\/|atomic)/.test(file))).toEqual([]);
  },
  SLOWLY,
);

test('no file of lib that does not say that it needs Node names what only Node has', () => {
  const code = (text: string) => text.replace(/\/\/.*|\/\*[\s\S]*?\*\/|'[^'\n]*'|`[^`]*`/g, '');
  const wrong = portable.filter(({ text }) => /\b(process|Buffer|setImmediate|require)\b/.test(code(text)));
  expect(wrong.map(({ file }) => file)).toEqual([]);
});

test(
  `arrays, engine and page pool take at most ${MOST_KB} KB of a page, gzipped`,
  async () => {
    const { files } = await bundle(entry(LESSON));
    const bytes = files.map((file) => gzipSync(file.type === 'chunk' ? file.code : file.source).length);
    const total = bytes.reduce((a, b) => a + b) / 1000;
    // One of the files is the workers' own. An empty bundle is small, too, but would have none.
    expect(files.filter(({ fileName }) => fileName.startsWith('assets/'))).toHaveLength(1);
    expect(total).toBeLessThan(MOST_KB);
  },
  SLOWLY,
);
