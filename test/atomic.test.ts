import fs, { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { writeAtomically } from '../lib/atomic.js';

/** Lets the drive answer fsync so. */
function answerFsync(code: string): void {
  vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
    throw Object.assign(new Error(`${code}: fsync`), { code, syscall: 'fsync' });
  });
  syncBuiltinESMExports(); // for all who have imported it by name
}

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'lola-atomic-'))));
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  rmSync(folder, { recursive: true });
});

test('a file appears whole under its name, and replaces the one before', () => {
  const path = join(folder, 'file');
  writeAtomically(path, 'first');
  writeAtomically(path, Uint8Array.of(1, 2, 3));
  expect([...readFileSync(path)]).toEqual([1, 2, 3]);
  expect(readdirSync(folder)).toEqual(['file']);
});

test.skipIf(process.platform === 'win32')('is closed to others from its first byte where asked', () => {
  const path = join(folder, 'file');
  writeAtomically(path, (mode) => (mode & 0o777).toString(8), 0o600);
  expect(readFileSync(path, 'utf8')).toBe('600');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a write that fails throws the reason and leaves no draft', () => {
  mkdirSync(join(folder, 'taken'));
  expect(() => writeAtomically(join(folder, 'taken'), 'text')).toThrow(/EISDIR|EPERM/);
  expect(() => writeAtomically(join(folder, 'nowhere', 'file'), 'text')).toThrow(/ENOENT/);
  expect(readdirSync(folder)).toEqual(['taken']);
});

test.each(['EINVAL', 'ENOSYS', 'ENOTSUP'])(
  'a drive that has no fsync takes the file all the same: %s',
  (code) => {
    answerFsync(code);
    writeAtomically(join(folder, 'file'), 'text');
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('text');
  },
);

test.each(['ENOSPC', 'EDQUOT', 'EIO'])('what fsync says of the file itself counts: %s', (code) => {
  answerFsync(code);
  expect(() => writeAtomically(join(folder, 'file'), 'text')).toThrow(code);
  expect(readdirSync(folder)).toEqual([]);
});
