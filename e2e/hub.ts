import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to one answer of the store that a hub redirects to. */
export type StoreFault =
  /** The connection breaks after so many bytes. */
  | { readonly kind: 'drop'; readonly afterBytes: number }
  /** Fewer bytes come than the file has, and lengths say so. */
  | { readonly kind: 'short'; readonly bytes: number }
  | { readonly kind: 'wrong total' }
  | { readonly kind: 'link expired' }
  | { readonly kind: 'no ranges' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'new etag' }
  | { readonly kind: 'flipped bit'; readonly at: number };

/** A request, as it came in. */
export interface Asked {
  readonly host: 'hub' | 'store';
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export const REPO = 'someone/tiny-svd';
export const REVISION = '0123456789abcdef0123456789abcdef01234567';

/** Larger files lie in a store of their own, behind a redirect. */
const LARGEST_DIRECT = 10_000;

/**
 * A host of models that behaves as Hugging Face does, on two ports of this machine: the hub knows accounts and redirects
 * large files to a signed, short-lived address of a store, which is another origin and answers no preflight.
 */
export class TestHub {
  /** The one repository that it has. */
  repo = REPO;
  revision = REVISION;
  /** Of that repository, by path. */
  readonly files = new Map<string, Buffer>();
  /** Whether only accounts that accepted the licence may read. */
  gated = false;
  /** Whether there is a list of the files. */
  hasTree = true;
  /** The next answers of the store meet these, one each. */
  faults: StoreFault[] = [];
  /** The store stops in the middle of a file, at this byte of it, and goes on when it is undefined again. */
  holdAt: number | undefined;
  readonly asked: Asked[] = [];
  #version = 1;
  readonly #links = new Map<string, string>();

  private constructor(
    readonly hub: Server,
    readonly store: Server,
  ) {}

  static async start(): Promise<TestHub> {
    const test = new TestHub(
      createServer((request, response) => test.#answerHub(request, response)),
      createServer((request, response) => void test.#answerStore(request, response)),
    );
    await Promise.all(
      [test.hub, test.store].map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))),
    );
    return test;
  }

  async close(): Promise<void> {
    this.holdAt = undefined;
    for (const server of [this.hub, this.store]) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }

  get base(): string {
    return originOf(this.hub);
  }

  get origins(): string[] {
    return [this.hub, this.store].map(originOf);
  }

  /** Puts a file of random bytes there. */
  add(path: string, bytes: number): void {
    this.files.set(path, randomBytes(bytes));
  }

  sha256(path: string): string {
    return sha256(this.files.get(path) as Buffer);
  }

  #answerHub(request: IncomingMessage, response: ServerResponse): void {
    const { path, query } = this.#note('hub', request);
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Expose-Headers', 'ETag, Link, Content-Range, X-Error-Code');
    if (request.method === 'OPTIONS') {
      response.setHeader('Access-Control-Allow-Headers', 'authorization, range');
      response.writeHead(204).end();
      return;
    }
    const denied = this.#deny(request);
    if (denied) response.writeHead(denied.status, { 'X-Error-Code': denied.code }).end(denied.code);
    else if (path === `/api/models/${this.repo}/tree/${this.revision}`) this.#answerTree(query, response);
    else if (path.startsWith(`/${this.repo}/resolve/${this.revision}/`)) this.#answerResolve(path, request, response);
    else response.writeHead(404, this.hasTree ? { 'X-Error-Code': 'RepoNotFound' } : {}).end();
  }

  #deny({ headers }: IncomingMessage): { status: number; code: string } | undefined {
    const { authorization } = headers;
    if (authorization === undefined) return this.gated ? { status: 401, code: 'GatedRepo' } : undefined;
    if (authorization === 'Bearer hf_stranger') return this.gated ? { status: 403, code: 'GatedRepo' } : undefined;
    return authorization === 'Bearer hf_friend' ? undefined : { status: 401, code: 'InvalidToken' };
  }

  /** In two pages, as a long list comes. */
  #answerTree(query: URLSearchParams, response: ServerResponse): void {
    if (!this.hasTree) {
      response.writeHead(404).end();
      return;
    }
    const entries = [...this.files].map(([path, bytes]) => treeEntry(path, bytes));
    const half = Math.ceil(entries.length / 2);
    const second = query.has('cursor');
    const next = `<${this.base}/api/models/${this.repo}/tree/${this.revision}?recursive=true&cursor=2>; rel="next"`;
    response.writeHead(200, { 'Content-Type': 'application/json', ...(!second && { Link: next }) });
    response.end(JSON.stringify(second ? entries.slice(half) : entries.slice(0, half)));
  }

  #answerResolve(path: string, request: IncomingMessage, response: ServerResponse): void {
    const name = decodeURIComponent(path.slice(`/${this.repo}/resolve/${this.revision}/`.length));
    const bytes = this.files.get(name);
    if (!bytes) response.writeHead(404, { 'X-Error-Code': 'EntryNotFound' }).end();
    else if (bytes.length <= LARGEST_DIRECT) void this.#send(bytes, request, response);
    else {
      const signature = randomBytes(8).toString('hex');
      this.#links.set(signature, name);
      response.writeHead(302, { Location: `${originOf(this.store)}/${sha256(bytes)}?signature=${signature}` }).end();
    }
  }

  async #answerStore(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { query } = this.#note('store', request);
    // No CORS here but for plain reading: a browser that must ask first is turned away.
    if (request.method !== 'GET') {
      response.writeHead(405).end();
      return;
    }
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Expose-Headers', 'ETag, Content-Range, Accept-Ranges');
    const fault = this.faults.shift();
    const name = this.#links.get(query.get('signature') ?? '');
    if (!name || fault?.kind === 'link expired') response.writeHead(403).end('<Code>AccessDenied</Code>');
    else if (fault?.kind === 'busy') response.writeHead(503, { 'Retry-After': '1' }).end();
    else await this.#send(this.files.get(name) as Buffer, request, response, fault);
  }

  async #send(whole: Buffer, request: IncomingMessage, response: ServerResponse, fault?: StoreFault): Promise<void> {
    if (fault?.kind === 'new etag') this.#version++;
    const range = fault?.kind === 'no ranges' ? undefined : /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
    const first = Number(range ?? 0);
    const file = fault?.kind === 'flipped bit' ? flipped(whole, fault.at) : whole;
    const end = fault?.kind === 'short' ? first + fault.bytes : file.length;
    const total = fault?.kind === 'wrong total' ? file.length + 1 : file.length;
    response.writeHead(range === undefined ? 200 : 206, {
      ETag: `"${sha256(whole).slice(0, 8)}-${this.#version}"`,
      'Content-Length': end - first,
      ...(range !== undefined && { 'Content-Range': `bytes ${first}-${end - 1}/${total}` }),
    });
    const last = fault?.kind === 'drop' ? Math.min(first + fault.afterBytes, end) : end;
    for (let begin = first; begin < last && !response.destroyed; ) {
      const stop = this.holdAt ?? Number.POSITIVE_INFINITY;
      if (begin >= stop) await new Promise((resolve) => setTimeout(resolve, 20));
      const next = Math.min(begin + 256 * 1024, last, Math.max(stop, begin));
      if (next > begin && !response.write(file.subarray(begin, next))) await drained(response);
      begin = next;
    }
    if (fault?.kind === 'drop') response.destroy();
    else response.end();
  }

  #note(host: Asked['host'], request: IncomingMessage): { path: string; query: URLSearchParams } {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://host');
    const { range, authorization } = request.headers;
    this.asked.push({ host, method: request.method ?? '', path: pathname, range, authorization });
    return { path: pathname, query: searchParams };
  }
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const originOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** As the hub lists files: only large ones have their SHA-256. */
function treeEntry(path: string, bytes: Buffer): object {
  const entry = { type: 'file', oid: '0'.repeat(40), size: bytes.length, path };
  return bytes.length > LARGEST_DIRECT ? { ...entry, lfs: { oid: sha256(bytes), size: bytes.length } } : entry;
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}

/** Until there is room to write again, or nobody to write to. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off('drain', end).off('close', end);
      resolve();
    };
    response.on('drain', end).on('close', end);
  });
}
