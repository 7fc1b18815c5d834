// Installs and builds what is missing or stale; quick when nothing is. Runs before `npm start`, `npm test` and `lola`.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);
/** What tsc compiles, each into its own folder of dist/. */
const SOURCES = ['lib', 'lesson', 'tools'];
const BUILD_STAMP = '.built-from';
const INSTALL_STAMP = at('node_modules', '.installed-from');

/** Makes the clone ready to run: `npm ci` where the lockfile changed, `tsc` where a source did. */
export function prepare() {
  const lock = readFileSync(at('package-lock.json'), 'utf8');
  if (readIfThere(INSTALL_STAMP) !== lock) {
    say('installing the packages of package-lock.json (once, about half a minute)');
    run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
    dropOtherSystems();
    writeFileSync(INSTALL_STAMP, lock);
  }
  const sources = fingerprint();
  if (readIfThere(at('dist', BUILD_STAMP)) !== sources) {
    say('building lib, lesson and tools into dist/ (a few seconds)');
    build(sources);
  }
}

/** zeromq (the notebooks' wire) brings its binaries for every system at once: 30 MB, of which this one needs a few. */
function dropOtherSystems() {
  const binaries = at('node_modules', 'zeromq', 'build');
  if (!existsSync(join(binaries, process.platform))) return;
  for (const system of ['darwin', 'linux', 'win32']) {
    if (system !== process.platform) rmSync(join(binaries, system), { recursive: true, force: true });
  }
}

/** Builds into a folder of its own and puts it in place when it is whole: a failed build leaves the last good one. */
function build(sources) {
  const fresh = at(`dist-${process.pid}`);
  run(
    process.execPath,
    [at('node_modules', 'typescript', 'bin', 'tsc'), '-p', root, '--outDir', fresh],
    () => {
      rmSync(fresh, { recursive: true, force: true });
    },
  );
  // Templates, pages and data lie beside the code that reads them.
  for (const file of SOURCES.flatMap((folder) => filesBelow(at(folder)))) {
    if (/(?<!\.d)\.ts$|package\.json$/.test(file)) continue;
    const target = join(fresh, relative(root, file));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(file, target);
  }
  writeFileSync(join(fresh, BUILD_STAMP), sources);
  rmSync(at('dist'), { recursive: true, force: true });
  renameSync(fresh, at('dist'));
}

/** Names, sizes and times of all that the build reads: alike means that nothing changed. */
function fingerprint() {
  const inputs = [...SOURCES.flatMap((folder) => filesBelow(at(folder))), at('tsconfig.json'), at('package-lock.json')];
  return inputs.map((file) => `${relative(root, file)} ${stamp(file)}`).join('\n');
}

function stamp(file) {
  const { size, mtimeMs } = statSync(file);
  return `${size} ${mtimeMs}`;
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

// Output goes to stderr, so that `lola pi --json` prints its one object also when it had to build first.
function run(command, args, onFailure = () => {}) {
  const shell = process.platform === 'win32' && command === 'npm';
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell });
  if (status === 0) return;
  onFailure();
  say(
    `failed: ${command} ${args.join(' ')}${error ? ` (${error.message})` : ''}. See environment.md, 'Troubleshooting'.`,
  );
  process.exit(1);
}

function say(text) {
  process.stderr.write(`lolas-pi: ${text}\n`);
}

if (process.argv[1] && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) prepare();
