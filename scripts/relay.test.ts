import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { InMemoryApi, KEY } from '../reference/api/in-memory';
import { png } from '../reference/api/pictures';
import { packBytes, RELAY_PATH, TAKEN, unpackBytes } from '../src/api/relay-messages';
import { answerRelay } from '../src/clients/relay-session';
import { Relay } from './relay';

let server: Server;
let origin: string;
let port: number;
let pages: WebSocket[];
beforeEach(async () => {
  const relay = new Relay();
  server = createServer((request, response) => {
    if (!relay.handle(request, response)) response.writeHead(404).end('not ours');
  });
  server.on('upgrade', (request, socket, head) => relay.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  origin = `http://127.0.0.1:${port}`;
  pages = [];
});
afterEach(() => {
  for (const page of pages) page.terminate();
  server.closeAllConnections();
  server.close();
});

/** A page that answers, as one of the browser would. */
async function openPage(answer: (request: Request) => Promise<Response>, headers = { origin }): Promise<WebSocket> {
  const page = new WebSocket(`ws://127.0.0.1:${port}${RELAY_PATH}`, { headers });
  page.binaryType = 'arraybuffer';
  pages.push(page);
  answerRelay(page as unknown as Parameters<typeof answerRelay>[0], answer);
  await new Promise((resolve, reject) => page.on('open', resolve).on('error', reject));
  return page;
}

const authorization = `Bearer ${KEY}`;
const ask = (path: string, init: RequestInit = {}) =>
  fetch(origin + path, { ...init, headers: { authorization, ...init.headers } });

/** Asks with a Host header of its own, which fetch does not let be chosen. */
const askAs = (host: string, path: string) =>
  new Promise<IncomingMessage>((resolve) => {
    get({ host: '127.0.0.1', port, path, headers: { host, authorization } }, (response) => resolve(response.resume()));
  });

test('a picture goes to the page and its clip comes back, byte for byte', async () => {
  const api = new InMemoryApi();
  await openPage(api.fetch);
  const form = new FormData();
  form.set('image', png(768, 768));
  const started = await ask('/v2beta/image-to-video', { method: 'POST', body: form });
  expect(started.status).toBe(200);
  const { id } = (await started.json()) as { id: string };

  const result = await ask(`/v2beta/image-to-video/result/${id}`, { headers: { accept: 'video/*' } });
  expect(result.status).toBe(200);
  expect(result.headers.get('finish-reason')).toBe('SUCCESS');
  const mp4 = await api.results.get(id)?.arrayBuffer();
  expect(Buffer.compare(Buffer.from(await result.arrayBuffer()), Buffer.from(mp4 ?? new ArrayBuffer(0)))).toBe(0);
});

test('bytes of any value and any number pass', async () => {
  const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 31) % 256);
  await openPage(async (request) => new Response(await request.arrayBuffer()));
  const response = await ask('/v1/echo', { method: 'POST', body: bytes });
  expect(Buffer.compare(Buffer.from(await response.arrayBuffer()), bytes)).toBe(0);
  expect(unpackBytes(packBytes(2 ** 32 - 1, bytes.subarray(0, 3)))).toEqual({
    id: 2 ** 32 - 1,
    bytes: bytes.subarray(0, 3),
  });
});

test('requests that come together are told apart', async () => {
  await openPage(async ({ url }) => {
    const { pathname } = new URL(url);
    await new Promise((resolve) => setTimeout(resolve, pathname.endsWith('0') ? 50 : 0));
    return new Response(pathname);
  });
  const paths = Array.from({ length: 100 }, (_, i) => `/v1/${i}`);
  expect(await Promise.all(paths.map(async (path) => (await ask(path)).text()))).toEqual(paths);
});

test('the page sees the address, the method and every header, those that a page could not send among them', async () => {
  await openPage(async ({ url, method, headers }) =>
    Response.json([url, method, headers.get('origin'), headers.get('content-length')]),
  );
  const response = await ask('/v1/x?y=%2F', {
    method: 'DELETE',
    body: 'abc',
    headers: { origin: 'http://localhost:3000' },
  });
  expect(await response.json()).toEqual([`${origin}/v1/x?y=%2F`, 'DELETE', 'http://localhost:3000', '3']);
});

test.each([
  ['/v1/video/generations', 'error'],
  ['/v2beta/image-to-video', 'name'],
])('without a page %s is answered by 503 in its own shape', async (path, field) => {
  const response = await ask(path, { method: 'POST', body: '{}' });
  expect(response.status).toBe(503);
  const body = await response.json();
  expect(body).toHaveProperty(field);
  expect(JSON.stringify(body)).toMatch(`No tab of Stillmotion is open to answer. Open ${origin}/`);
});

test('a page that is closed in the middle of a request leaves no client waiting', async () => {
  let asked = () => {};
  const request = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const page = await openPage(() => {
    asked();
    return new Promise(() => {});
  });
  const answer = ask('/v1/models');
  await request;
  page.terminate();
  expect((await answer).status).toBe(503);
  // Another may answer from now on.
  await openPage(async () => new Response('here'));
  expect(await (await ask('/v1/models')).text()).toBe('here');
});

test('a client that hangs up does not end what it asked for', async () => {
  const api = new InMemoryApi();
  const finish = api.hold();
  await openPage(api.fetch);
  const hangUp = new AbortController();
  const body = JSON.stringify({ model: 'svd-nano', prompt: 'A cat' });
  const headers = { 'content-type': 'application/json' };
  const answer = ask('/v1/video/generations', { method: 'POST', body, headers, signal: hangUp.signal });
  await expect.poll(() => api.jobs.size).toBe(1);
  hangUp.abort();
  await expect(answer).rejects.toThrow();
  finish();
  await expect.poll(() => api.results.size).toBe(1);
  expect((await ask('/v1/models')).status).toBe(200);
});

test('the second page is refused and the first goes on', async () => {
  await openPage(async () => new Response('first'));
  const second = await openPage(async () => new Response('second'));
  const [code] = await new Promise<[number]>((resolve) => second.on('close', (...why) => resolve([why[0]])));
  expect(code).toBe(TAKEN);
  expect(await (await ask('/v1/models')).text()).toBe('first');
});

test('only a page of this very server may answer', async () => {
  await expect(openPage(async () => new Response(), { origin: 'https://example.com' })).rejects.toThrow('403');
  await expect(openPage(async () => new Response(), { origin: `http://localhost:${port}` })).rejects.toThrow('403');
});

test.each(['example.com', 'stillmotion.example:80', '127.0.0.1', '127.0.0.1:1', '127.0.0.1.example.com'])(
  'a request by the name "%s" is refused',
  async (host) => {
    await openPage(async () => new Response('secret'));
    expect((await askAs(host, '/v1/models')).statusCode).toBe(403);
    expect((await askAs(host, RELAY_PATH)).statusCode).toBe(403);
  },
);

test('localhost is a name of this machine', async () => {
  await openPage(async () => new Response());
  expect((await askAs(`localhost:${port}`, '/v1/models')).statusCode).toBe(200);
});

test('12 MiB are refused, and never reach the page', async () => {
  let asked = 0;
  await openPage(async () => {
    asked++;
    return new Response();
  });
  const response = await ask('/v2beta/image-to-video', { method: 'POST', body: new Uint8Array(12 << 20) });
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ name: 'payload_too_large' });
  expect(asked).toBe(0);
});

test('an upload that breaks off is forgotten', async () => {
  let asked = 0;
  await openPage(async () => {
    asked++;
    return new Response('ok');
  });
  const socket = connect(port, '127.0.0.1');
  socket.write(`POST /v1/videos HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-length: 1000\r\n\r\nabc`);
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  expect(await (await ask('/v1/models')).text()).toBe('ok');
  expect(asked).toBe(1);
});

test('a page that fails to answer is a 500, one that breaks off an answer that is cut short', async () => {
  await openPage(async ({ url }) => {
    if (url.endsWith('/fails')) throw new Error('no');
    return new Response(
      new ReadableStream({
        pull(controller) {
          controller.enqueue(new Uint8Array(1000));
          controller.error(new Error('gone'));
        },
      }),
      { headers: { 'content-length': '5000' } },
    );
  });
  expect((await ask('/v1/fails')).status).toBe(500);
  await expect(ask('/v1/cut').then((response) => response.arrayBuffer())).rejects.toThrow();
});

test('other paths are not the relay’s', async () => {
  expect(await (await fetch(`${origin}/assets/index.js`)).text()).toBe('not ours');
});
