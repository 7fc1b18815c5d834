// `npm run episodes`: fills the generated places of all episodes from lib, notebooks, recordings, snippets and settings.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare } from './prepare.mjs';
import { goWhereTyped } from './systems.mjs';

const HELP = `npm run episodes                              fills the generated places of episodes/*.md
npm run episodes -- --check                   changes nothing; ends with 1 and names the places that are stale
npm run episodes -- --slurm-settings [FILE]   writes episodes/settings.json as 'lola slurm --settings FILE' takes it
                                              (absent: prints it)
`;

goWhereTyped('episodes');
prepare(); // the compiler that reads lib/ is one of the packages
const { EpisodeError, runAsCommand } = await import('./episodes/errors.mjs');
const { fill, stalePlaces } = await import('./episodes/fill.mjs');
const { checkSettings, slurmSettings } = await import('./episodes/settings.mjs');
const { sourcesFor } = await import('./episodes/sources.mjs');
const { writeAtomically } = await import('../dist/lib/atomic.js');

const root = fileURLToPath(new URL('..', import.meta.url));

/** Text and fresh text of every page in the episodes' folder of a repository. */
function pages() {
  const files = readdirSync(join(root, 'episodes')).filter((name) => name.endsWith('.md'));
  return files.sort().map((name) => {
    const page = `episodes/${name}`;
    const text = readFileSync(join(root, page), 'utf8').replaceAll('\r\n', '\n');
    return { page, text, fresh: fill(text, page, sourcesFor(root, page)) };
  });
}

function check() {
  const stale = pages().flatMap(({ page, text, fresh }) =>
    stalePlaces(text, fresh, page).map(({ line, place }) => `${page}:${line}: ${place}`),
  );
  for (const one of stale) process.stderr.write(`stale: ${one}\n`);
  if (stale.length > 0) process.stderr.write('lolas-pi: `npm run episodes` fills them.\n');
  return stale.length > 0 ? 1 : 0;
}

function write() {
  const changed = pages().filter(({ text, fresh }) => text !== fresh);
  for (const { page, fresh } of changed) {
    writeFileSync(join(root, page), fresh);
    process.stdout.write(`filled ${page}\n`);
  }
}

function writeSlurmSettings(file) {
  const name = 'episodes/settings.json';
  const room = checkSettings(JSON.parse(readFileSync(join(root, name), 'utf8')), name);
  const text = `${JSON.stringify(slurmSettings(room), null, 2)}\n`;
  if (file === undefined) return void process.stdout.write(text);
  // In a new account there is no ~/.lola yet. Closed to others, as the scheduler makes it: its token will lie there.
  try {
    if (existsSync(file) && readFileSync(file, 'utf8') !== text)
      throw new Error(
        'it has other settings already, perhaps your own. Move it away first, or name another file',
      );
    mkdirSync(dirname(resolve(file)), { recursive: true, mode: 0o700 });
    writeAtomically(file, text);
  } catch (error) {
    throw new EpisodeError(
      'SETTINGS_NOT_WRITTEN',
      `npm run episodes: cannot write '${file}': ${error.message}.`,
    );
  }
}

await runAsCommand(([flag, value, ...more]) => {
  const one = value === undefined;
  if (flag === undefined) return write();
  if (flag === '--check' && one) return check();
  if (flag === '--slurm-settings' && more.length === 0) return writeSlurmSettings(value);
  if (flag === '--help' && one) return void process.stdout.write(HELP);
  const words = [flag, value, ...more].filter((word) => word !== undefined).join(' ');
  throw new EpisodeError(
    'BAD_ARGUMENT',
    `npm run episodes: cannot read '${words}'. Known:\n${HELP.trimEnd()}`,
  );
});
