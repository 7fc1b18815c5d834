// Three browser engines, as far as they are installed, and how each opens a page without a driver.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { FLAGS, HOW_TO_INSTALL, findChromium } from './chromium.mjs';

const MINI_BROWSERS = ['4.1', '4.0', '6.0'].map(
  (version) => `/usr/lib/x86_64-linux-gnu/webkit2gtk-${version}/MiniBrowser`,
);
/** Firefox asks and fetches nothing by itself. */
const QUIET_FIREFOX = {
  'browser.shell.checkDefaultBrowser': false,
  'browser.aboutwelcome.enabled': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'datareporting.policy.dataSubmissionEnabled': false,
  'app.normandy.enabled': false,
  'network.captive-portal-service.enabled': false,
};

/** Each engine: its program (undefined where it is not installed), its arguments, and how a person installs it. */
export const ENGINES = [
  {
    name: 'Chromium',
    program: findChromium(),
    args: (profile, url) => [...FLAGS, `--user-data-dir=${profile}`, url],
    install: HOW_TO_INSTALL,
  },
  {
    name: 'Firefox',
    program: onPath('firefox-esr') ?? onPath('firefox'),
    args: (profile, url) => ['--headless', '--no-remote', '--profile', profile, url],
    install: 'Install it: apt-get install firefox-esr (Debian)',
  },
  {
    name: 'WebKit',
    program: onPath('xvfb-run') && MINI_BROWSERS.find(existsSync) && onPath('xvfb-run'),
    args: (_profile, url) => ['-a', MINI_BROWSERS.find(existsSync), url],
    env: process.getuid?.() === 0 ? { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' } : {},
    install: 'Install it: apt-get install webkit2gtk-driver xvfb (Debian)',
  },
];

/** Opens a page in an engine. @returns what closes the browser, and everything that it started */
export function openIn({ name, program, args, env }, url) {
  const profile = mkdtempSync(join(tmpdir(), 'lola-browser-'));
  if (name === 'Firefox') {
    const prefs = Object.entries(QUIET_FIREFOX).map(
      ([key, value]) => `user_pref("${key}", ${JSON.stringify(value)});\n`,
    );
    writeFileSync(join(profile, 'user.js'), prefs.join(''));
  }
  const home = { HOME: profile, XDG_CONFIG_HOME: profile, XDG_CACHE_HOME: profile };
  const browser = spawn(program, args(profile, url), {
    detached: true, // a group of its own, which ends with all its processes
    stdio: 'ignore',
    env: { ...process.env, ...home, ...env },
  });
  return async () => {
    const ended = new Promise((resolve) => browser.once('exit', resolve));
    try {
      process.kill(-browser.pid);
      await ended;
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
    }
  };
}

function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
