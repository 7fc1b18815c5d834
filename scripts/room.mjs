// `npm run pack:room`: two archives for a room without a network. One is alike for all systems: the lesson as a folder
// for the browser, with a `start`. From the other one `npm start`, `npm run lesson` and the notebooks in Jupyter work on a
// machine with the same system and processor: the files of the last commit, the packages, the library and the lesson, built.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';
import { goWhereTyped } from './systems.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
const HELP = `Usage: npm run pack:room [-- --to FOLDER]

Packs this clone for machines without a network, in two archives:
  LOLAS-PI-VERSION-lesson.zip                 the lesson for a browser, with a start; for any system
  LOLAS-PI-VERSION-SYSTEM-PROCESSOR.tar.gz    all of it, with the packages; for this system
  --to FOLDER   where the archives go (default: this folder)
  --help        print this text
Exit code: 0 done, 1 packing failed, 2 unknown or wrong flag.
`;
/** Made for another machine, or by use, with paths, names and addresses of the one it was made on; at any depth. */
const NOT_PACKED =
  /^(\.git|node_modules|dist|dist-.*|\.preparing.*|\.ipynb_checkpoints|lola-(runs|logs|lesson.*)|(run|votes|capstone)\.html|.*\.log|.*\.tar\.gz|lolas-pi-.*\.zip)$/;
/** What tools keep beside the packages: where tests were, and how long they took. */
const CACHES = ['.vite', '.vite-temp', '.cache'];

/**
 * Packs the room.
 * @param {{ to: string }} where an existing folder
 * @returns {Promise<string[]>} the paths of the archives
 * @throws Error where a program that it needs is missing or fails
 */
export async function packRoom({ to }) {
  prepare();
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const archive = join(to, `${name}-${version}-${process.platform}-${process.arch}.tar.gz`);
  const lesson = join(to, `${name}-${version}-lesson.zip`);
  const workplace = mkdtempSync(join(tmpdir(), 'lola-room-'));
  try {
    const room = join(workplace, `${name}-${version}`);
    mkdirSync(room);
    layFiles(room, workplace);
    cpSync(join(root, 'node_modules'), join(room, 'node_modules'), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !CACHES.includes(basename(path)),
    });
    dropFractions(room);
    run(process.execPath, [join(room, 'scripts', 'prepare.mjs')], room); // builds dist from the files packed
    run(process.execPath, [join(room, 'scripts', 'site.mjs')], room);
    const { packSite } = await import('./site/pack.mjs');
    const seconds = isClone() ? Number(git('log', '-1', '--format=%ct')) : undefined;
    const date = seconds === undefined ? new Date() : new Date(seconds * 1000);
    writeFileSync(lesson, packSite(join(room, 'dist-site'), `${name}-${version}-lesson`, date));
    archiveFolder(room, archive, seconds);
  } finally {
    rmSync(workplace, { recursive: true, force: true });
  }
  return [lesson, archive];
}

/**
 * Archives a folder so that it tells nothing of who did: no user, no group, no mask of theirs. With GNU's tar the same
 * files give the same bytes, if they are given one time.
 * @param {number | undefined} seconds when all files were written, since 1970; absent means when they were
 */
export function archiveFolder(folder, archive, seconds) {
  const gnu = ['--owner=0', '--group=0', '--numeric-owner', '--mode=u+rwX,go+rX,go-w', '--sort=name'];
  if (seconds !== undefined) gnu.push(`--mtime=@${seconds}`);
  const bsd = ['--uid=0', '--gid=0', '--uname=', '--gname=']; // of macOS and Windows
  const neutral = run('tar', ['--version']).includes('GNU tar') ? gnu : bsd;
  run('tar', [...neutral, '-czf', archive, '-C', dirname(folder), basename(folder)]);
}

const isClone = () => existsSync(join(root, '.git'));
const git = (...args) => run('git', ['-C', root, ...args]).trimEnd();

/** The files of the last commit; of this folder as it is, where it is no clone. */
function layFiles(room, workplace) {
  if (isClone()) {
    const plain = join(workplace, 'files.tar');
    const changed = git('status', '--porcelain');
    if (changed) process.stdout.write(`lolas-pi: not committed, and so not packed:\n${changed}\n`);
    git('archive', '--format=tar', `--output=${plain}`, 'HEAD');
    run('tar', ['-xf', plain, '-C', room]);
    return;
  }
  const filter = (path) => isPacked(relative(root, path));
  cpSync(root, room, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true, filter });
}

/** Whether a file or folder of this one, which is no clone, goes into the archive. */
export function isPacked(path) {
  return !NOT_PACKED.test(basename(path));
}

/** An archive keeps times to the second; what the build remembers of its sources must be the same after unpacking. */
function dropFractions(room) {
  const sources = readdirSync(join(room, 'lib'), { recursive: true }).map((name) => join('lib', name));
  for (const name of [...sources, 'tsconfig.json', 'package-lock.json']) {
    const seconds = Math.floor(statSync(join(room, name)).mtimeMs / 1000);
    utimesSync(join(room, name), seconds, seconds);
  }
}

function run(command, args, cwd = root) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (error) throw new Error(`${command} cannot be started (${error.code}). Install it, and run this again.`);
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with exit code ${status}: ${stderr.trim()}`);
  return stdout;
}

/** The flags, or what is wrong with them. */
function read(args) {
  const { values } = parseArgs({ args, options: { to: { type: 'string' }, help: { type: 'boolean' } } });
  goWhereTyped('pack:room');
  const to = resolve(values.to ?? root);
  if (values.to === '' || !existsSync(to) || !statSync(to).isDirectory())
    throw new Error(`--to must name a folder that is there; got '${values.to}'.`);
  return { to, help: values.help };
}

async function main(args) {
  let flags;
  try {
    flags = read(args);
  } catch (error) {
    process.stderr.write(`npm run pack:room: ${error.message}\n`);
    return 2;
  }
  if (flags.help) process.stdout.write(HELP);
  if (flags.help) return 0;
  try {
    const [lesson, archive] = await packRoom(flags);
    const megabytes = (file) => (statSync(file).size / 1e6).toFixed(1);
    process.stdout.write(`lolas-pi: packed ${lesson} (${megabytes(lesson)} MB). Unpack it, then run start.
lolas-pi: packed ${archive} (${megabytes(archive)} MB). Unpack it with tar -xzf, then npm start or npm run lesson.
`);
    return 0;
  } catch (error) {
    process.stderr.write(`lolas-pi: failed: ${error.message}\n`);
    return 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
