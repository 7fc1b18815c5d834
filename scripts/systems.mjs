// What differs between systems, as functions of the platform: each can be tested on any system.
import { spawnSync } from 'node:child_process';
import { posix, win32 } from 'node:path';

/** Where Jupyter looks for a user's own kernels: https://docs.jupyter.org/en/stable/use/jupyter-directories.html */
export function jupyterFolder(platform, { JUPYTER_DATA_DIR, APPDATA, XDG_DATA_HOME }, home) {
  if (JUPYTER_DATA_DIR) return JUPYTER_DATA_DIR;
  if (platform === 'win32') return win32.join(APPDATA || win32.join(home(), 'AppData', 'Roaming'), 'jupyter');
  if (platform === 'darwin') return posix.join(home(), 'Library', 'Jupyter');
  return posix.join(XDG_DATA_HOME || posix.join(home(), '.local', 'share'), 'jupyter');
}

/** Ways to start a Jupyter, best first: JupyterLab before Notebook, on the PATH before in Python. */
export function waysToJupyter(platform) {
  const python = platform === 'win32' ? 'py' : 'python3';
  const ways = [['jupyter'], [python, '-m', 'jupyter']];
  return ['lab', 'notebook'].flatMap((name) => ways.map((way) => [...way, name]));
}

/**
 * The first three arguments of `spawn` for a command that may be a .cmd file on Windows, as npm and jupyter are: only a
 * shell starts those. A shell gets one text, since Node 24 warns of a list. A program, as Node's own, needs none.
 */
export function spawnable(platform, command, args, options = {}) {
  if (platform !== 'win32' || /\.exe$/i.test(command)) return [command, args, options];
  return [[command, ...args].map(quoted).join(' '), [], { ...options, shell: true }];
}

function quoted(word) {
  return /^[\w./:\\=@+-]+$/.test(word) ? word : `"${word.replace(/"/g, '\\"')}"`;
}

/** Ends a program and all that it started: by the group that it leads, or on Windows, where there are none, by a command. */
export function endTree(platform, pid, { kill = process.kill, run = spawnSync } = {}) {
  if (platform === 'win32') run('taskkill', ['/pid', String(pid), '/t', '/f']);
  else kill(-pid, 'SIGKILL');
}

/** npm runs a script in the clone's root. Files that a person names are meant to be where that person is. */
export function goWhereTyped(script) {
  const { npm_lifecycle_event: running, INIT_CWD: folder } = process.env;
  if (running === script && folder) process.chdir(folder);
}

/** Installs the packages of a folder that only maintainers need. */
export function installHere(cwd) {
  const words = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  spawnSync(...spawnable(process.platform, 'npm', words, { cwd, stdio: 'inherit' }));
}
