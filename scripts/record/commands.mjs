// Runs the commands that episodes show, each in a home of its own, and keeps what they print.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { EpisodeError } from '../episodes/errors.mjs';
import { machineFacts, today } from './facts.mjs';
import { scrubbed, thisPlace } from './private.mjs';

/** The longest that a service may take to end when it is asked to (ms). */
const STOP_MS = 30_000;

/**
 * Records commands of episodes/recorded/commands.list.json into commands.json beside it. A name's command is one line
 * 'npx lola ...', or a list of them, each in a terminal of its own: all but the last are services (a scheduler,
 * workers), started in order, each once the one before has said something, and interrupted when the last has ended.
 * @param {string} root the repository
 * @param {readonly string[]} names none means all
 * @throws {EpisodeError} for a name that is not in the list, a line that is no such command, a command that fails
 */
export async function recordCommands(root, names) {
  const folder = join(root, 'episodes', 'recorded');
  const read = (name) => {
    const file = join(folder, name);
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  };
  const list = read('commands.list.json');
  const unknown = names.find((name) => !Object.hasOwn(list, name));
  if (unknown !== undefined) {
    const known = Object.keys(list).join(', ') || 'nothing';
    throw new EpisodeError('UNKNOWN_COMMAND', `commands.list.json has no '${unknown}'. It has: ${known}.`);
  }
  const wanted = names.length > 0 ? names : Object.keys(list);
  for (const name of wanted) [list[name]].flat().forEach((line) => wordsOf(line, name));
  const recorded = names.length > 0 ? read('commands.json') : {};
  for (const name of wanted) {
    const terminals = await play(root, name, [list[name]].flat());
    const one = typeof list[name] === 'string' ? terminals[0] : { terminals };
    recorded[name] = { ...one, date: today(), machine: machineFacts() };
  }
  const sorted = Object.fromEntries(Object.entries(recorded).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(join(folder, 'commands.json'), `${JSON.stringify(sorted, null, 2)}\n`);
}

/** The words after 'npx lola'. They go to no shell, so nothing of a shell's is allowed in them. */
function wordsOf(line, name) {
  const words = /^npx lola((?: [\w./:,=@%+-]+)+)$/.exec(line)?.[1].trim().split(' ');
  if (words) return words;
  const rule = "It must be 'npx lola' and plain words, one blank between them";
  throw new EpisodeError('BAD_COMMAND', `commands.list.json: ${name}: cannot run '${line}'. ${rule}.`);
}

async function play(root, name, lines) {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'lola-record-')));
  const place = thisPlace();
  const here = { ...place, replaced: { ...place.replaced, [home]: '~' } };
  const services = [];
  try {
    for (const line of lines.slice(0, -1)) {
      const service = begin(root, home, wordsOf(line, name));
      services.push(service);
      const code = await Promise.race([service.spoke, service.ended]);
      if (code !== undefined) throw failed(name, line, code, service.text());
    }
    const last = begin(root, home, wordsOf(lines.at(-1), name));
    services.push(last);
    const code = await last.ended;
    if (code !== 0) throw failed(name, lines.at(-1), code, last.text());
  } finally {
    for (const { stop } of [...services].reverse()) await stop();
    rmSync(home, { recursive: true, force: true });
  }
  return services.map(({ text }, i) => ({ command: lines[i], text: scrubbed(text(), name, here) }));
}

function failed(name, line, code, text) {
  return new EpisodeError('RUN_FAILED', `${name}: '${line}' ended with ${code}: ${text}`);
}

/** One command under way: what it wrote so far, when it first did, its end, and a way to bring it about. */
function begin(root, home, words) {
  const env = { ...process.env, HOME: home, USERPROFILE: home, LOLA_QUICK: undefined, NO_COLOR: '1' };
  const child = spawn(process.execPath, [join(root, 'scripts', 'lola.mjs'), ...words], {
    cwd: home,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (more) => (text += more));
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal);
  const spoke = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) stream.once('data', () => resolve());
  });
  const stop = async () => {
    child.kill('SIGINT'); // nothing happens where it has ended
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(late);
  };
  return { text: () => stripVTControlCharacters(text).replace(/\s+$/, ''), ended, spoke, stop };
}
