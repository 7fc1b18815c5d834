// A terminal that shows what the lesson's commands printed when they were recorded, for readers without a Slurm.
import { wrapped } from '../notebook.js';

/** Commands in the order of the lesson, with what they printed; made by scripts/record-slurm.mjs. */
export interface SlurmRecording {
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  /** Slurm's version. */
  readonly slurm: string;
  readonly steps: readonly { readonly command: string; readonly text: string }[];
}

/** Where a notebook runs its commands. */
export interface Terminal {
  /** Whether commands run; if not, what is shown was recorded. */
  readonly live: boolean;
  /** Which kind of terminal this is, and how to get the other: one sentence or two. */
  readonly way: string;
  /** Prints `$ command` and its output. One that fails prints its exit code too. */
  readonly run: (command: string) => Promise<void>;
  /** Ends what was started in the background. */
  readonly close: () => Promise<void>;
}

/** A command and what it printed, in lines that fit the page, as a terminal folds them. */
export function shownIn(command: string, text: string): string {
  return wrapped(`$ ${command}\n${text}`.trimEnd());
}

export function replay({ date, machine, slurm, steps }: SlurmRecording): Terminal {
  let next = 0;
  const textOf = (command: string): string => {
    const later = [...steps.slice(next), ...steps.slice(0, next)]; // a cell may run again
    const place = later.findIndex((step) => step.command === command);
    if (place < 0) return "(not recorded: without a Slurm you can see only the lesson's own commands)";
    next = (next + place + 1) % steps.length;
    return later[place].text;
  };
  return {
    live: false,
    way: `No Slurm here: commands show what they printed on ${date} (Slurm ${slurm}; ${machine.cpu}, ${machine.cores} cores).\nTo run them, open this notebook on a cluster, or on Linux with:\n  node scripts/test-slurm.mjs npm run notebooks`,
    run: async (command) => console.log(shownIn(command, textOf(command))),
    close: async () => {},
  };
}
