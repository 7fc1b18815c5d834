// Keeps the evidence of a sum as a file, to open, to hand in or to print.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError, show } from '../../lib/errors.js';
import type { Evidence } from './evidence.js';
import { evidencePage } from './evidence-page.js';

/**
 * Writes the report.
 * @param path ends in .html; a file that is there is replaced
 * @returns where it is
 * @throws InvalidArgumentError where it cannot be written
 */
export function saveEvidence(evidence: Evidence, path: string): string {
  if (typeof path !== 'string' || !path.endsWith('.html'))
    throw new InvalidArgumentError(`saveEvidence: the file must end in .html, got ${show(path)}.`);
  const file = resolve(path);
  try {
    writeFileSync(file, evidencePage(evidence));
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new InvalidArgumentError(
      `saveEvidence: cannot write ${show(path)}: ${reason}. Name a folder that is yours.`,
    );
  }
  return file;
}
