// Where the time goes inside the serial program, line by line, by the profiler that Node has built in.
import { Session, type Profiler } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { readText } from '../lib/machine.js';
import { checkInteger } from '../lib/errors.js';
import { estimateSerial } from '../lib/estimators/serial.js';
import { percent } from '../tools/measure/text.js';

/** A line of code and its share of the time. */
export interface ProfiledLine {
  readonly name: string;
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

/** Looks at the program so often (us): a second gives 5 000 looks, and slows it by a few per cent. */
const EVERY_US = 200;

/**
 * Runs a function under the profiler.
 * @param run what to look at; a second or more of work
 * @returns the lines that were met, the costliest first. In a tight loop the processor works on several lines at once,
 *   so neighbours share their time only roughly.
 */
export async function profileLines(run: () => unknown): Promise<ProfiledLine[]> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: EVERY_US });
    await session.post('Profiler.start');
    await run();
    const { profile } = await session.post('Profiler.stop');
    return linesOf(profile, (url) => readText(fileURLToPath(url))?.split('\n') ?? []);
  } finally {
    session.disconnect();
  }
}

/**
 * Profiles the serial stage as it can be read, in plain TypeScript: what the machine code does cannot be told by line.
 * @param samples enough for a second or more; 3e8 are
 */
export async function profileSerial(samples = 3e8): Promise<SerialProfile> {
  checkInteger('profileSerial: samples', samples, 1, 'Take 1e8 or more.');
  const lines = await profileLines(() => estimateSerial(samples, { kernel: 'reference' }));
  const shareOf = (wanted: (line: ProfiledLine) => boolean) =>
    lines.filter(wanted).reduce((sum, { share }) => sum + share, 0);
  const isTest = ({ file, source }: ProfiledLine) => file === 'kernel.js' && /<= 1\b|j >= from/.test(source);
  const test = shareOf(isTest);
  const randomNumbers = shareOf(
    (line) => !isTest(line) && ['kernel.js', 'stream.js', 'philox.js'].includes(line.file),
  );
  return { randomNumbers, test, rest: 1 - test - randomNumbers, lines };
}

/** The answer in words, with what the lesson found in its own program. */
export function describeProfile({ randomNumbers, test, rest, lines }: SerialProfile): string {
  const top = lines
    .slice(0, 8)
    .map(({ share, file, line, source }) => `${percent(share).padStart(7)}  ${file}:${line}  ${source}`);
  return [
    `random numbers ${percent(randomNumbers)}, test ${percent(test)}, rest ${percent(rest)} (the lesson's program: 73 % random numbers)`,
    ...top,
  ].join('\n');
}

/** The profile's ticks by line; time in which nothing ran is left out. */
export function linesOf(profile: Profiler.Profile, read: (url: string) => readonly string[]): ProfiledLine[] {
  const files = new Map<string, readonly string[]>();
  const found = new Map<string, ProfiledLine & { ticks: number }>();
  for (const { callFrame, hitCount = 0, positionTicks = [] } of profile.nodes) {
    const { functionName, url } = callFrame;
    if (functionName === '(idle)' || functionName === '(root)') continue;
    if (!files.has(url)) files.set(url, url.startsWith('file:') ? read(url) : []);
    const named = positionTicks.reduce((sum, { ticks }) => sum + ticks, 0);
    for (const { line, ticks } of [...positionTicks, { line: 0, ticks: hitCount - named }]) {
      if (ticks <= 0) continue;
      const file = url.split('/').at(-1) ?? '';
      const key = `${url}:${line}:${file ? '' : functionName}`;
      const known = found.get(key);
      if (known) known.ticks += ticks;
      else
        found.set(key, {
          name: functionName,
          file,
          line,
          source: files.get(url)?.[line - 1]?.trim() ?? functionName,
          share: 0,
          ticks,
        });
    }
  }
  const total = [...found.values()].reduce((sum, { ticks }) => sum + ticks, 0);
  const lines = Array.from(found.values(), ({ ticks, ...line }) => ({ ...line, share: ticks / total }));
  return lines.sort((a, b) => b.share - a.share);
}
