// `npm run site`: builds the lesson as a static site in dist-site/, from episodes/, notebooks/ and their recorded runs.
// `npm run site:serve` builds it and shows it on this machine.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from './prepare.mjs';
import { checkSite } from './site/check.mjs';
import { writePages } from './site/pages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tools = join(root, 'scripts', 'site');
const HELP = `Usage: npm run site [-- --base /PATH/]
       npm run site:serve [-- --base /PATH/] [--port N]

Builds the lesson's website in dist-site/, ready to be copied to a static host.
  --base /PATH/   where it will stand on its host (default /)
  --port N        where site:serve shows it on this machine (default 4173)
  --help          print this text
Exit code: 0 done, 1 the build failed or a link leads nowhere, 2 unknown or wrong flag.
`;

/**
 * Builds a site and checks its links.
 * @param {{ from?: string, to?: string, base?: string }} places the repository with the lesson, the folder for the site,
 *   and the site's path on its host, which begins and ends with '/'
 * @throws Error that names the file, the block or the links at fault
 */
export function buildSite({ from = root, to = join(root, 'dist-site'), base = '/' } = {}) {
  installTools();
  writePages({ root: from, into: join(tools, 'pages') });
  const built = spawnSync(
    process.execPath,
    [join(tools, 'node_modules', 'vitepress', 'bin', 'vitepress.js'), 'build', '.', '--outDir', to],
    {
      cwd: tools,
      encoding: 'utf8',
      env: { ...process.env, LOLA_SITE_BASE: base, VITE_EXTRA_EXTENSIONS: 'ipynb' },
    },
  );
  if (built.status !== 0) throw new Error(`VitePress failed:\n${built.stdout}${built.stderr}`);
  const { pages, links, problems } = checkSite(to, base);
  if (problems.length) throw new Error(`${problems.length} links lead nowhere:\n  ${problems.join('\n  ')}`);
  return { pages, links };
}

/** Installs VitePress where its lockfile changed; install scripts stay out, so nothing is downloaded by them. */
function installTools() {
  const lock = readFileSync(join(tools, 'package-lock.json'), 'utf8');
  const stamp = join(tools, 'node_modules', '.installed-from');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  say('installing VitePress (once; 100 MB in scripts/site/node_modules)');
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', args, {
    cwd: tools,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error('npm ci failed in scripts/site. Is the registry within reach?');
  writeFileSync(stamp, lock);
}

/** Shows a built site on this machine only, until the process ends. */
export async function serveSite({ folder = join(root, 'dist-site'), base = '/', port = 4173 } = {}) {
  const vite = await import(
    pathToFileURL(join(tools, 'node_modules', 'vite', 'dist', 'node', 'index.js')).href
  );
  const server = await vite.preview({
    configFile: false,
    logLevel: 'silent',
    appType: 'mpa',
    base,
    build: { outDir: folder },
    preview: { host: '127.0.0.1', port, strictPort: true },
  });
  const at = server.httpServer.address().port;
  return { url: `http://127.0.0.1:${at}${base}`, close: () => server.close() };
}

function say(text) {
  process.stdout.write(`lolas-pi: ${text}\n`);
}

/** The flags, or what is wrong with them. */
function read(args) {
  const options = {
    base: { type: 'string', default: '/' },
    port: { type: 'string', default: '4173' },
    serve: { type: 'boolean' },
    help: { type: 'boolean' },
  };
  const { values } = parseArgs({ args, options });
  const { base, port } = values;
  if (!/^\/(?:[\w.~-]+\/)*$/.test(base))
    throw new Error(`--base must begin and end with '/', as in /lolas-pi/; got '${base}'.`);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Error(`--port must be an integer from 0 to 65535; got '${port}'.`);
  return { ...values, port: Number(port) };
}

async function main(args) {
  let flags;
  try {
    flags = read(args);
  } catch (error) {
    process.stderr.write(`npm run site: ${error.message}\n`);
    return 2;
  }
  if (flags.help) process.stdout.write(HELP);
  if (flags.help) return 0;
  try {
    prepare();
    const { pages, links } = buildSite(flags);
    say(`dist-site/ has ${pages} pages, and all of their ${links} links lead somewhere.`);
    if (flags.serve) say(`shown at ${(await serveSite(flags)).url} until Ctrl-C`);
    return 0;
  } catch (error) {
    process.stderr.write(`lolas-pi: failed: ${error.message}\n`);
    return 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
