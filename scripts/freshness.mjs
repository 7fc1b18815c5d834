// Whether packages and build are up to date: what prepare.mjs makes fresh, and what the doctor reports.
// As doctor.mjs it runs on a Node as old as 12: no dependency, no newer syntax, no newer built-in without asking first.
import crypto from 'crypto';
import fs from 'fs';
import path from 'path';
import { readText } from '../lib/cores.mjs';

/** The folders that tsc compiles, each into its own folder of dist/. */
export const SOURCES = ['lib', 'lesson', 'tools', 'room'];

/** Where prepare.mjs notes the lockfile that it installed, and the sources that it built. */
export const INSTALL_STAMP = path.join('node_modules', '.installed-from');
export const BUILD_STAMP = path.join('dist', '.built-from');

/** 'yes', 'no' or 'stale': whether node_modules holds the packages of package-lock.json. */
export function installed(root) {
  const stamp = readText(path.join(root, INSTALL_STAMP));
  if (stamp !== undefined && stamp === readText(path.join(root, 'package-lock.json'))) return 'yes';
  return fs.existsSync(path.join(root, 'node_modules')) ? 'stale' : 'no';
}

/** 'yes', 'no' or 'stale': whether dist/ was built from the sources as they are now. */
export function built(root) {
  const stamp = readText(path.join(root, BUILD_STAMP));
  if (stamp === undefined) return 'no';
  const known = new Map(stamp.split('\n').map((line) => [line.split('\t')[0], line]));
  const files = buildFiles(root);
  const isSame = (file) => {
    const [, sizeAndTime, hash] = (known.get(path.relative(root, file)) || '').split('\t');
    return sizeAndTime === sizeAndTimeOf(file) || (hash !== undefined && hash === hashOf(file));
  };
  return files.length === known.size && files.every(isSame) ? 'yes' : 'stale';
}

/** Name, size and time, and hash of all that the build reads, a line each. A copy of a clone has other times only. */
export function fingerprint(root) {
  const lineOf = (file) => [path.relative(root, file), sizeAndTimeOf(file), hashOf(file)].join('\t');
  return buildFiles(root).map(lineOf).join('\n');
}

function buildFiles(root) {
  return sourceFiles(root).concat(
    ['tsconfig.json', 'package-lock.json'].map((name) => path.join(root, name)),
  );
}

/** The files below the folders, always in the same order. */
export function sourceFiles(root, folders = SOURCES) {
  return concatenated(folders.map((folder) => filesBelow(path.join(root, folder))));
}

function filesBelow(folder) {
  const entries = entriesOf(folder);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return concatenated(
    entries.map((entry) => {
      const file = path.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(file) : [file];
    }),
  );
}

/** None if there is no such folder. Asks by reading: whether a file exists may be denied to those who may read it. */
function entriesOf(folder) {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function concatenated(lists) {
  return [].concat(...lists);
}

function sizeAndTimeOf(file) {
  try {
    const { size, mtimeMs } = fs.statSync(file);
    return `${size} ${mtimeMs}`;
  } catch {
    return 'gone';
  }
}

function hashOf(file) {
  const text = readText(file);
  return text === undefined ? 'gone' : crypto.createHash('sha256').update(text).digest('hex');
}
