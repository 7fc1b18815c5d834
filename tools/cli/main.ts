// The `lola` command: reads the words, hands over to one file a command, and turns errors into messages and exit codes.
import { Command, CommanderError } from 'commander';
import { EstimatorError, plain } from '../../lib/errors.js';
import { EXIT } from './exit.js';
import { wasInterrupted } from './interrupt.js';

/** The commands in the order of the help. Each is loaded when its name is given: a scheduler's packages take 60 ms. */
const COMMANDS: { readonly [name: string]: () => Promise<(program: Command) => void> } = {
  pi: async () => (await import('./pi.js')).addPi,
  start: async () => (await import('./race.js')).addStart,
  race: async () => (await import('./race.js')).addRace,
  board: async () => (await import('./board.js')).addBoard,
  scheduler: async () => (await import('./scheduler.js')).addScheduler,
  worker: async () => (await import('./worker.js')).addWorker,
  status: async () => (await import('./status.js')).addStatus,
  dashboard: async () => (await import('./dashboard.js')).addDashboard,
  room: async () => (await import('./room.js')).addRoom,
  slurm: async () => (await import('./slurm.js')).addSlurm,
  doctor: async () => addDoctor,
};

/** For the help: scripts/lola.mjs runs the doctor itself, before any install. */
function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('show what this machine has, and what to do about what is missing')
    .option('--json', 'print one JSON object instead of text');
}

/** Runs one command line (without node and script) and sets process.exitCode. */
export async function main(words: readonly string[]): Promise<void> {
  const program = new Command('lola')
    .description("Lola's pi: estimate pi from random points, from one thread to a cluster.")
    .version(`lolas-pi on Node ${process.versions.node}`)
    .option('--debug', 'show where in the code an error came from')
    .showHelpAfterError('(lola --help shows the commands, lola COMMAND --help their flags)');
  const [asked] = words.filter((word) => Object.hasOwn(COMMANDS, word));
  process.stderr.on('error', () => {}); // what is said beside the result may fail
  process.stdout.on('error', (error: NodeJS.ErrnoException) => endUnlessServer(error, asked));
  const load = asked === undefined ? Object.values(COMMANDS) : [COMMANDS[asked]];
  for (const add of await Promise.all(load.map((command) => command()))) add(program);
  for (const command of [program, ...program.commands])
    command.exitOverride().configureHelp({ sortSubcommands: false });
  if (words.length === 0) return program.outputHelp();
  const debug = words.includes('--debug'); // before and after the command's name
  const rest = words.filter((word) => word !== '--debug');
  try {
    await program.parseAsync(rest, { from: 'user' });
  } catch (error) {
    const { code = '', path } = error as NodeJS.ErrnoException;
    if (['EMFILE', 'ENFILE'].includes(code) || path !== undefined) throw error; // scripts/lola.mjs knows
    process.exitCode = report(error, debug);
  }
}

/** These serve others: they go on without their log. */
const SERVERS: readonly (string | undefined)[] = ['scheduler', 'worker'];

/** The reader of our output has gone, as `head` does, or the disk is full. */
function endUnlessServer(error: NodeJS.ErrnoException, command: string | undefined): void {
  if (SERVERS.includes(command)) return;
  if (error.code === 'EPIPE' || error.code === 'EIO') process.exit();
  process.stderr.write(`lola: cannot write to standard output: ${error.message}\n`);
  process.exit(EXIT.failed);
}

/** Says what went wrong, for people; gives the exit code. */
function report(error: unknown, debug: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.badInput; // commander has said it already
  const known = error instanceof EstimatorError;
  const said = error instanceof Error ? error.message : String(error);
  const isCancelled = known && error.code === 'CANCELLED';
  const text = isCancelled ? 'stopped; no result was there yet.' : said;
  process.stderr.write(`lola: ${known ? '' : 'unexpected: '}${plain(text)}\n`);
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  else if (!known) process.stderr.write('lola: --debug shows where it happened.\n');
  if (!known) return EXIT.failed;
  if (isCancelled || wasInterrupted) return EXIT.interrupted;
  // A scheduler that is not there, or refuses us, was named wrongly more often than it is broken.
  return ['INVALID_ARGUMENT', 'CONNECTION', 'PROTOCOL'].includes(error.code) ? EXIT.badInput : EXIT.failed;
}
