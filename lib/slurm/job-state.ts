// What Slurm says of jobs and of the elements of arrays: the words, and the lines in which its commands print them.

/** A job, or an element of an array, as Slurm tells of it. */
export interface JobState {
  readonly job: string;
  /** The element's index where the job is an array. */
  readonly element?: number;
  /** Slurm's own word, as PENDING, RUNNING, COMPLETED, FAILED, TIMEOUT, NODE_FAIL. */
  readonly state: string;
  /** Why it waits, or why it ended, in Slurm's word. */
  readonly reason: string;
  readonly node: string;
  /** 'code:signal' where the command tells it. */
  readonly exitCode?: string;
}

const LIVE =
  `PENDING RUNNING CONFIGURING COMPLETING REQUEUED REQUEUE_HOLD REQUEUE_FED RESIZING SUSPENDED STOPPED
  SIGNALING STAGE_OUT SPECIAL_EXIT`.split(/\s+/);

/** Whether the job may still do something. */
export function isLive({ state }: JobState): boolean {
  return LIVE.includes(state);
}

/** What squeue is asked for, so that parseSqueue can read it. */
export const SQUEUE_FIELDS = '%F|%A|%K|%T|%N|%r|%j';

/** Reads squeue's lines in the fields of SQUEUE_FIELDS. A job's name comes last: it may hold a bar. */
export function parseSqueue(printed: string): JobState[] {
  return linesOf(printed).map((line) => {
    const [array, own, element, state, node, reason] = line.split('|');
    const known = { job: own, state, reason, node };
    return /^\d+$/.test(element) ? { ...known, job: array, element: Number(element) } : known;
  });
}

/** Reads sacct's lines: JobID, State, ExitCode, NodeList. Elements that wait share one line, as 12_[3-5,9%2]. */
export function parseSacct(printed: string): JobState[] {
  return linesOf(printed).flatMap((line) => {
    const [id, state, exitCode, node] = line.split('|');
    const [job, elements] = id.split('_');
    const [word, ...who] = state.split(' '); // as in 'CANCELLED by 1000'
    const known = { job, state: word, reason: who.join(' '), node, exitCode };
    return elements === undefined ? [known] : expand(elements).map((element) => ({ ...known, element }));
  });
}

/** '3', '[0-2,5]' or '[0-9%4]' as numbers. */
function expand(elements: string): number[] {
  return elements
    .replace(/^\[|\]$|%.*$/g, '')
    .split(',')
    .flatMap((range) => {
      const [first, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

/** Reads lines of `scontrol show job -o`. */
export function parseScontrol(printed: string): JobState[] {
  return linesOf(printed).flatMap((line) => {
    // A name may hold anything, blanks and '=' too; all that is read here comes after it.
    const field = (name: string) =>
      new RegExp(`^.* ${name}=(\\S*)`).exec(line.slice(line.indexOf(' UserId=')))?.[1] ?? '';
    const ids = /^JobId=(\d+)(?: ArrayJobId=(\d+))?(?: ArrayTaskId=(\S+))?/.exec(line);
    if (!ids) return [];
    const [, own, array, elements] = ids;
    const node = field('NodeList').replace('(null)', '');
    const known = {
      job: array ?? own,
      state: field('JobState'),
      reason: field('Reason'),
      node,
      exitCode: field('ExitCode'),
    };
    return elements === undefined ? [known] : expand(elements).map((element) => ({ ...known, element }));
  });
}

/** Lines that say something. */
export function linesOf(printed: string): string[] {
  return printed.split('\n').filter((line) => line.trim() !== '');
}
