// Who may look, and from where: token, cookie, Host and Origin, decided without I/O.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { InvalidArgumentError } from '../../lib/errors.js';

type Request = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

/** What to do: serve `path`, send the browser on with a cookie, or refuse. */
export type Decision =
  | { readonly answer: 'serve'; readonly path: string }
  | { readonly answer: 'enter'; readonly headers: { location: string; 'set-cookie': string } }
  | { readonly answer: 'refuse'; readonly status: number; readonly why: string };

/** The guard of one dashboard. Its token reads and can change nothing. */
export class Guard {
  readonly token = randomBytes(32).toString('base64url');

  /** @param publicUrl where a proxy shows it: a URL, or if its host is not known, a path */
  constructor(
    private readonly port: number,
    private readonly host: string,
    private readonly publicUrl?: string,
  ) {}

  /** Judges a request for a page or a socket. */
  decide({ method, url = '/', headers }: Request): Decision {
    if (method !== 'GET' && method !== 'HEAD') return refuse(405, 'This dashboard only shows: ask with GET.');
    if (!this.knowsHost(headers.host))
      return refuse(403, `This dashboard is not called ${headers.host}: start it with --public-url.`);
    if (!this.knowsOrigin(headers))
      return refuse(403, `A page from ${headers.origin} may not read this dashboard.`);
    if (!url.startsWith('/')) return refuse(400, 'The target of a request is a path here.');
    // Cut by hand: a URL made of what a stranger sends, such as `//`, would throw.
    const [pathname, ...rest] = url.split('?');
    const query = new URLSearchParams(rest.join('?'));
    const path = this.withoutPrefix(pathname);
    const given = query.get('token');
    if (path === '/' && given !== null && this.isToken(given))
      return { answer: 'enter', headers: { location: withoutToken(query), 'set-cookie': this.cookie() } };
    // Health says only whether all is well, so it needs no token.
    if (path === '/health' || this.isToken(this.tokenIn(headers))) return { answer: 'serve', path };
    return refuse(
      401,
      "Open the address with its token: 'lola dashboard' prints it, in the account that runs this.",
    );
  }

  /** Cookies are shared by all ports of a host, so each port's has a name of its own. */
  private get cookieName(): string {
    return `lola-dashboard-${this.port}`;
  }

  /** Without a Path it holds for the folder that the browser sees, whatever proxy is between. */
  private cookie(): string {
    const secure = this.publicUrl?.startsWith('https:') ? '; Secure' : '';
    return `${this.cookieName}=${this.token}; HttpOnly; SameSite=Lax${secure}`;
  }

  private tokenIn({ cookie = '', authorization = '' }: Request['headers']): string {
    const own = cookie.split('; ').find((each) => each.startsWith(`${this.cookieName}=`));
    return own?.slice(this.cookieName.length + 1) ?? /^Bearer (\S+)$/.exec(authorization)?.[1] ?? '';
  }

  private isToken(given: string): boolean {
    const digest = (text: string) => createHash('sha256').update(text).digest();
    return timingSafeEqual(digest(given), digest(this.token));
  }

  /** A page that rebinds a name of its own to this machine still says that name here; a number cannot be rebound. */
  private knowsHost(host = ''): boolean {
    const { hostname: name } = parse(`http://${host}`) ?? { hostname: '' };
    const own = ['localhost', hostname().toLowerCase(), this.host.toLowerCase()];
    if (isIP(name.replace(/^\[|\]$/g, '')) !== 0 || own.includes(name)) return true;
    if (this.publicUrl === undefined) return false;
    const known = parse(this.publicUrl);
    return known === undefined || known.hostname === name;
  }

  private knowsOrigin({ origin, host }: Request['headers']): boolean {
    if (origin === undefined) return true; // no page, or a page's own GET
    return parse(origin)?.host === host || parse(this.publicUrl ?? '')?.origin === origin;
  }

  /** Some proxies leave their prefix in the path. */
  private withoutPrefix(path: string): string {
    const prefix = this.publicUrl === undefined ? '/' : new URL(this.publicUrl, 'http://localhost').pathname;
    return prefix !== '/' && path.startsWith(prefix) ? path.slice(prefix.length - 1) : path;
  }
}

/** The page's own address without the token; other parameters, such as present, stay. */
function withoutToken(query: URLSearchParams): string {
  query.delete('token');
  return query.size > 0 ? `./?${query.toString().replace(/=(&|$)/g, '$1')}` : './';
}

function refuse(status: number, why: string): Decision {
  return { answer: 'refuse', status, why };
}

function parse(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}

/**
 * Where a proxy of a hosted room shows a port: given, or derived from what JupyterHub and Codespaces set.
 * @returns a URL or path with a last slash; nothing if there is no proxy
 * @throws InvalidArgumentError if the given one is neither
 */
export function publicUrlOf(port: number, given?: string, env = process.env): string | undefined {
  if (given !== undefined) {
    const isPath = /^\/(?![/\\])/.test(given);
    if (!isPath && !/^https?:$/.test(parse(given)?.protocol ?? '')) {
      throw new InvalidArgumentError(
        `--public-url must be a URL or a path, got '${given}'. Write it as https://hub.example.org/user/lola/proxy/${port}/.`,
      );
    }
    return given.endsWith('/') ? given : `${given}/`;
  }
  if (env.CODESPACES && env.CODESPACE_NAME) {
    return `https://${env.CODESPACE_NAME}-${port}.${env.GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN ?? 'app.github.dev'}/`;
  }
  if (env.JUPYTERHUB_SERVICE_PREFIX)
    return `${env.JUPYTERHUB_HOST ?? ''}${env.JUPYTERHUB_SERVICE_PREFIX}proxy/${port}/`;
  return undefined;
}
