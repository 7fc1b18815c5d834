// Where a Chromium is, and how it is started for tests.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What a person types to get one. */
export const HOW_TO_INSTALL =
  'Install one: apt-get install chromium (Debian), brew install --cask chromium (macOS), or say where it is: CHROMIUM=/path/to/chrome';

/** The program's path, or undefined where none is found. */
export function findChromium() {
  const named = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome.exe'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = [
    process.env.CHROMIUM,
    ...folders.flatMap((folder) => named.map((name) => join(folder, name))),
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ];
  return paths.find((path) => path && existsSync(path));
}

/** Flags that keep it from asking the network by itself; as root it has no sandbox. */
export const FLAGS = [
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];
