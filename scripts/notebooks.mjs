// `npm run notebooks`: opens the lesson in the reader's own Jupyter, with the kernel that lies in this repository.
// What follows `--` is handed to Jupyter: npm run notebooks -- --no-browser
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, howToGetJupyter } from './doctor.mjs';
import { prepare } from './prepare.mjs';
import { spawnable, waysToJupyter } from './systems.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The first command that answers. */
function findJupyter() {
  return waysToJupyter(process.platform).find(
    ([command, ...args]) => ask(command, [...args, '--version'], 60_000).state === 'ok',
  );
}

function open([command, ...args]) {
  const JUPYTER_PATH = [join(root, 'jupyter'), process.env.JUPYTER_PATH].filter(Boolean).join(delimiter);
  const options = {
    cwd: join(root, 'notebooks'),
    env: { ...process.env, JUPYTER_PATH },
    stdio: 'inherit',
  };
  const jupyter = spawn(...spawnable(process.platform, command, args, options));
  process.on('SIGINT', () => {}); // Ctrl-C reaches Jupyter too, which asks whether it is meant
  jupyter.on('exit', (code) => (process.exitCode = code ?? 1));
}

function sayHowToGetJupyter() {
  const apt = ask('apt-get', ['--version']).state === 'ok';
  const lines = howToGetJupyter(process.platform).filter((line) => apt || !line.startsWith('apt:'));
  process.stderr
    .write(`lolas-pi: neither JupyterLab nor Jupyter Notebook answers. Any of these lines installs one:
${lines.map((line) => `  ${line}`).join('\n')}
Then run \`npm run notebooks\` again. Without Jupyter, every stage runs from the command line: npx lola pi --help
`);
}

prepare();
const found = findJupyter();
if (found) open([...found, ...process.argv.slice(2)]);
else {
  sayHowToGetJupyter();
  process.exitCode = 1;
}
