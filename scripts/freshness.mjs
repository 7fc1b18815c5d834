// Whether packages and build are up to date: what prepare.mjs makes fresh, and what the doctor reports.
// As doctor.mjs it runs on a Node as old as 12: no dependency, no newer syntax, no newer built-in without asking first.
import fs from 'fs';
import path from 'path';
import { readText } from '../lib/cores.mjs';

/** The folders that tsc compiles, each into its own folder of dist/. */
export const SOURCES = ['lib', 'lesson', 'tools'];

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
  return stamp === fingerprint(root) ? 'yes' : 'stale';
}

/** Names, sizes and times of all that the build reads, a line each: if they are equal, nothing has changed. */
export function fingerprint(root) {
  const files = sourceFiles(root).concat(
    ['tsconfig.json', 'package-lock.json'].map((name) => path.join(root, name)),
  );
  return files.map((file) => `${path.relative(root, file)} ${sizeAndTime(file)}`).join('\n');
}

/** The files below the SOURCES, always in the same order. */
export function sourceFiles(root) {
  return concatenated(SOURCES.map((folder) => filesBelow(path.join(root, folder))));
}

function filesBelow(folder) {
  const entries = fs.existsSync(folder) ? fs.readdirSync(folder, { withFileTypes: true }) : [];
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return concatenated(
    entries.map((entry) => {
      const file = path.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(file) : [file];
    }),
  );
}

function concatenated(lists) {
  return [].concat(...lists);
}

function sizeAndTime(file) {
  try {
    const { size, mtimeMs } = fs.statSync(file);
    return `${size} ${mtimeMs}`;
  } catch {
    return 'gone';
  }
}
