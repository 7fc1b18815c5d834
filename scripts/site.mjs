// `npm run site`: builds the lesson as a website in dist-site/, from episodes/, notebooks/ and their recorded runs.
// Notebooks are live there. Its links are relative, so it works below any path of any host.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SOURCES, sourceFiles } from './freshness.mjs';
import { prepare } from './prepare.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Where the built site is: `lola room` serves this folder at /lesson. */
export const BUILT_SITE = join(root, 'dist-site');
const STAMP = '.built-from';
const HELP = `Usage: npm run site

Builds the lesson's website in dist-site/, ready to be copied to any static host, at any path.
  --help          print this text
Exit code: 0 done, 1 the build failed or a link leads nowhere, 2 unknown or wrong flag.
To see it on this machine: npm run lesson
`;

/**
 * Builds the site and checks its links. A build that fails leaves the last good one.
 * @param {{ from?: string, to?: string }} places the repository with the lesson, and the folder for the site
 * @returns {Promise<{ pages: number, links: number }>}
 * @throws Error that names the file, the block or the links at fault
 */
export async function buildSite({ from = root, to = BUILT_SITE } = {}) {
  const [{ checkSite }, { writeSite }] = await Promise.all([
    import('./site/check.mjs'), // after prepare has installed what they import
    import('./site/write.mjs'),
  ]);
  const sources = siteSources(); // before the build reads them: what changes meanwhile is built next time
  const fresh = `${to}-${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  try {
    await writeSite(from, fresh);
    const { pages, links, problems } = checkSite(fresh);
    if (problems.length)
      throw new Error(`${problems.length} links lead nowhere:\n  ${problems.join('\n  ')}`);
    writeFileSync(join(fresh, STAMP), sources);
    rmSync(to, { recursive: true, force: true });
    renameSync(fresh, to);
    return { pages, links };
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Whether dist-site/ was built from the sources as they are now. */
export function siteIsFresh() {
  const stamp = join(BUILT_SITE, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === siteSources();
}

/** One line that changes when a source does. */
function siteSources() {
  const folders = [...SOURCES, 'site', 'scripts/site', 'notebooks', 'episodes'];
  const others = ['package-lock.json', 'environment.md', 'SECURITY.md'].map((file) => join(root, file));
  const hash = createHash('sha256');
  for (const file of [...sourceFiles(root, folders), ...others])
    hash.update(relative(root, file)).update(readFileSync(file));
  return hash.digest('hex');
}

async function main(args) {
  let help;
  try {
    ({ help } = parseArgs({ args, options: { help: { type: 'boolean' } } }).values);
  } catch (error) {
    process.stderr.write(`npm run site: ${error.message}\n`);
    return 2;
  }
  if (help) process.stdout.write(HELP);
  if (help) return 0;
  try {
    prepare();
    const { pages, links } = await buildSite();
    process.stdout.write(
      `lolas-pi: dist-site/ has ${pages} pages, and all of their ${links} links lead somewhere.\n`,
    );
    return 0;
  } catch (error) {
    process.stderr.write(`lolas-pi: failed: ${error.message}\n`);
    return 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
