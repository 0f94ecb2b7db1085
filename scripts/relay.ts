import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { ApiError, errorResponse, shapeOfPath } from '../src/api/errors.ts';
import {
  packBytes,
  RELAY_PATH,
  type RelayedAnswer,
  type RelayedRequest,
  TAKEN,
  unpackBytes,
} from '../src/api/relay-messages.ts';

/** The APIs refuse more than 10 MiB in their own words; this only bounds what is kept. */
const MAX_BODY_BYTES = 11 << 20;
/** How long an upload may take. */
const UPLOAD_MILLISECONDS = 120_000;

const API_PATHS = /^\/(?:v2beta|v2alpha|v1)\/|^\/openapi\.json$/;

/**
 * Hands REST requests of programs on this machine to the page that answers them, over its WebSocket, and its answers back.
 * It knows no keys: those are the page's to check.
 *
 * Only this machine is served, by the names 127.0.0.1 and localhost, so that no site can reach it by a name of its own that
 * leads here; and only a page of this very server may answer.
 */
export class Relay {
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: 1 << 28 });
  #page: WebSocket | undefined;
  /** Clients that wait, by their requests' numbers. */
  readonly #waiting = new Map<number, ServerResponse>();
  #count = 0;

  /** @returns whether the request was one for the relay, and is answered */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname !== RELAY_PATH && !API_PATHS.test(pathname)) return false;
    if (!isFromHere(request)) {
      request.resume();
      response.writeHead(403, { 'content-type': 'text/plain' });
      response.end('The REST APIs are answered on this machine alone: call 127.0.0.1 or localhost.\n');
    } else if (pathname === RELAY_PATH) response.writeHead(204).end();
    else void this.#relay(request, response, pathname);
    return true;
  }

  /** Takes the WebSocket of a page. The first that comes answers, until it goes. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (request.url !== RELAY_PATH) return;
    if (!isFromHere(request) || request.headers.origin !== `http://${request.headers.host}`) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (page) => {
      if (this.#page) return page.close(TAKEN, 'Another page answers.');
      this.#page = page;
      page.on('message', (data, isBinary) => this.#take(data, isBinary));
      page.on('error', () => page.terminate());
      page.on('close', () => this.#lose());
    });
  }

  async #relay(request: IncomingMessage, response: ServerResponse, pathname: string): Promise<void> {
    try {
      if (!this.#page) throw noPage(request);
      const body = await readBody(request);
      // It may have gone while the body came.
      if (!this.#page) throw noPage(request);
      const id = ++this.#count;
      this.#waiting.set(id, response);
      // Who hangs up only loses the answer: the page makes the clip.
      response.on('close', () => this.#waiting.delete(id));
      this.#page.send(JSON.stringify(headOf(id, request)));
      this.#page.send(packBytes(id, body));
    } catch (error) {
      // What is left of the upload is read and thrown away: a client that still sends would not see the answer.
      request.resume();
      await sendError(response, error as Error, pathname);
    }
  }

  #take(data: RawData, isBinary: boolean): void {
    const message = data as Buffer<ArrayBuffer>;
    if (isBinary) {
      const { id, bytes } = unpackBytes(message);
      this.#waiting.get(id)?.write(bytes);
      return;
    }
    const answer: RelayedAnswer = JSON.parse(message.toString());
    const response = this.#waiting.get(answer.id);
    if (!response) return;
    if (answer.type === 'head') response.writeHead(answer.status, Object.fromEntries(answer.headers));
    else if (answer.type === 'end') response.end();
    else breakOff(response, new ApiError('internal', 'The page could not answer. Look at its tab, then try again.'));
  }

  #lose(): void {
    this.#page = undefined;
    for (const response of this.#waiting.values()) {
      breakOff(response, new ApiError('unavailable', 'The tab of Stillmotion was closed before it answered.'));
    }
  }
}

/** From this machine, and by its own name: a browser would send a stranger's name along with a stranger's page. */
function isFromHere({ headers, socket }: IncomingMessage): boolean {
  const [name, port = '80'] = (headers.host ?? '').split(':');
  const isOwnName = name === '127.0.0.1' || name === 'localhost';
  return isOwnName && Number(port) === socket.localPort && /^(?:::ffff:)?127\.|^::1$/.test(socket.remoteAddress ?? '');
}

const noPage = ({ headers }: IncomingMessage) =>
  new ApiError(
    'unavailable',
    `No tab of Stillmotion is open to answer. Open http://${headers.host}/ in Chrome or Edge, and leave it open.`,
  );

function headOf(id: number, { method = 'GET', url, headers }: IncomingMessage): RelayedRequest {
  const list = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
  return { id, method, url: `http://${headers.host}${url}`, headers: list };
}

/** @throws ApiError if it is too large, or too slow */
function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new ApiError('timeout', 'The upload took longer than two minutes. Send a smaller picture.'));
    }, UPLOAD_MILLISECONDS);
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size <= MAX_BODY_BYTES) parts.push(part);
      else
        reject(new ApiError('too_large', [{ param: 'body', message: 'payload cannot be larger than 10MiB in size' }]));
    });
    request.on('end', () => resolve(Buffer.concat(parts)));
    request.on('error', reject);
    request.on('close', () => clearTimeout(late));
  });
}

/** Ends an answer that cannot be completed: by an error if nothing was sent yet, else visibly cut short. */
function breakOff(response: ServerResponse, error: ApiError): void {
  if (response.headersSent) response.destroy();
  else void sendError(response, error, new URL(response.req.url ?? '/', 'http://localhost').pathname);
}

async function sendError(response: ServerResponse, error: Error, pathname: string): Promise<void> {
  const known = error instanceof ApiError ? error : new ApiError('internal', error.message);
  const answer = errorResponse(known, shapeOfPath(pathname), randomBytes);
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  response.end(await answer.text());
}
