// A race in one line, to paste for the instructor in a room without a network, and how `lola board` reads it back.
import * as v from 'valibot';
import { InvalidArgumentError, plain } from '../../lib/errors.js';
import { TimingSchema } from '../../room/answer.js';
import { cleanName } from '../../room/names.js';
import type { BoardEntry } from '../measure/board.js';

/** What a line begins with. */
export const LINE_MARK = 'lola race 1 |';
const MOST_LINE = 2000;
const NUMBER = String.raw`(\d+(?:\.\d+)?(?:e[-+]?\d+)?)`;
const POINT = new RegExp(`^(\\d+) workers ${NUMBER} \\(${NUMBER}\\.\\.${NUMBER}\\)$`);

/** As 'lola race 1 | Ana | a CPU | 4 cores | 1000000 samples | predicted 3 | pool | 2 workers 1.93 (1.9..1.95) | end'. */
export function lineOf({ nickname, cpu, cores, samples, prediction, stage, points }: BoardEntry): string {
  const text = (given: string) => cleanName(given, 40).replaceAll('|', '/');
  const digits = (value: number) => String(Number(value.toPrecision(4)));
  const measured = points.map(({ workers, speedUp: { median, low, high } }) => {
    return `${workers} workers ${digits(median)} (${digits(low)}..${digits(high)})`;
  });
  const predicted = prediction === undefined ? [] : [`predicted ${prediction}`];
  const fields = [
    text(nickname ?? '') || 'somebody',
    text(cpu),
    `${cores} cores`,
    `${samples} samples`,
    ...predicted,
  ];
  return [LINE_MARK.slice(0, -2), ...fields, stage, ...measured, 'end'].join(' | ');
}

/** Reads a line, also behind what a chat puts before it. @throws InvalidArgumentError that says what is wrong */
export function readLine(line: string): BoardEntry {
  const at = line.indexOf(LINE_MARK);
  if (at < 0) throw refused(`it has no '${LINE_MARK}'`);
  if (line.length > MOST_LINE) throw refused(`it has more than ${MOST_LINE} characters`);
  const end = line.indexOf(' | end', at);
  if (end < 0) throw refused("it is cut off: its 'end' is missing");
  const fields = line.slice(at + LINE_MARK.length, end).split('|');
  const [nickname, cpu, cores, samples, ...rest] = fields.map((field) => cleanName(field, 100));
  const [, predicted] = new RegExp(`^predicted ${NUMBER}$`).exec(rest[0] ?? '') ?? [];
  const [stage, ...points] = predicted === undefined ? rest : rest.slice(1);
  const count = (text = '', unit: string) =>
    text.endsWith(` ${unit}`) ? Number(text.slice(0, -unit.length)) : text;
  const { success, output, issues } = v.safeParse(TimingSchema, {
    ...{ nickname, cpu, stage, cores: count(cores, 'cores'), samples: count(samples, 'samples') },
    ...(predicted !== undefined && { prediction: Number(predicted) }),
    points: points.map((point) => {
      const [workers, median, low, high] = (POINT.exec(point) ?? []).slice(1).map(Number);
      return { workers, speedUp: { median, low, high } };
    }),
  });
  if (success) return output;
  const [issue] = issues;
  throw refused(`${v.getDotPath(issue) ?? 'it'} is wrong: ${issue.message}`);
}

function refused(why: string): InvalidArgumentError {
  return new InvalidArgumentError(plain(`${why}. Paste the line as lola race --line printed it.`));
}
