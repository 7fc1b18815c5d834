// A tslab kernel, spoken to over zeromq as Jupyter does: https://jupyter-client.readthedocs.io/en/stable/messaging.html
import { spawn, type ChildProcess } from 'node:child_process';
import { createHmac, randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Dealer, Subscriber } from 'zeromq';

const spec = fileURLToPath(new URL('../../jupyter/kernels/tslab', import.meta.url));
const keeper = fileURLToPath(new URL('./kernel-keeper.mjs', import.meta.url));
const DELIMITER = '<IDS|MSG>';
/** The longest that a kernel may take to answer, on a machine that is busy (ms). */
const START_MS = 300_000;

/** What a cell shows: the text of a stream, or data by media type. */
export interface Output {
  /** 'stream', 'display_data' or 'update_display_data'. */
  readonly type: string;
  readonly name?: 'stdout' | 'stderr';
  readonly text?: string;
  readonly data?: { readonly [mediaType: string]: string };
  /** Which display this is, for those that are updated. */
  readonly transient?: { readonly display_id?: string };
}

/** 'lost': the kernel is gone. */
export type Status = 'ok' | 'error' | 'abort' | 'lost';

/** A request under way. Its outputs are complete when its status is there. */
export interface Request {
  readonly outputs: readonly Output[];
  readonly status: Promise<Status>;
}

interface UnderWay {
  readonly outputs: Output[];
  readonly finish: (status: Status) => void;
  replied?: Status;
  idle?: boolean;
}

/** The body of a message, as far as it is read here. */
interface Content extends Omit<Output, 'type'> {
  readonly status?: Status;
  readonly execution_state?: string;
}

export class Kernel {
  /** What the kernel wrote to standard error outside any cell. */
  stderr = '';
  /** How its process ended, once it has. */
  end?: string;
  private readonly key = randomUUID();
  private readonly process: ChildProcess;
  /** Resolves once the kernel's process and folder are gone. */
  private readonly ended: Promise<void>;
  private readonly shell = new Dealer({ linger: 0 });
  private readonly iopub = new Subscriber({ linger: 0 });
  private readonly requests = new Map<string, UnderWay>();

  /** Starts the repository's kernel in the folder `cwd`, and resolves when it answers. */
  static async start(cwd: string, env: NodeJS.ProcessEnv): Promise<Kernel> {
    const kernel = new Kernel(cwd, env);
    // A subscriber misses what is published before it is connected, so the first requests may seem to have no end.
    for (let tries = 0; tries < START_MS / 500; tries++) {
      const answered = await within(500, kernel.request('kernel_info_request', {}).status);
      if (answered && !kernel.end) return kernel;
    }
    await kernel.kill();
    throw new Error(`the kernel did not answer; it ended ${kernel.end}: ${kernel.stderr}`);
  }

  private constructor(cwd: string, env: NodeJS.ProcessEnv) {
    const folder = mkdtempSync(join(tmpdir(), 'lola-kernel-'));
    const file = join(folder, 'connection.json');
    const place = endpoint(folder);
    writeFileSync(file, JSON.stringify({ ...place, key: this.key, signature_scheme: 'hmac-sha256' }), {
      mode: 0o600,
    });
    const { argv } = JSON.parse(readFileSync(join(spec, 'kernel.json'), 'utf8')) as { argv: string[] };
    const args = argv
      .slice(1)
      .map((arg) => arg.replace('{resource_dir}', spec).replace('{connection_file}', file));
    this.process = spawn(process.execPath, [keeper, folder, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true, // else Ctrl-C on the tests would reach the kernel too, which takes it for 'stop this cell'
      windowsHide: true,
    });
    this.ended = this.bury(this.process);
    this.shell.connect(`${place.transport}://${place.ip}:${place.shell_port}`);
    this.iopub.connect(`${place.transport}://${place.ip}:${place.iopub_port}`);
    this.iopub.subscribe();
    void this.listen(this.shell);
    void this.listen(this.iopub);
  }

  /** Queues the source of a cell. */
  execute(code: string): Request {
    return this.request('execute_request', {
      code,
      silent: false,
      store_history: true,
      allow_stdin: false,
      stop_on_error: true,
    });
  }

  /** Asks the kernel to end, and waits for it as long as it may take. */
  async shutdown(timeoutMs: number): Promise<void> {
    this.request('shutdown_request', { restart: false });
    await within(timeoutMs, this.ended);
  }

  /** Ends the kernel where it is, and resolves when it is gone. */
  kill(): Promise<void> {
    this.process.stdin?.end();
    return this.ended;
  }

  private request(type: string, content: object): Request {
    if (this.end) return { outputs: [], status: Promise.resolve('lost') };
    const id = randomUUID();
    const header = {
      msg_id: id,
      msg_type: type,
      session: this.key,
      username: 'lola',
      version: '5.3',
      date: new Date().toISOString(),
    };
    const parts = [header, {}, {}, content].map((part) => JSON.stringify(part));
    const outputs: Output[] = [];
    let finish: (status: Status) => void = () => {};
    const status = new Promise<Status>((resolve) => (finish = resolve));
    this.requests.set(id, { outputs, finish });
    this.shell.send([DELIMITER, this.sign(parts), ...parts]).catch(() => finish('lost'));
    return { outputs, status };
  }

  private async listen(socket: Dealer | Subscriber): Promise<void> {
    for await (const frames of socket) {
      const texts = frames.map(String);
      const [signature, ...parts] = texts.slice(texts.indexOf(DELIMITER) + 1);
      if (signature !== this.sign(parts))
        throw new Error(`A message is not signed with the kernel's key: ${parts.join(' ')}`);
      const [header, parent, , content] = parts.map(
        (part) => JSON.parse(part) as { msg_type: string; msg_id: string } & Content,
      );
      this.take(header.msg_type, content, this.requests.get(parent.msg_id));
    }
  }

  /** Reply and outputs come on two sockets: a request is over when its reply and the note 'idle' are both here. */
  private take(type: string, content: Content, request: UnderWay | undefined): void {
    if (!request) return;
    if (type.endsWith('_reply')) request.replied = content.status ?? 'ok';
    else if (type === 'status') request.idle = content.execution_state === 'idle';
    else request.outputs.push({ ...content, type });
    if (request.replied && request.idle) request.finish(request.replied);
  }

  /** Waits for the end of the process, and answers what is still under way. */
  private async bury(keeper: ChildProcess): Promise<void> {
    keeper.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    const [code, signal] = (await once(keeper, 'close')) as [number | null, string | null];
    this.end = signal ? `by ${signal}` : `with exit code ${code}`;
    this.shell.close();
    this.iopub.close();
    for (const { finish } of this.requests.values()) finish('lost');
  }

  private sign(parts: readonly string[]): string {
    return parts.reduce((hmac, part) => hmac.update(part), createHmac('sha256', this.key)).digest('hex');
  }
}

/** Whether a promise resolves in time. */
export async function within(timeoutMs: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(resolve, timeoutMs, false)));
  return Promise.race([promise.then(() => true), late]).finally(() => clearTimeout(timer));
}

/**
 * Where the kernel listens: at sockets in its own folder, which nobody else can take or reach. Windows has none that
 * zeromq knows, so there at ports of this machine below those that systems hand out.
 */
function endpoint(folder: string) {
  const tcp = process.platform === 'win32';
  const first = tcp ? 20_000 + 5 * randomInt(2_000) : 1;
  const [shell_port, iopub_port, control_port, stdin_port, hb_port] = Array.from(
    { length: 5 },
    (_, i) => first + i,
  );
  const [transport, ip] = tcp ? ['tcp', '127.0.0.1'] : ['ipc', join(folder, 'socket')];
  return { transport, ip, shell_port, iopub_port, control_port, stdin_port, hb_port };
}
