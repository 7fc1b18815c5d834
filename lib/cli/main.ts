// The `lola` command: reads the words, hands over to one file a command, and turns errors into messages and exit codes.
import { Command, CommanderError } from 'commander';
import { EstimatorError } from '../errors.js';
import { addBoard } from './board.js';
import { addDoctor } from './doctor.js';
import { EXIT } from './exit.js';
import { addPi } from './pi.js';
import { addRace } from './race.js';
import { addScheduler } from './scheduler.js';
import { addStart } from './start.js';
import { addStatus } from './status.js';
import { addWorker } from './worker.js';

/** Runs one command line (without node and script) and sets process.exitCode. */
export async function main(words: readonly string[]): Promise<void> {
  const program = new Command('lola')
    .description("Lola's pi: estimate pi from random points, from one thread to a cluster.")
    .version(`lolas-pi on Node ${process.versions.node}`)
    .option('--debug', 'show where in the code an error came from')
    .showHelpAfterError('(lola --help shows the commands, lola COMMAND --help their flags)');
  for (const add of [addPi, addStart, addRace, addBoard, addScheduler, addWorker, addStatus, addDoctor])
    add(program);
  for (const command of [program, ...program.commands])
    command.exitOverride().configureHelp({ sortSubcommands: false });
  if (words.length === 0) return program.outputHelp();
  // --debug is understood before and after the command's name.
  const debug = words.includes('--debug');
  try {
    await program.parseAsync(
      words.filter((word) => word !== '--debug'),
      { from: 'user' },
    );
  } catch (error) {
    process.exitCode = report(error, debug);
  }
}

/** Says what went wrong, for people; gives the exit code. */
function report(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.badInput; // commander has said it already
  const known = error instanceof EstimatorError;
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(`lola: ${known ? '' : 'unexpected: '}${text}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  else if (!known) process.stderr.write('lola: --debug shows where it happened.\n');
  if (!known) return EXIT.failed;
  if (error.code === 'CANCELLED') return EXIT.interrupted;
  // A scheduler that is not there, or refuses us, was named wrongly more often than it is broken.
  return ['INVALID_ARGUMENT', 'CONNECTION', 'PROTOCOL'].includes(error.code) ? EXIT.badInput : EXIT.failed;
}
