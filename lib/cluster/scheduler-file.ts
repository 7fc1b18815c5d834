// The scheduler file: where a scheduler listens and the token that it asks for, for its owner's eyes only.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
  fsyncSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { ConnectionError, InvalidArgumentError } from '../errors.js';
import { checkAddress, type Target } from './channel.js';
import { PROTOCOL } from './protocol.js';

const OTHERS = 0o077;

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

/** Where a scheduler's file is, if nobody says otherwise. */
export function defaultSchedulerFile(): string {
  return join(homedir(), '.lola', 'scheduler.json');
}

/** 32 random bytes, as 64 hexadecimal digits. */
export function newToken(): string {
  return randomBytes(32).toString('hex');
}

/**
 * Writes a scheduler's file: created by us and nobody else, closed to others from the first byte, complete when it
 * appears under its name.
 * @returns a warning where the drive knows no modes
 * @throws InvalidArgumentError where it cannot be written
 */
export function writeSchedulerFile(
  path: string,
  info: Omit<SchedulerInfo, 'closedToOthers'>,
): string | undefined {
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    // One folder, not a path of them: a slip of the finger makes none, and below /proc Node would try for ever.
    if (!existsSync(dirname(path))) mkdirSync(dirname(path), { mode: 0o700 });
    const file = openSync(draft, 'wx', 0o600);
    try {
      const closedToOthers = process.platform !== 'win32' && (fstatSync(file).mode & OTHERS) === 0;
      writeSync(file, `${JSON.stringify({ ...info, closedToOthers }, null, 2)}\n`);
      fsyncSync(file); // a full disk says so here, and not when a worker reads half a file
      closeSync(file);
      renameSync(draft, path);
      return closedToOthers
        ? undefined
        : `${path} lies where files cannot be closed to others: whoever can read it can use this cluster`;
    } catch (error) {
      rmSync(draft, { force: true });
      throw error;
    }
  } catch (cause) {
    throw new InvalidArgumentError(
      `--scheduler-file: cannot write '${path}': ${(cause as Error).message}. Name a file in a folder of your own that has room.`,
    );
  }
}

/**
 * Reads a scheduler's file.
 * @param warn hears of a file that is not closed to others on a drive that knows no modes
 * @throws ConnectionError where there is none; InvalidArgumentError where it is another's, open to others, or unreadable
 */
export function readSchedulerFile(path: string, warn: (text: string) => void = () => {}): SchedulerInfo {
  const { text, mode, uid } = read(path);
  const parsed = v.safeParse(schedulerInfo, parseJson(text));
  if (!parsed.success) {
    throw new InvalidArgumentError(
      `--scheduler-file: '${path}' is no scheduler file. Start the scheduler again, or name the file that it says in its log.`,
    );
  }
  const info = parsed.output;
  const mine = process.getuid?.();
  if (mine !== undefined && uid !== mine) {
    throw new InvalidArgumentError(
      `--scheduler-file: '${path}' belongs to another user (uid ${uid}): its scheduler may be a trap. Use a file of your own.`,
    );
  }
  if (mine === undefined || (mode & OTHERS) !== 0) {
    if (info.closedToOthers) {
      throw new InvalidArgumentError(
        `--scheduler-file: '${path}' can be read by others, and its token used. Run: chmod 600 '${path}', and start the scheduler again.`,
      );
    }
    warn(`'${path}' lies where files cannot be closed to others: whoever can read it can use this cluster`);
  }
  if (info.protocol !== PROTOCOL) {
    throw new InvalidArgumentError(
      `--scheduler-file: '${path}' is of a scheduler that speaks ${info.protocol}; this is ${PROTOCOL}. Use the same version on both sides.`,
    );
  }
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
  /** A scheduler file; absent means the default one. */
  readonly file?: string;
}

/** An address without a token: a worker can still ask for it. */
export class UnknownSchedulerError extends InvalidArgumentError {
  override name = 'UnknownSchedulerError';
}

/**
 * Finds a scheduler's addresses and token.
 * @throws InvalidArgumentError or ConnectionError with what is missing and where to get it
 */
export function findScheduler({ address, token, file }: Whereabouts, warn?: (text: string) => void): Target {
  if (address !== undefined) checkAddress(address);
  if (address !== undefined && token !== undefined) return { addresses: [address], token };
  const path = file ?? defaultSchedulerFile();
  if (address === undefined) {
    const { addresses, token } = readSchedulerFile(path, warn);
    return { addresses, token, file: path };
  }
  const known = infoIfThere(path, warn);
  if (known?.addresses.some((each) => new URL(each).host === new URL(address).host))
    return { addresses: [address], token: known.token };
  throw new UnknownSchedulerError(
    `no scheduler file here knows ${address} and its token. Look in the scheduler's log for its address; where it runs on another machine, copy its file to this one and name it (--scheduler-file).`,
  );
}

function infoIfThere(path: string, warn?: (text: string) => void): SchedulerInfo | undefined {
  try {
    return readSchedulerFile(path, warn);
  } catch (error) {
    if (error instanceof ConnectionError) return undefined;
    throw error;
  }
}

function read(path: string): { text: string; mode: number; uid: number } {
  try {
    const file = openSync(path, 'r');
    try {
      const { mode, uid } = fstatSync(file); // of what is read, not of what the name may stand for later
      return { text: readFileSync(file, 'utf8'), mode, uid };
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT')
      throw new InvalidArgumentError(
        `--scheduler-file: cannot read '${path}': ${message}. Name the file that the scheduler says in its log.`,
      );
    throw new ConnectionError(
      `there is no scheduler file '${path}'. Start one with 'lola scheduler', or say where it is: --scheduler ws://host:port or --scheduler-file FILE.`,
    );
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
