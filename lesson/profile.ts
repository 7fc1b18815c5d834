// Where the time goes inside the serial program, line by line, by Node's own profiler. Needs Node.
import { Session, type Profiler } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { checkInteger } from '../lib/errors.js';
import { estimateSerial } from '../lib/index.js';
import { readText } from '../lib/machine.js';
import { percent } from '../tools/measure/index.js';

/** A line of code and its share of the time. */
export interface ProfiledLine {
  /** The file's name and the line in the code that ran: built JavaScript, beside which lies its TypeScript. */
  readonly file: string;
  readonly line: number;
  readonly source: string;
  readonly share: number;
}

/** Lola's question: random numbers or the test? Shares of the time that the processor worked. */
export interface SerialProfile {
  readonly randomNumbers: number;
  readonly test: number;
  readonly rest: number;
  readonly lines: readonly ProfiledLine[];
}

/** The profiler looks at the program this often (us). It slows the program by a few per cent. */
const EVERY_US = 200;

/**
 * Profiles the serial stage as you can read it, in plain TypeScript: nobody can say which line of it a machine code is of.
 * @param samples enough for a second or more, such as 3e8
 */
export async function profileSerial(samples = 3e8): Promise<SerialProfile> {
  checkInteger('profileSerial: samples', samples, 1, 'Take 1e8 or more.');
  const lines = await profileLines(() => estimateSerial(samples, { kernel: 'reference' }));
  const shareOf = (wanted: (line: ProfiledLine) => boolean) =>
    lines.filter(wanted).reduce((sum, { share }) => sum + share, 0);
  const isTest = ({ file, source }: ProfiledLine) => file === 'kernel.js' && /<= 1\b|j >= from/.test(source);
  const isOurs = ({ file }: ProfiledLine) => ['kernel.js', 'stream.js', 'philox.js'].includes(file);
  const [test, ours] = [shareOf(isTest), shareOf(isOurs)];
  return { randomNumbers: ours - test, test, rest: 1 - ours, lines };
}

/** The answer in words, with what the original found in its own program. */
export function describeProfile({ randomNumbers, test, rest, lines }: SerialProfile): string {
  const top = lines
    .slice(0, 8)
    .map(({ share, file, line, source }) => `${percent(share).padStart(7)}  ${file}:${line}  ${source}`)
    .map((text) => (text.length > 100 ? `${text.slice(0, 99)}…` : text));
  return [
    `random numbers ${percent(randomNumbers)}, test ${percent(test)}, rest ${percent(rest)} (the original: 73 % random numbers)`,
    ...top,
  ].join('\n');
}

/**
 * Runs a function under the profiler.
 * @param run a second of work or more
 * @returns the lines that ran, the costliest first. In a tight loop the processor works on several lines at once, so
 *   neighbours share their time only roughly.
 */
async function profileLines(run: () => unknown): Promise<ProfiledLine[]> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: EVERY_US });
    await session.post('Profiler.start');
    await run();
    const { profile } = await session.post('Profiler.stop');
    const textOf = (url: string) => (url.startsWith('file:') ? readText(fileURLToPath(url)) : undefined);
    return linesOf(profile, (url) => textOf(url)?.split('\n') ?? []);
  } finally {
    session.disconnect();
  }
}

/** The profile's ticks by line; time in which nothing ran is left out. */
export function linesOf(profile: Profiler.Profile, read: (url: string) => readonly string[]): ProfiledLine[] {
  const ticksOf = new Map<string, number>();
  for (const { callFrame, hitCount = 0, positionTicks = [] } of profile.nodes) {
    const { functionName, url } = callFrame;
    if (functionName === '(idle)' || functionName === '(root)') continue;
    const unplaced = hitCount - positionTicks.reduce((sum, { ticks }) => sum + ticks, 0);
    for (const { line, ticks } of [...positionTicks, { line: 0, ticks: unplaced }]) {
      const key = JSON.stringify([url, line, read(url)[line - 1]?.trim() ?? functionName]);
      if (ticks > 0) ticksOf.set(key, (ticksOf.get(key) ?? 0) + ticks);
    }
  }
  const total = [...ticksOf.values()].reduce((sum, ticks) => sum + ticks, 0);
  const lines = Array.from(ticksOf, ([key, ticks]): ProfiledLine => {
    const [url, line, source] = JSON.parse(key) as [string, number, string];
    return { file: url.split('/').at(-1) ?? '', line, source, share: ticks / total };
  });
  return lines.sort((a, b) => b.share - a.share);
}
