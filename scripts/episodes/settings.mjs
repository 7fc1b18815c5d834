// The room's settings: host, partition, account, modules and contact, for episodes, snippets and Slurm's own settings.
import { EpisodeError } from './errors.mjs';

const WORDS = ['host', 'partition', 'account', 'contact'];
const ALL = ['host', 'partition', 'account', 'modules', 'contact'];

/**
 * Checks the settings. An account or a list of modules may be empty: their lines are left out.
 * @throws {EpisodeError} for what is missing, unknown or of another type
 */
export function checkSettings(given, file) {
  const wrong = (what) =>
    new EpisodeError('BAD_SETTINGS', `${file}: ${what}. It holds ${ALL.join(', ')}; modules is a list.`);
  if (typeof given !== 'object' || given === null) throw wrong('must be an object');
  for (const name of Object.keys(given)) if (!ALL.includes(name)) throw wrong(`${name} is not known`);
  for (const name of WORDS) if (!isLine(given[name])) throw wrong(`${name} must be a text of one line`);
  if (given.host === '' || given.contact === '') throw wrong('host and contact must not be empty');
  const { modules } = given;
  if (!Array.isArray(modules) || !modules.every((one) => isLine(one) && /^\S+$/.test(one)))
    throw wrong('modules must be a list of names without blanks');
  return given;
}

/** A setting as words of a sentence: 'none' where a site has none. */
export function settingOf(settings, name) {
  return valueOf(settings, name) || 'none';
}

/** A text with {{host}} and the others filled; a line that names an empty setting is left out. */
export function fillText(text, settings) {
  const line = (one) => {
    const names = [...one.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, name]) => name);
    if (names.some((name) => valueOf(settings, name) === '')) return [];
    return [one.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => valueOf(settings, name))];
  };
  return text.split('\n').flatMap(line).join('\n');
}

/** The settings as `lola slurm --settings` and ~/.lola/slurm.json take them. */
export function slurmSettings({ partition, account, modules }) {
  return {
    ...(partition && { partition }),
    ...(account && { account }),
    ...(modules.length > 0 && { prologue: [`module load ${modules.join(' ')}`] }),
  };
}

function valueOf(settings, name) {
  if (!ALL.includes(name))
    throw new EpisodeError(
      'UNKNOWN_SETTING',
      `there is no setting '${name}'. episodes/settings.json holds ${ALL.join(', ')}.`,
    );
  return name === 'modules' ? settings.modules.join(' ') : settings[name];
}

function isLine(value) {
  // eslint-disable-next-line no-control-regex -- a line break would begin a line of its own in a script
  return typeof value === 'string' && !/[\u0000-\u001f\u007f]/.test(value);
}
