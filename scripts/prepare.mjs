// Installs and builds what is missing or stale; quick when nothing is. Runs before `npm start`, `npm test` and `lola`.
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUILD_STAMP, INSTALL_STAMP, built, fingerprint, installed, sourceFiles } from './freshness.mjs';
import { withLock } from './lock.mjs';
import { spawnable } from './systems.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...parts) => join(root, ...parts);

/**
 * Makes the clone ready to run: `npm ci` where the lockfile changed, `tsc` where a source did. If several commands find
 * it stale, one of them prepares it and the others wait.
 */
export function prepare() {
  const states = Object.entries({ packages: installed(root), build: built(root) });
  const lacking = states.filter(([, state]) => state !== 'yes');
  if (lacking.length === 0) return;
  try {
    accessSync(root, constants.W_OK);
  } catch {
    const what = lacking.map(([name, state]) => `${name} ${state === 'no' ? 'missing' : 'out of date'}`);
    say(`this folder is not yours to build (${what.join(', ')}): ask the owner of ${root} for npm run build`);
    process.exit(1);
  }
  withLock(at('.preparing'), installAndBuild, say);
}

function installAndBuild() {
  if (installed(root) !== 'yes') {
    const lock = readFileSync(at('package-lock.json'), 'utf8');
    say('installing the packages of package-lock.json (once, about half a minute)');
    run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']);
    dropOtherSystems();
    writeFileSync(at(INSTALL_STAMP), lock);
  }
  if (built(root) !== 'yes') {
    say('building lib, lesson and tools into dist/ (a few seconds)');
    build();
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
function build() {
  for (const name of readdirSync(root))
    if (/^dist-\d+(-old)?$/.test(name)) rmSync(at(name), { recursive: true, force: true }); // of a build that was killed
  const sources = fingerprint(root); // before the compiler reads them: what changes meanwhile is built next time
  const fresh = at(`dist-${process.pid}`);
  const drop = () => rmSync(fresh, { recursive: true, force: true });
  const compiler = at('node_modules', 'typescript', 'bin', 'tsc');
  run(process.execPath, [compiler, '-p', root, '--outDir', fresh], drop);
  // Templates, pages and data lie beside the code that reads them.
  for (const file of sourceFiles(root)) {
    if (/(?<!\.d)\.ts$|package\.json$/.test(file)) continue;
    const target = join(fresh, relative(root, file));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(file, target);
  }
  run(process.execPath, [at('scripts', 'bundle-room.mjs'), fresh], drop);
  writeFileSync(join(fresh, basename(BUILD_STAMP)), sources);
  // Two renames: programs that look for a file at this moment find one build or the other.
  if (existsSync(at('dist'))) renameSync(at('dist'), `${fresh}-old`);
  renameSync(fresh, at('dist'));
  rmSync(`${fresh}-old`, { recursive: true, force: true });
}

// Output goes to stderr, so that `lola pi --json` prints its one object also when it had to build first.
function run(command, args, onFailure = () => {}) {
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  const { status, error } = spawnSync(...spawnable(process.platform, command, args, options));
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
