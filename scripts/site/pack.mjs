// The built site as one zip, alike for all systems: unpack it, run `start`, no network needed.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';

const MOST_MB = 15;
const EXECUTABLE = 0o755;
const PLAIN = 0o644;
const UNIX = 3;

/**
 * @param {string} site the folder of the built site
 * @param {string} name the folder that the zip unpacks to
 * @param {Date} date given to all files, so that the same site gives the same bytes
 * @returns {Uint8Array}
 * @throws Error if the site has become too large to hand around
 */
export function packSite(site, name, date) {
  const files = {};
  let bytes = 0;
  for (const path of readdirSync(site, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = join(site, path);
    if (!statSync(file).isFile() || path === '.built-from') continue;
    const content = readFileSync(file);
    bytes += content.length;
    const attrs = (path.endsWith('.command') ? EXECUTABLE : PLAIN) << 16;
    files[`${name}/${path.replaceAll('\\', '/')}`] = [content, { os: UNIX, attrs, mtime: date, level: 9 }];
  }
  if (bytes > MOST_MB * 1e6)
    throw new Error(`the offline lesson takes ${(bytes / 1e6).toFixed(1)} MB, and ${MOST_MB} are allowed.`);
  return zipSync(files);
}
