// Bundles lib for a browser, as a site that uses it would.
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin, type Rollup } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const stands = fileURLToPath(new URL('../browser/pool/collect.ts', import.meta.url));

export interface Bundle {
  readonly files: readonly (Rollup.OutputAsset | Rollup.OutputChunk)[];
  /** Imports of Node's own modules, as 'FILE -> node:fs'. */
  readonly fromNode: readonly string[];
}

/**
 * Bundles the built lib with its workers.
 * @param entry text of a module: what it imports, from '#lib/...' (the built lib) or '#test/...', is bundled
 * @param outDir where the files are written; undefined keeps them in memory
 * @param more options of Rollup
 */
export async function bundle(
  entry: string,
  outDir?: string,
  more: Rollup.RollupOptions = {},
): Promise<Bundle> {
  const fromNode: string[] = [];
  const output = (await build({
    root,
    configFile: false,
    logLevel: 'error',
    base: './',
    publicDir: false,
    plugins: [entryPlugin(entry), builtLib(), nodeFinder(fromNode)],
    worker: { format: 'es', plugins: () => [nodeFinder(fromNode)] },
    resolve: {
      alias: [
        { find: /^#(test\/.*)$/, replacement: join(root, '$1') },
        { find: /^vitest$/, replacement: stands },
      ],
    },
    build: {
      target: 'es2022',
      write: outDir !== undefined,
      outDir,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: false,
      rollupOptions: { input: ENTRY, output: { entryFileNames: 'main.js' }, ...more },
    },
  })) as Rollup.RollupOutput;
  return { files: output.output, fromNode };
}

const ENTRY = 'virtual:entry';

function entryPlugin(text: string): Plugin {
  return {
    name: 'entry',
    resolveId: (id) => (id === ENTRY ? join(root, 'entry.js') : undefined),
    load: (id) => (id === join(root, 'entry.js') ? text : undefined),
  };
}

/** Finds what the entry and the tests import of lib: the built file, or what package.json has for browsers instead. */
function builtLib(): Plugin {
  const { browser } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    browser: Record<string, string>;
  };
  return {
    name: 'built-lib',
    enforce: 'pre',
    resolveId(id) {
      const file = /^(?:#|(?:\.\.\/)+)lib\/(.*)$/.exec(id)?.[1];
      return file && join(root, browser[`./dist/lib/${file}`] ?? `dist/lib/${file}`);
    },
  };
}

function nodeFinder(found: string[]): Plugin {
  return {
    name: 'node-finder',
    enforce: 'pre',
    resolveId(id, importer = '') {
      if (importer.includes('node_modules')) return undefined; // packages bring what they need for browsers
      if (!id.startsWith('node:') && !builtinModules.includes(id)) return undefined;
      found.push(`${importer.replace(root, '')} -> ${id}`);
      return { id, external: true };
    },
  };
}
