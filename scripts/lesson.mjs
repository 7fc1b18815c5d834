// `npm run lesson`: the lesson in your browser, live, without Jupyter and without Python. Builds it where it must.
import { serveCommand } from '../site/start/serve.mjs';
import { prepare } from './prepare.mjs';
import { BUILT_SITE, buildSite, siteIsFresh } from './site.mjs';

async function build() {
  prepare();
  if (siteIsFresh()) return;
  process.stderr.write('lolas-pi: building the lesson into dist-site/ (half a minute)\n');
  await buildSite();
}

process.exitCode = await serveCommand(process.argv.slice(2), BUILT_SITE, build);
