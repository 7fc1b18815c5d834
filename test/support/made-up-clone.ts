// A repository made up for a test, from the texts of its files.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Clone {
  readonly root: string;
  readonly read: (file: string) => string;
  readonly remove: () => void;
}

/** @param files texts by path; what is no text is written as JSON */
export function cloneOf(files: { readonly [path: string]: unknown }): Clone {
  const root = mkdtempSync(join(tmpdir(), 'lola-clone-'));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return {
    root,
    read: (file) => readFileSync(join(root, file), 'utf8'),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
