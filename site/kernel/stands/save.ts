// In a page, the report of the capstone is a file to download.
import { evidencePage } from '../../../dist/lesson/capstone/page.js';
import type { Evidence } from '../../../dist/lesson/capstone/evidence.js';
import { escaped } from '../../../dist/lesson/charts/html.js';
import { outputs } from '../place.js';

/** Shows a link to the report. @returns where it is */
export function saveEvidence(evidence: Evidence, path: string): string {
  const href = `data:text/html;charset=utf-8,${encodeURIComponent(evidencePage(evidence))}`;
  outputs.show({
    'text/html': `<p><a download="${escaped(path)}" href="${href}">Save ${escaped(path)}</a></p>`,
  });
  return 'the link above';
}
