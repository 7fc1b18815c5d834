// What Slurm says of jobs and of the elements of arrays: the words, and the lines in which its commands print them.

/** A job or an element of an array, as Slurm describes it. */
export interface JobState {
  readonly job: string;
  /** If the command prints it. A controller that lost its state gives numbers again: the name says whose job it is. */
  readonly name?: string;
  /** The element's index, if the job is an array. */
  readonly element?: number;
  /** Slurm's own word, as PENDING, RUNNING, COMPLETED, FAILED, TIMEOUT, NODE_FAIL. */
  readonly state: string;
  /** Why it waits or why it ended, in Slurm's word. */
  readonly reason: string;
  readonly node: string;
  /** 'code:signal', if the command prints it. */
  readonly exitCode?: string;
}

/** The state of a job that Slurm does not know, or whose number it has given to another since. */
export const GONE: JobState = {
  job: '',
  state: 'GONE from Slurm (as when cancelled while it waited)',
  reason: '',
  node: '',
};

/** An element's exit code if it could not write its results. */
export const EXIT_UNSAVED = 74;
/** No array has more elements here. A longer list in what a command printed is a misprint. */
export const MOST_ELEMENTS = 100_000;

const ENDED =
  /^(BOOT_FAIL|CANCELLED|COMPLETED|DEADLINE|FAILED|GONE|LAUNCH_FAILED|NODE_FAIL|OUT_OF_MEMORY|PREEMPTED|RECONFIG_FAIL|REVOKED|TIMEOUT)\b/;

/** Whether the job may still do something. A word that is not known here concludes nothing. */
export function isLive({ state }: JobState): boolean {
  return !ENDED.test(state);
}

/** Reads sacct's lines: JobID, State, ExitCode, NodeList, JobName; skips lines of another form. */
export function parseSacct(printed: string): JobState[] {
  // The state may be 'CANCELLED by 1000'. Elements that wait share one line, as 12_[3-5,9%2].
  const lines = printed.matchAll(/^(\d+)(?:_([^|\n]+))?\|(\w+) ?([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|(.*)$/gm);
  return [...lines].flatMap(([, job, elements, state, reason, exitCode, node, name]) =>
    eachElement({ job, name, state, reason, node, exitCode }, elements),
  );
}

/** Reads lines of `scontrol show job -o`; skips lines of another form. */
export function parseScontrol(printed: string): JobState[] {
  return printed.split('\n').flatMap((line) => {
    const ids = /^JobId=(\d+)(?: ArrayJobId=(\d+))?(?: ArrayTaskId=(\S+))?/.exec(line);
    if (!ids) return [];
    const [, own, job = own, elements] = ids;
    // The job's name may hold anything, blanks and '=' too. All else that is read here comes after it.
    const [, name = '', fields = ''] = / JobName=(.*?)( UserId=.*)/.exec(line) ?? [];
    const field = (name: string) => new RegExp(`^.* ${name}=(\\S*)`).exec(fields)?.[1] ?? '';
    const [state, reason, exitCode] = [field('JobState'), field('Reason'), field('ExitCode')];
    const node = field('NodeList').replace('(null)', '');
    return eachElement({ job, name, state, reason, node, exitCode }, elements);
  });
}

/** The same state for each of '3', '[0-2,5]' or '[0-9%4]'; for the job itself if it has none (left: '4294967294'). */
function eachElement(known: JobState, elements: string | undefined): JobState[] {
  if (elements === undefined || elements === '4294967294') return [known];
  const found = new Set<number>();
  for (const [, first, last = first] of elements.replace(/%.*/, '').matchAll(/(\d+)(?:-(\d+))?/g))
    for (let i = Number(first); i <= Number(last) && i < MOST_ELEMENTS; i++) found.add(i);
  return [...found].map((element) => ({ ...known, element }));
}
