// The scheduler file: where a scheduler listens and the token that it asks for, for its owner's eyes only. Needs Node.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { writeAtomically } from '../atomic.js';
import { inUrl } from '../entrance.js';
import { ConnectionError, InvalidArgumentError } from '../errors.js';
import { lolaFolder, ownAddresses } from '../machine.js';
import { checkAddress, type Target } from './dial.js';
import { PROTOCOL } from './messages.js';

const OTHERS = 0o077;
/** No scheduler file is longer (bytes). */
const MOST_BYTES = 2 ** 16;

const schedulerInfo = v.object({
  protocol: v.string(),
  addresses: v.pipe(v.array(v.string()), v.minLength(1)),
  port: v.pipe(v.number(), v.safeInteger()),
  dashboard: v.optional(v.string()),
  token: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  pid: v.pipe(v.number(), v.safeInteger()),
  /** False on a drive that knows no modes, where the file could not be closed to others. */
  closedToOthers: v.boolean(),
});

/** What a scheduler file holds. */
export type SchedulerInfo = v.InferOutput<typeof schedulerInfo>;

/** Where a scheduler's file is by default. */
export function defaultSchedulerFile(): string {
  return join(lolaFolder(), 'scheduler.json');
}

/** 32 random bytes, as 64 hexadecimal digits. */
export function newToken(): string {
  return randomBytes(32).toString('hex');
}

/**
 * Writes a scheduler's file, closed to others from the first byte, complete when it appears under its name.
 * @returns a warning where the drive knows no modes
 * @throws InvalidArgumentError where it cannot be written
 */
export function writeSchedulerFile(
  path: string,
  info: Omit<SchedulerInfo, 'closedToOthers'>,
): string | undefined {
  let closedToOthers = false;
  try {
    // One folder, not a path of them: a typo makes none, and below /proc Node would try for ever.
    if (!existsSync(dirname(path))) mkdirSync(dirname(path), { mode: 0o700 });
    const content = (mode: number) => {
      closedToOthers = process.platform !== 'win32' && (mode & OTHERS) === 0;
      return `${JSON.stringify({ ...info, closedToOthers }, null, 2)}\n`;
    };
    writeAtomically(path, content, 0o600);
  } catch (cause) {
    throw invalid(
      `cannot write '${path}': ${(cause as Error).message}. Name a file in a folder of your own that has room.`,
    );
  }
  return closedToOthers ? undefined : openToOthers(path);
}

/**
 * Reads a scheduler's file.
 * @param warn called where the file is not closed to others, on a drive that knows no modes
 * @throws ConnectionError where there is none; InvalidArgumentError where it is another's, open to others, or unreadable
 */
export function readSchedulerFile(path: string, warn: (text: string) => void = () => {}): SchedulerInfo {
  const { text, mode, uid } = read(path);
  const refuse = (problem: string) => invalid(`'${path}' ${problem}`);
  if (uid !== (process.getuid?.() ?? uid))
    throw refuse(
      `belongs to another user (uid ${uid}): its scheduler may be a trap. Use a file of your own.`,
    );
  const { success, output: info } = v.safeParse(v.pipe(v.string(), v.parseJson(), schedulerInfo), text);
  if (!success)
    throw refuse('is not a scheduler file. Start the scheduler again, or name the file that its log shows.');
  const isOpen = !process.getuid || (mode & OTHERS) !== 0;
  if (isOpen && info.closedToOthers)
    throw refuse(
      `can be read by others, who could use its token. Run: chmod 600 '${path}', and start the scheduler again.`,
    );
  if (info.protocol !== PROTOCOL)
    throw refuse(
      `belongs to a scheduler that speaks ${info.protocol}; this program speaks ${PROTOCOL}. Use the same version on both sides.`,
    );
  if (isOpen) warn(openToOthers(path));
  return info;
}

/** Removes the file of a scheduler that ends, unless another one has taken its place. */
export function removeSchedulerFile(path: string, { token, pid }: { token: string; pid: number }): void {
  try {
    const info = readSchedulerFile(path);
    if (info.token === token && info.pid === pid) rmSync(path, { force: true });
  } catch {
    // It is gone, or not ours: nothing to remove.
  }
}

/** Where to find a scheduler: an address and its token, or its file, or an address whose token is in the file. */
export interface Whereabouts {
  readonly address?: string;
  readonly token?: string;
  /** A scheduler file (default: the one in the user's home). */
  readonly file?: string;
}

/**
 * Finds a scheduler's addresses and token.
 * @throws InvalidArgumentError or ConnectionError with what is missing and where to get it
 */
export function findScheduler({ address, token, file }: Whereabouts, warn?: (text: string) => void): Target {
  if (address !== undefined) checkAddress(address);
  if (address !== undefined && token !== undefined) return { addresses: [address], token };
  const path = file ?? defaultSchedulerFile();
  if (address === undefined) return { ...readSchedulerFile(path, warn), file: path };
  const known = existsSync(path) ? readSchedulerFile(path, warn) : undefined;
  if (known?.addresses.some((each) => placeOf(each) === placeOf(address)))
    return { addresses: [address], token: known.token };
  throw new InvalidArgumentError(
    `no scheduler file here knows ${address} and its token. Look in the scheduler's log for its address; if it runs on another machine, copy its file to this one and name it (--scheduler-file).`,
  );
}

/** Where an address leads: all names and addresses of this machine are one. */
function placeOf(address: string): string {
  const { hostname: name, host, port } = new URL(address);
  const own = ['localhost', '127.0.0.1', '[::1]', hostname().toLowerCase()];
  return [...own, ...ownAddresses().map((each) => inUrl(each.address))].includes(name) ? `:${port}` : host;
}

function read(path: string): { text: string; mode: number; uid: number } {
  try {
    // Opening a pipe without a writer would block here.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const status = fstatSync(file); // of what is read, not of what the name may mean later
      const { mode, uid } = status;
      if (!status.isFile() || status.size > MOST_BYTES) return { text: '', mode, uid };
      return { text: readFileSync(file, 'utf8'), mode, uid };
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT')
      throw invalid(
        `cannot read '${path}': ${message}. Name the file that the scheduler's log shows.`,
        cause,
      );
    throw new ConnectionError(
      `there is no scheduler file '${path}'. Start one with 'lola scheduler', or say where it is: by its address, ws://host:port, or by --scheduler-file FILE.`,
    );
  }
}

function invalid(text: string, cause?: unknown): InvalidArgumentError {
  return new InvalidArgumentError(`--scheduler-file: ${text}`, { cause });
}

function openToOthers(path: string): string {
  return `'${path}' is on a drive where files cannot be closed to others: anyone who can read it can use this cluster`;
}
