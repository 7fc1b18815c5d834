// Plugins for vite: they bundle what a kernel runs in a page. Lib's functions stay as they are, since cells print their code.
import { readFileSync, readdirSync } from 'node:fs';
import { builtinModules, createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import MagicString from 'magic-string';
import { transformWithEsbuild } from 'vite';

const root = fileURLToPath(new URL('../..', import.meta.url));
const here = join(root, 'site', 'kernel');
/** Files of lib that pages get in place of others: what only the others have needs Node. */
const FOR_PAGES = ['lib/page-machine.js', 'lib/cluster/page-local.js'];
const STUB = '\0needs-node:';
const TYPES = 'virtual:types';
/** A name that the bundler has made of another one. */
const RENAMED = /(\w)\$\d+\b/g;
const TYPESCRIPT = '\0typescript';
/** What stands in a page for code of the lesson that needs Node: files of dist/, and files of stands/. */
const STANDS = {
  'lesson/charts/plotly.js': 'plotly.ts',
  'lesson/capstone/save.js': 'save.ts',
  'lesson/slurm/terminal.js': 'terminal.ts',
  'lesson/checks/page-limit.js': 'limit.ts',
  'tools/dashboard/index.js': 'dashboard.ts',
};

/** @returns {import('vite').Plugin[]} give them to `plugins` and, again, to `worker.plugins` */
export function kernelPlugins() {
  return [standIns(), typescript(), types(), minifier()];
}

/** The path of a file in dist/. */
function inDist(id) {
  return id.replaceAll('\\', '/').split('/dist/')[1];
}

/** A default export from which come all names that a module lacks: each says that it needs Node when it is used. */
function stub(module) {
  const file = JSON.stringify(join(here, 'node.ts'));
  return `import { stubOf } from ${file}; export default stubOf(${JSON.stringify(module)});`;
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
      // Slurm's programs and templates are read from files, so they need Node: a page does not carry them.
      if (/^lib\/slurm\//.test(inDist(id) ?? '')) return code.replaceAll('import.meta.url', "'file:///'");
      if (!FOR_PAGES.includes(inDist(id))) return undefined;
      return { code: `${code}\n${stub(inDist(id))}`, map: null, syntheticNamedExports: true };
    },
    load(id) {
      if (!id.startsWith(STUB)) return undefined;
      const code = stub(id.slice(STUB.length));
      return { code, syntheticNamedExports: true, moduleSideEffects: false };
    },
  };
}

/** TypeScript is 9 MB of one script: made small on its own, it needs no bundler, which would take minutes. */
function typescript() {
  return {
    name: 'kernel-typescript',
    enforce: 'pre',
    resolveId: (id) => (id === 'typescript' ? TYPESCRIPT : undefined),
    async load(id) {
      if (id !== TYPESCRIPT) return undefined;
      const file = createRequire(import.meta.url).resolve('typescript');
      const script = `${readFileSync(file, 'utf8')}\nexport default ts;`;
      const { code: source } = await minified(script, 'typescript.js');
      const reference = this.emitFile({ type: 'asset', name: 'typescript.js', source });
      return `const { default: ts } = await import(/* @vite-ignore */ import.meta.ROLLUP_FILE_URL_${reference});\nexport default ts;`;
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

/** What the checker of types reads, by path. */
export function declarations() {
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

/**
 * Makes scripts small. Where code of ours is in one, each module of it is made small by itself: lib loses only the comments
 * between its functions, and the others keep their names, which errors show.
 */
function minifier() {
  const isOurs = (id) => /^(lib|lesson|tools|room)\//.test(inDist(id) ?? '');
  const small = async (id, code, file) => {
    if (inDist(id)?.startsWith('lib/')) return withoutComments(code) + asWritten(code);
    const options = { minifyIdentifiers: !isOurs(id), format: undefined }; // no module: names of its top level stay
    return (await minified(code, file, options)).code;
  };
  return {
    name: 'kernel-minifier',
    enforce: 'post',
    async renderChunk(code, { modules, fileName }) {
      const parts = Object.entries(modules).filter((part) => part[1].code);
      if (!parts.some(([id]) => isOurs(id))) return minified(code, fileName);
      const text = new MagicString(code);
      for (const [id, part] of parts) {
        const start = code.indexOf(part.code);
        if (start < 0) continue; // vite has put the address of a script into it: it stays as it is
        text.overwrite(start, start + part.code.length, await small(id, part.code, fileName));
      }
      return { code: text.toString(), map: null };
    },
  };
}

function minified(code, file, options = {}) {
  return transformWithEsbuild(code, file, {
    minifySyntax: true,
    minifyWhitespace: true,
    minifyIdentifiers: true,
    target: 'es2022',
    format: 'esm',
    sourcemap: false,
    ...options,
  });
}

/** Code without the comments that are in no function. */
function withoutComments(code) {
  const comments = [];
  const tree = parse(code, { ecmaVersion: 'latest', sourceType: 'module', onComment: comments });
  const functions = functionsIn(tree);
  const text = new MagicString(code);
  for (const comment of comments)
    if (!functions.some(({ start, end }) => start < comment.start && comment.end < end))
      text.remove(comment.start, comment.end);
  return text.toString().replace(/\n\s*\n/g, '\n');
}

/**
 * What lets functions of bundled code print themselves with the names of their source. Two modules may have one name, and
 * the bundler then calls it sum$1 in one of them.
 */
export function asWritten(code) {
  const { body } = parse(code, { ecmaVersion: 'latest', sourceType: 'module' });
  const functions = body.filter(({ type }) => type === 'FunctionDeclaration');
  return functions
    .map(({ id, start, end }) => [id.name, code.slice(start, end)])
    .filter(([, text]) => text.search(RENAMED) >= 0)
    .map(([name, text]) => `\n${name}.toString = () => ${JSON.stringify(text.replaceAll(RENAMED, '$1'))};`)
    .join('');
}

function functionsIn(node) {
  if (/Function/.test(node.type)) return [node];
  return Object.values(node)
    .flat()
    .filter((child) => typeof child?.type === 'string')
    .flatMap(functionsIn);
}
