// Keeps the evidence of a sum as a file, to open, to hand in or to print. Needs Node.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError, show } from '../../lib/errors.js';
import type { Evidence } from './evidence.js';
import { evidencePage } from './page.js';

/**
 * Writes the report.
 * @param path ends in .html; a file that exists is replaced
 * @returns the full path
 * @throws InvalidArgumentError if it cannot be written
 */
export function saveEvidence(evidence: Evidence, path: string): string {
  if (typeof path !== 'string' || !path.endsWith('.html'))
    throw new InvalidArgumentError(`saveEvidence: the file must end in .html, got ${show(path)}.`);
  try {
    writeFileSync(path, evidencePage(evidence));
  } catch (cause) {
    throw new InvalidArgumentError(
      `saveEvidence: cannot write ${show(path)}: ${(cause as Error).message}. Choose a folder that you may write to.`,
    );
  }
  return resolve(path);
}
