// In a page, the dashboard is shown below the cell that starts it: the same panels, fed by the same events.
import page from '../../../dist/tools/dashboard/page/page.html?raw';
import style from '../../../dist/tools/dashboard/page/page.css?raw';
import script from '../../../dist/tools/dashboard/page/page.js?worker&url';
import { describeMachine } from '../../../dist/lib/index.js';
import type { ExecutorEvent } from '../../../dist/lib/index.js';
import type { Dashboard, DashboardOptions } from '../../../dist/tools/dashboard/index.js';
import type { Picture } from '../../../dist/tools/dashboard/picture.js';
import { Recorder } from '../../../dist/tools/dashboard/recorder.js';
import { escaped } from '../../../dist/lesson/charts/html.js';
import { tslab } from '../place.js';

export { Recorder };

const TICK_MS = 220;
let dashboards = 0;

/** Starts a dashboard: a frame in the cell's output, to which pictures go four times a second. */
export async function startDashboard({ title = "Lola's pi" }: DashboardOptions = {}): Promise<Dashboard> {
  const { coresAllotted, coresSeen } = describeMachine();
  const recorder = new Recorder(title, `This page; ${coresAllotted} of ${coresSeen} cores`);
  const name = `lola-dashboard-${Array.from(crypto.getRandomValues(new Uint32Array(2))).join('-')}-${dashboards++}`;
  const channel = new BroadcastChannel(name);
  const display = tslab.newDisplay();
  const picture = () => {
    recorder.advance(performance.timeOrigin + performance.now());
    return recorder.picture();
  };
  let changed = true;
  const send = () => {
    if (changed) channel.postMessage(JSON.stringify(picture()));
    changed = recorder.picture().progress.running > 0;
  };
  channel.onmessage = () => (changed = true); // a frame asks for its first picture
  const ticker = setInterval(send, TICK_MS);
  const onEvent = (event: ExecutorEvent) => {
    recorder.add(event);
    changed = true;
  };
  let open = true;
  const close = async () => {
    if (!open) return;
    open = false;
    clearInterval(ticker);
    channel.close();
    display.html(frameOf(title, recorded(recorder.picture())));
  };
  display.html(frameOf(title, live(name)));
  return { url: 'right below the cell', address: 'this page', port: 0, onEvent, onVitals: () => {}, close };
}

/** The last picture stays, as in a report. */
function recorded(picture: Picture): string {
  return `<script type="application/json" id="recorded">${JSON.stringify(picture).replaceAll('<', '\\u003c')}</script>`;
}

/** The page asks a server for pictures; here a channel of that name answers. */
function live(name: string): string {
  return `<script>
class WebSocket {
  constructor() {
    const channel = new BroadcastChannel('${name}');
    channel.onmessage = ({ data }) => this.onmessage({ data });
    channel.postMessage('picture');
  }
  close() {}
}
</script>`;
}

function frameOf(title: string, first: string): string {
  const src = new URL(script, import.meta.url).href;
  const document = page
    .replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${style}</style>`)
    .replace(/<script [^>]*><\/script>/, () => `${first}<script type="module" src="${src}"></script>`)
    .replace(/<a id="report"[^]*?<\/a>/, '<a id="report" hidden></a>');
  return `<iframe title="Dashboard: ${escaped(title)}" srcdoc="${escaped(document)}" style="width:100%;height:44rem;border:0"></iframe>`;
}
