// Bundles lib for a browser, as a site that uses it would.
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
 */
export async function bundle(entry: string, outDir?: string): Promise<Bundle> {
  const fromNode: string[] = [];
  const plugins = () => [entryPlugin(entry), nodeFinder(fromNode)];
  const output = (await build({
    root,
    configFile: false,
    logLevel: 'error',
    base: './',
    publicDir: false,
    plugins: plugins(),
    worker: { format: 'es', plugins: () => [nodeFinder(fromNode)] },
    resolve: {
      alias: [
        { find: /^#(lib\/.*)$/, replacement: join(root, 'dist/$1') },
        { find: /^#(test\/.*)$/, replacement: join(root, '$1') },
        { find: /^(?:\.\.\/)+lib\/(.*)\.js$/, replacement: join(root, 'dist/lib/$1.js') },
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
      rollupOptions: { input: ENTRY, output: { entryFileNames: 'main.js' } },
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
