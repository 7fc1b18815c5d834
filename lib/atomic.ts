// Writes a file whole or not at all, so that no reader ever sees half of it; reads texts of any machine. Needs Node.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';

/**
 * Writes a file under another name in the same folder, then renames it. If that fails, nothing is left behind.
 * @param content may be made from the mode that the drive gave the file (some know no modes)
 * @param mode permissions of the file, from its first byte
 * @throws the system's error, for instance of a full disk
 */
export function writeAtomically(
  path: string,
  content: string | Uint8Array | ((mode: number) => string),
  mode = 0o666,
): void {
  const draft = `${path}.${process.pid}-${randomBytes(3).toString('hex')}.draft`;
  const file = openSync(draft, 'wx', mode);
  try {
    try {
      writeFileSync(file, typeof content === 'function' ? content(fstatSync(file).mode) : content);
      fsyncSync(file); // a full disk says so here
    } catch (error) {
      const { syscall, code = '' } = error as NodeJS.ErrnoException;
      if (syscall !== 'fsync' || !/^(EINVAL|ENOSYS|ENOTSUP)$/.test(code)) throw error; // some drives have none
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** The text of a file from any machine: PowerShell's `>` writes UTF-16, and editors on Windows write a mark in front. */
export function textOf(file: string | 0): string {
  const bytes = readFileSync(file);
  return new TextDecoder(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8').decode(bytes);
}
