// Commands as another user, where the tests run as root and can change who they are.
import { spawnSync } from 'node:child_process';

export const canBeAnother =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('setpriv', ['--version']).status === 0;

/** Words before a command that run it as a user without an account, who may read this clone wherever it lies. */
export const asUser = (id: number): string =>
  `setpriv --reuid=${id} --regid=${id} --clear-groups --inh-caps=+dac_read_search --ambient-caps=+dac_read_search`;
