// The one error of the episodes' tools: a marker, a list or a file that names what is not there or cannot be meant.

/** `code` is stable, the message says where, what was given and what to do. */
export class EpisodeError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'EpisodeError';
    this.code = code;
  }
}

/** Runs a command's main function; its own errors end it with 2 and one line, others keep their stack. */
export async function runAsCommand(main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof EpisodeError)) throw error;
    process.stderr.write(`lolas-pi: ${error.message}\n`);
    process.exitCode = 2;
  }
}
