// Keeps a recording free of what belongs to the machine that made it: paths, its name, its user's name, tokens.
import { homedir, hostname, networkInterfaces, userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { EpisodeError } from '../episodes/errors.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');
/** Names that many machines and accounts have, and that are words of our prose. */
const COMMON = ['root', 'localhost', 'lola', 'pi', 'node', 'user', 'worker', 'runner'];
const PATH =
  /(?<![\w.~:/-])(?:\/(?!usr\/bin\/env\b)(?:home|root|Users|tmp|work|workspaces?|var|usr|opt|mnt|media|data|scratch|private|srv|run|proc)\/[^\s'"<>`]+|[A-Z]:\\[^\s'"<>`]+)/;

/** This machine, as recordings must not name it. */
export function thisPlace() {
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const addresses = own.filter(({ internal }) => !internal).map(({ address }) => address);
  return {
    replaced: {
      [root]: '.',
      [homedir()]: '~',
      [process.execPath]: 'node',
      ...Object.fromEntries(addresses.map((address, i) => [address, `10.0.0.${i + 1}`])),
    },
    names: [hostname(), hostname().split('.')[0], userInfo().username],
  };
}

/**
 * A text with tokens, known folders and addresses replaced.
 * @param {string} text what a run has shown
 * @param {string} where it was shown, for the message
 * @throws {EpisodeError} where another absolute path, the machine's or the user's name is left
 */
export function scrubbed(text, where, { replaced, names } = thisPlace()) {
  let clean = text.replace(/\b(token=)[\w.~+/-]+/gi, '$1...').replace(/\b[0-9a-f]{64}\b/g, '...');
  const longestFirst = Object.entries(replaced).sort(([a], [b]) => b.length - a.length);
  for (const [own, short] of longestFirst)
    clean = clean.replace(new RegExp(`(?:file://)?${escaped(own)}(?![\\w.-])`, 'g'), short);
  const path = PATH.exec(clean)?.[0];
  if (path !== undefined) throw isPrivate(where, `the path ${path}`);
  for (const name of names.filter((one) => one !== '' && !COMMON.includes(one)))
    if (new RegExp(`(?<!\\w)${escaped(name)}(?!\\w)`).test(clean)) throw isPrivate(where, `the name ${name}`);
  return clean;
}

/** The same for every text in plain data. */
export function scrubbedData(data, where, place) {
  if (typeof data === 'string') return scrubbed(data, where, place);
  if (Array.isArray(data)) return data.map((one) => scrubbedData(one, where, place));
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, one]) => [key, scrubbedData(one, where, place)]));
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function isPrivate(where, what) {
  const remedy = 'Nothing was written: a recording is for everyone. Change what prints it.';
  return new EpisodeError('PRIVATE', `${where} shows ${what} of this machine. ${remedy}`);
}
