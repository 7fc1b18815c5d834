// A plugin for vite: it bundles what a kernel runs in a page. Lib and lesson stay readable, since cells print their code.
import { readFileSync, readdirSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformWithEsbuild } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = join(root, 'site', 'kernel');
/** What lib's front door and the lesson expect of files that have a version for pages: there, nothing answers. */
const MISSING = {
  'lib/page-machine.js': 'export const readText = () => undefined;',
  'lib/cluster/page-local.js': 'export { connect as askStatus };',
};
const STUB = '\0needs-node:';
const TYPES = 'virtual:types';
/** What stands in a page for code of the lesson that needs Node: files of dist/, and files of stands/. */
const STANDS = {
  'lesson/charts/plotly.js': 'plotly.ts',
  'lesson/capstone/save.js': 'save.ts',
  'lesson/slurm/terminal.js': 'terminal.ts',
  'tools/dashboard/index.js': 'dashboard.ts',
};

/** @returns {import('vite').Plugin[]} give them to `plugins` and, again, to `worker.plugins` */
export function kernelPlugins() {
  return [standIns(), types(), minifier()];
}

/** The path of a file in dist/. */
function inDist(id) {
  return id.replaceAll('\\', '/').split('/dist/')[1];
}

function standIns() {
  return {
    name: 'kernel-stand-ins',
    enforce: 'pre',
    config: () => ({ build: { minify: false, target: 'esnext' } }), // see minifier
    async resolveId(id, importer = '') {
      const isOurs = !importer.includes('node_modules'); // packages bring what they need for browsers
      if (isOurs && (id.startsWith('node:') || builtinModules.includes(id))) return STUB + id;
      if (!id.startsWith('.') || importer.startsWith(join(here, 'stands'))) return undefined;
      const found = await this.resolve(id, importer, { skipSelf: true });
      const stand = found && STANDS[inDist(found.id)];
      return stand && join(here, 'stands', stand);
    },
    transform(code, id) {
      const missing = MISSING[inDist(id)];
      return missing && { code: `${code}\n${missing}`, map: null };
    },
    load(id) {
      if (!id.startsWith(STUB)) return undefined;
      const code = `import { stubOf } from ${JSON.stringify(join(here, 'node.ts'))}; export default stubOf(${JSON.stringify(id.slice(STUB.length))});`;
      return { code, syntheticNamedExports: true, moduleSideEffects: false };
    },
  };
}

/** 'virtual:types' is what the checker of types reads: TypeScript's own declarations, those of lib and lesson, and of tslab. */
function types() {
  return {
    name: 'kernel-types',
    resolveId: (id) => (id === TYPES ? `\0${TYPES}` : undefined),
    load: (id) => (id === `\0${TYPES}` ? `export default ${JSON.stringify(declarations())};` : undefined),
  };
}

function declarations() {
  const files = {};
  const typescript = join(createRequire(import.meta.url).resolve('typescript'), '..');
  const ofLanguage = /^lib\.(es5|es20(1\d|2[0-3])(\..*)?|decorators(\.legacy)?|webworker)\.d\.ts$/;
  for (const file of readdirSync(typescript).filter((name) => ofLanguage.test(name)))
    files[`/typescript/${file}`] = readFileSync(join(typescript, file), 'utf8');
  for (const folder of ['lib', 'lesson', 'tools'])
    for (const file of readdirSync(join(root, 'dist', folder), { recursive: true, encoding: 'utf8' }))
      if (/\.d\.m?ts$/.test(file))
        files[`/dist/${folder}/${file.replaceAll('\\', '/')}`] = readFileSync(
          join(root, 'dist', folder, file),
          'utf8',
        );
  const seedrandom = createRequire(import.meta.url).resolve('@types/seedrandom/index.d.ts');
  files['/seedrandom.d.ts'] = readFileSync(seedrandom, 'utf8');
  files['/cells.d.ts'] = readFileSync(join(here, 'cells.d.ts'), 'utf8');
  return files;
}

/** Makes all code small but that of lib and lesson, which vite leaves as it is for that. */
function minifier() {
  const readable = (chunk) => Object.keys(chunk.modules).some((id) => /\/dist\/(lib|lesson)\//.test(id));
  return {
    name: 'kernel-minifier',
    enforce: 'post',
    async renderChunk(code, chunk) {
      if (readable(chunk)) return undefined;
      return transformWithEsbuild(code, chunk.fileName, {
        minify: true,
        target: 'es2022',
        format: 'esm',
        sourcemap: false,
      });
    },
  };
}
