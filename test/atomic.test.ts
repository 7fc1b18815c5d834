import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeAtomically } from '../lib/atomic.js';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'lola-atomic-'))));
afterEach(() => rmSync(folder, { recursive: true }));

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
