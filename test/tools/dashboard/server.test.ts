import { request, createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { sshLine } from '../../../tools/cli/dashboard.js';
import { Guard, publicUrlOf } from '../../../tools/dashboard/access.js';
import { startDashboard, type Dashboard, type DashboardOptions } from '../../../tools/dashboard/index.js';
import type { Picture } from '../../../tools/dashboard/picture.js';
import { Recorder } from '../../../tools/dashboard/recorder.js';
import { InvalidArgumentError } from '../../../lib/errors.js';
import { clock } from '../../../lib/task/executor.js';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function open(options: DashboardOptions = {}): Promise<Dashboard> {
  const dashboard = await startDashboard({ port: 0, ...options });
  opened.push(dashboard);
  return dashboard;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Asks as any client may, with headers that fetch would not let us set. */
async function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const call = request(url, { headers, method, agent: false }).end();
  const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
  let body = '';
  for await (const part of response.setEncoding('utf8')) body += part as string;
  return { status: response.statusCode!, headers: response.headers, body };
}

const tokenOf = ({ url }: Dashboard) => new URL(url, 'http://localhost').searchParams.get('token')!;
const bearer = (dashboard: Dashboard) => ({ authorization: `Bearer ${tokenOf(dashboard)}` });
const local = ({ port }: Dashboard) => `http://127.0.0.1:${port}/`;

/** Follows a dashboard as a page does. */
class Follower {
  picture: Picture | undefined;
  readonly socket: WebSocket;
  private waiting: (() => void)[] = [];

  constructor(dashboard: Dashboard) {
    this.socket = new WebSocket(`ws://127.0.0.1:${dashboard.port}/live`, { headers: bearer(dashboard) });
    this.socket.on('message', (data: Buffer) => {
      this.picture = JSON.parse(data.toString()) as Picture;
      for (const resume of this.waiting.splice(0)) resume();
    });
    opened.push({ close: () => this.socket.terminate() });
  }

  async until(holds: (picture: Picture) => boolean): Promise<Picture> {
    while (!this.picture || !holds(this.picture))
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.picture;
  }
}

function runTasks({ onEvent }: Dashboard, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const at = { task: `t${i}`, worker: 'w', thread: 0 };
    onEvent({ type: 'queued', task: at.task, time: clock() });
    onEvent({ type: 'started', ...at, time: clock() });
    const time = clock();
    onEvent({ type: 'finished', ...at, start: time - 0.01, end: time, time });
  }
}

const refusal = async (url: string, headers: Record<string, string>): Promise<number> => {
  const socket = new WebSocket(url, { headers });
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  socket.on('error', () => {});
  socket.terminate();
  return response.statusCode;
};

describe('the dashboard server', () => {
  test('the token is exchanged for a cookie and gone from the address', async () => {
    const dashboard = await open();
    const first = await ask(`${dashboard.url}&present`);
    expect([first.status, first.headers.location]).toEqual([303, './?present']);
    const [cookie] = first.headers['set-cookie']!;
    expect(cookie).toMatch(/^lola-dashboard-\d+=[\w-]{43}; HttpOnly; SameSite=Lax$/);
    const page = await ask(local(dashboard), { cookie: `other=1; ${cookie.split(';')[0]}` });
    expect(page.status).toBe(200);
    expect(page.body).toContain('Task stream');
    expect(page.body).not.toContain(tokenOf(dashboard));
  });

  test('without token, with a wrong one, by another name, from another page, or to change something: refused', async () => {
    const dashboard = await open();
    const wrong = `${local(dashboard)}?token=${'x'.repeat(43)}`;
    const good = bearer(dashboard);
    const statuses = await Promise.all([
      ask(local(dashboard)),
      ask(wrong),
      ask(`${local(dashboard)}state.json`),
      ask(`${local(dashboard)}page/page.js`, { authorization: 'Bearer x' }),
      ask(local(dashboard), { ...good, host: 'evil.example:8787' }),
      ask(local(dashboard), { ...good, origin: 'http://evil.example' }),
      ask(local(dashboard), good, 'POST'),
      ask(`${local(dashboard)}../../package.json`, good),
    ]);
    expect(statuses.map(({ status }) => status)).toEqual([401, 401, 401, 401, 403, 403, 405, 404]);
    expect(statuses[0].body).toContain('lola dashboard');
  });

  test('a socket needs the same, and /live', async () => {
    const dashboard = await open();
    const url = `ws://127.0.0.1:${dashboard.port}/live`;
    expect(await refusal(url, {})).toBe(401);
    expect(await refusal(url, { ...bearer(dashboard), origin: 'http://evil.example' })).toBe(403);
    expect(await refusal(url, { ...bearer(dashboard), host: 'evil.example' })).toBe(403);
    expect(await refusal(`ws://127.0.0.1:${dashboard.port}/`, bearer(dashboard))).toBe(404);
  });

  test('pages carry a policy without inline script', async () => {
    const dashboard = await open();
    const { headers } = await ask(local(dashboard), bearer(dashboard));
    const policy = headers['content-security-policy'] as string;
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect((await ask(local(dashboard), bearer(dashboard))).body).not.toMatch(/<script(?![^>]* src=)/);
  });

  test('pages follow to the very picture, and each comes whole and compressed', async () => {
    const dashboard = await open();
    const followers = [new Follower(dashboard), new Follower(dashboard)];
    for (const follower of followers) await follower.until(() => true);
    runTasks(dashboard, 0, 500);
    for (const follower of followers) {
      const { rows } = await follower.until(({ progress }) => progress.finished === 500);
      expect(rows[0].boxes.reduce((sum, { count }) => sum + count, 0)).toBe(500);
      expect(follower.socket.extensions).toContain('permessage-deflate');
    }
    const told = JSON.parse((await ask(`${local(dashboard)}state.json`, bearer(dashboard))).body) as Picture;
    expect(told.rows).toEqual(followers[0].picture!.rows);
  });

  test('a page that connects again has all that it missed at once', async () => {
    const dashboard = await open();
    const lost = new Follower(dashboard);
    await lost.until(() => true);
    lost.socket.terminate();
    runTasks(dashboard, 0, 50);
    const [first] = (await once(new Follower(dashboard).socket, 'message')) as [Buffer];
    expect((JSON.parse(first.toString()) as Picture).progress.finished).toBe(50);
  });

  test('a page that does not read keeps one picture back, not a queue of them, and misses none in the end', async () => {
    const dashboard = await open();
    const pages = [new Follower(dashboard), new Follower(dashboard)];
    for (const page of pages) await page.until(() => true);
    const send = vi.spyOn(WebSocket.prototype, 'send');
    const behind = vi.spyOn(WebSocket.prototype, 'bufferedAmount', 'get').mockReturnValue(1);
    runTasks(dashboard, 0, 10);
    await vi.waitFor(() => expect(behind.mock.calls.length).toBeGreaterThanOrEqual(4), 100_000); // two ticks
    expect(send).not.toHaveBeenCalled();
    behind.mockRestore();
    send.mockRestore();
    for (const page of pages) await page.until(({ progress }) => progress.finished === 10);
  });

  test('a subscriber that talks is cut off, and the server lives on', async () => {
    const dashboard = await open();
    const follower = new Follower(dashboard);
    await once(follower.socket, 'open');
    follower.socket.send('x'.repeat(5000));
    await once(follower.socket, 'close');
    const garbage = connect(dashboard.port, '127.0.0.1');
    garbage.end('\0\0nonsense\r\n\r\n');
    await once(garbage.resume(), 'close');
    expect((await ask(`${local(dashboard)}health`)).status).toBe(200);
  });

  test('no request target, whatever its form, ends the process or gets in', async () => {
    const dashboard = await open();
    const statusOf = async (target: string, headers = 'Host: localhost\r\n') => {
      const socket = connect(dashboard.port, '127.0.0.1').setEncoding('latin1');
      socket.write(`GET ${target} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
      let text = '';
      for await (const part of socket) text += part as string;
      return Number(text.split(' ')[1]);
    };
    const own = `Host: localhost\r\nAuthorization: Bearer ${tokenOf(dashboard)}\r\n`;
    const socket = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n';
    const statuses: Record<string, readonly number[]> = {};
    for (const target of ['//', '///', '/\\', '//[', '/%', '/?%', 'http://[', 'http://localhost/', '*'])
      statuses[target] = [
        await statusOf(target),
        await statusOf(target, own),
        await statusOf(target, `${own}${socket}`),
      ];
    expect(statuses).toEqual({
      ...{ '//': [401, 404, 404], '///': [401, 404, 404], '/\\': [401, 404, 404], '//[': [401, 404, 404] },
      ...{ '/%': [401, 404, 404], '/?%': [401, 200, 404], '*': [400, 400, 400] },
      ...{ 'http://[': [400, 400, 400], 'http://localhost/': [400, 400, 400] },
    });
    expect((await ask(`${local(dashboard)}health`)).status).toBe(200);
  });

  test('a request that fails inside is answered 500 and logged, and the next one is served', async () => {
    const dashboard = await open();
    const log = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const fault = vi.spyOn(Recorder.prototype, 'picture').mockImplementation(() => {
      throw new Error('planted');
    });
    const answer = await ask(`${local(dashboard)}state.json`, bearer(dashboard));
    fault.mockRestore();
    expect(answer.status).toBe(500);
    expect(String(log.mock.calls[0][0])).toContain('planted');
    log.mockRestore();
    expect((await ask(`${local(dashboard)}state.json`, bearer(dashboard))).status).toBe(200);
  });

  test('a refused peer that never hangs up is let go, and does not keep the server', async () => {
    const dashboard = await open();
    const stranger = connect({ port: dashboard.port, host: '127.0.0.1', allowHalfOpen: true });
    stranger.on('error', () => {}).resume();
    stranger.write(
      'GET /live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    );
    await once(stranger, 'end'); // it has been refused, and keeps its own half open
    await dashboard.close();
    stranger.destroy();
  });

  test('health tells: idle, running, no workers', async () => {
    const dashboard = await open();
    const health = async () => {
      const { status, body } = await ask(`${local(dashboard)}health`);
      return [status, (JSON.parse(body) as { status: string }).status];
    };
    expect(await health()).toEqual([200, 'idle']);
    dashboard.onEvent({ type: 'queued', task: 'a', time: clock() });
    expect(await health()).toEqual([503, 'no workers']);
    dashboard.onEvent({ type: 'dropped', task: 'a', time: clock() });
    expect(await health()).toEqual([200, 'idle']); // the run was cancelled, and nobody waits
    dashboard.onEvent({ type: 'queued', task: 'a', time: clock() });
    const at = { task: 'a', worker: 'w', thread: 0 };
    dashboard.onEvent({ type: 'started', ...at, time: clock() });
    expect(await health()).toEqual([200, 'running']);
    dashboard.onEvent({ type: 'failed', ...at, message: 'no', retried: false, time: clock() });
    expect(await health()).toEqual([200, 'run failed']);
  });

  test('a port that is taken: named, and by default the next one', async () => {
    const { port } = await open();
    await expect(startDashboard({ port })).rejects.toThrow(InvalidArgumentError);
    await expect(startDashboard({ port })).rejects.toThrow(`127.0.0.1:${port}`);
    await expect(startDashboard({ port: 70_000 })).rejects.toThrow('70000');
    const [first, second] = [await open({ port: undefined }), await open({ port: undefined })];
    expect(second.port).not.toBe(first.port); // which port is next depends on what else listens here
  });

  test('behind a proxy with a prefix: the page, its parts and its socket', async () => {
    const prefix = '/user/lola/proxy/8787/';
    const dashboard = await open({ publicUrl: `https://hub.example.org${prefix}` });
    const proxy = createServer((from, to) => {
      const headers = { ...from.headers, host: 'hub.example.org' };
      const path = from.url!.replace(prefix, '/');
      const call = request(
        { port: dashboard.port, host: '127.0.0.1', path, headers, method: from.method },
        (answer) => {
          to.writeHead(answer.statusCode!, answer.headers);
          answer.pipe(to);
        },
      );
      from.pipe(call);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    opened.push(proxy);
    const outside = `http://127.0.0.1:${(proxy.address() as { port: number }).port}${prefix}`;
    expect(dashboard.url).toMatch(/^https:\/\/hub\.example\.org\/user\/lola\/proxy\/8787\/\?token=/);
    const first = await ask(`${outside}?token=${tokenOf(dashboard)}`);
    expect(new URL(first.headers.location!, outside).href).toBe(outside);
    const cookie = first.headers['set-cookie']![0];
    expect(cookie).toContain('; Secure');
    const page = await ask(outside, { cookie: cookie.split(';')[0] });
    for (const [, part] of page.body.matchAll(/(?:src|href)="([^"]+)"/g)) {
      if (part.startsWith('data:')) continue;
      const { status } = await ask(new URL(part, outside).href, { cookie: cookie.split(';')[0] });
      expect([part, status]).toEqual([part, 200]);
    }
    const headers = { ...bearer(dashboard), host: 'hub.example.org', origin: 'https://hub.example.org' };
    const socket = new WebSocket(`ws://127.0.0.1:${dashboard.port}${prefix}live`, { headers });
    opened.push({ close: () => socket.terminate() });
    await once(socket, 'message');
  });

  test('close ends sockets and frees the port', async () => {
    const dashboard = await open();
    const follower = new Follower(dashboard);
    await follower.until(() => true);
    const closed = once(follower.socket, 'close');
    await dashboard.close();
    await dashboard.close();
    await closed;
    await open({ port: dashboard.port });
  });
});

describe('access', () => {
  test('which hosts are known: numbers, this machine, where it listens, what it is called outside', () => {
    const answers = (host: string, publicUrl?: string) => {
      const guard = new Guard(8787, 'lab.example.org', publicUrl);
      const headers = { host, authorization: `Bearer ${guard.token}` };
      return guard.decide({ method: 'GET', url: '/', headers }).answer;
    };
    const known = ['127.0.0.1:8787', '[::1]:8787', 'localhost:9999', '10.1.2.3:8787', 'lab.example.org:8787'];
    expect(known.map((host) => answers(host))).toEqual(known.map(() => 'serve'));
    const unknown = ['evil.example', 'localhost.evil.example', '', '127.0.0.1.evil.example:8787'];
    expect(unknown.map((host) => answers(host))).toEqual(unknown.map(() => 'refuse'));
    expect(answers('hub.example.org', 'https://hub.example.org/x/')).toBe('serve');
    expect(answers('hub.example.org', '/user/lola/proxy/8787/')).toBe('serve'); // a hub whose name nobody said
  });

  test('public addresses are derived where a hosted room says how', () => {
    expect(publicUrlOf(8787, undefined, {})).toBeUndefined();
    expect(publicUrlOf(8787, undefined, { JUPYTERHUB_SERVICE_PREFIX: '/user/lola/' })).toBe(
      '/user/lola/proxy/8787/',
    );
    expect(publicUrlOf(8787, undefined, { CODESPACES: 'true', CODESPACE_NAME: 'pi' })).toBe(
      'https://pi-8787.app.github.dev/',
    );
    expect(publicUrlOf(8787, 'https://a.example/b', {})).toBe('https://a.example/b/');
    for (const wrong of ['javascript:alert(1)', '//', '/\\', 'http://['])
      expect(() => publicUrlOf(8787, wrong, {})).toThrow(InvalidArgumentError);
  });

  test('the ssh line is there where one is not', () => {
    expect(sshLine(8787, 'lola', {})).toBeUndefined();
    const ssh = { SSH_CONNECTION: '10.0.0.1 50000 10.0.0.2 22' };
    const line = `ssh -L 8787:127.0.0.1:8787 lola@${hostname()}`;
    expect(sshLine(8787, 'lola', ssh)).toBe(line);
    expect(sshLine(8787, 'lola', { SSH_CONNECTION: '10.0.0.1 50000 10.0.0.2 2222' })).toBe(
      line.replace('ssh', 'ssh -p 2222'),
    );
    const job = { ...ssh, SLURM_JOB_ID: '1', SLURM_SUBMIT_HOST: 'login' };
    expect(sshLine(8787, 'lola', job)).toBe(line.replace('ssh', 'ssh -J lola@login'));
    // An allocation whose shell has stayed on the login node.
    expect(sshLine(8787, 'lola', { ...job, SLURM_SUBMIT_HOST: hostname() })).toBe(line);
  });
});
