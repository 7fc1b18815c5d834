// The one error of the episodes' tools: a marker, a list or a file that names what is not there or cannot be meant.

/** `code` is stable, the message says where, what was given and what to do. */
export class EpisodeError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = 'EpisodeError';
    this.code = code;
  }
}

/** What went wrong is not what was asked for, but what came of it: the command ends with 1. */
const OUTCOMES = ['RUN_FAILED', 'PRIVATE'];

/**
 * Runs a command's main function, which gives the exit code (absent: 0). An EpisodeError ends it with 2 and one line,
 * other errors keep their stack.
 */
export async function runAsCommand(main) {
  try {
    process.exitCode = (await main(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (!(error instanceof EpisodeError)) throw error;
    process.stderr.write(`lolas-pi: ${error.message}\n`);
    process.exitCode = OUTCOMES.includes(error.code) ? 1 : 2;
  }
}
