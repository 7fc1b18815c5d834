// In a page, the lesson's terminal shows what was recorded: no Slurm answers there.
import recording from '../../../episodes/recorded/slurm.json';
import { replay, type Terminal } from '../../../dist/lesson/slurm/recording.js';

/** Opens the recorded terminal. */
export async function openTerminal(): Promise<Terminal> {
  return replay(recording);
}
