/// <reference lib="dom" />
// What the room's pages share: finding, making and filling elements, and a socket that opens itself again.

/** @throws Error if the page lacks the element */
export function find<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

/** Sets text, never markup. Unchanged elements are left alone, so selections and screen readers are not disturbed. */
export function put(id: string, text: string): void {
  const element = find(id);
  if (element.textContent !== text) element.textContent = text;
}

/** A new element with these properties and children; texts stay texts. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function show(id: string, shown: boolean): void {
  find(id).hidden = !shown;
}

/** A path of this room's server as a socket's address. */
export function socketUrl(path: string): string {
  return `${location.protocol.replace('http', 'ws')}//${location.host}${path}`;
}

/** Without a word for so long, a connection counts as lost (ms). A hidden page's clock may be a second late. */
export const SILENCE_MS = 12_000;
const RETRY_MS = 1000;

/** Hears what the server sends at a path, and opens the socket again whenever it is lost, until it is stopped. */
export class Listener {
  private socket: WebSocket | undefined;
  private heardAt = 0;
  private readonly watch = setInterval(() => this.check(), RETRY_MS);

  constructor(
    private readonly path: string,
    private readonly onData: (data: unknown) => void,
    /** Called whenever something has come, and when the connection is lost. */
    private readonly onState: (isUp: boolean) => void,
  ) {
    this.open();
  }

  /** Opens again what has been silent for too long. */
  check(): void {
    if (this.socket && Date.now() - this.heardAt < SILENCE_MS) return;
    if (this.socket) this.lose();
    this.open();
  }

  /** Sends something, if the connection is up. */
  send(data: unknown): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(data));
  }

  stop(): void {
    clearInterval(this.watch);
    this.drop();
  }

  private open(): void {
    const socket = new WebSocket(socketUrl(this.path));
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onmessage = ({ data }) => {
      this.heardAt = Date.now();
      this.onState(true);
      this.onData(JSON.parse(data as string));
    };
    socket.onclose = () => this.lose();
  }

  private lose(): void {
    this.drop();
    this.onState(false);
  }

  private drop(): void {
    if (!this.socket) return;
    this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    this.socket = undefined;
  }
}
