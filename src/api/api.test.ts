import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Contract, faultsByAll, ownContract, stabilityContract } from '../../reference/api/contract';
import { InMemoryApi, KEY, ORIGIN, OTHER_KEY, settle } from '../../reference/api/in-memory';
import { png } from '../../reference/api/pictures';
import type { Scenario } from './deps';

const START = '/v2beta/image-to-video';
const ID = '0'.repeat(64);

let api: InMemoryApi;
let contracts: Contract[];
beforeAll(async () => {
  contracts = [stabilityContract(), await ownContract(new InMemoryApi().fetch)];
});
beforeEach(() => {
  // Whatever a test is about, the answers it gets are by contract.
  api = new InMemoryApi(async (request, response) => {
    // The documents do not know which host has which paths, nor HEAD.
    if (request.method === 'HEAD' || !request.url.startsWith(ORIGIN)) return;
    expect(await faultsByAll(contracts, request, response)).toEqual([]);
  });
});

const start = (headers?: Record<string, string>) => api.postForm(START, { image: png(768, 768) }, headers);
const createVideo = (headers?: Record<string, string>) => api.post('/v1/videos', { prompt: 'A cat' }, headers);
const generate = (headers?: Record<string, string>) =>
  api.post('/v1/video/generations', { model: 'svd-nano', prompt: 'A cat' }, headers);
// biome-ignore lint/suspicious/noExplicitAny: what it holds is the tests' to say
const jsonOf = (response: Response) => response.json() as Promise<any>;

describe('a mirrored host', () => {
  const ask = (url: string, init: RequestInit = {}) =>
    api.fetch(new Request(url, { ...init, headers: { authorization: `Bearer ${KEY}` } }));

  test.each([
    ['https://api.stability.ai/v1/user/balance', 200],
    [`https://api.stability.ai/v2beta/image-to-video/result/${ID}`, 404],
    ['https://api.openai.com/v1/videos', 200],
    ['https://api.openai.com/v1/models', 200],
    ['https://api.voltagegpu.com/v1/models', 200],
  ])('answers its own paths: %s', async (url, status) => {
    expect((await ask(url)).status).toBe(status);
  });

  test.each([
    'https://api.stability.ai/v1/videos',
    'https://api.stability.ai/openapi.json',
    'https://api.stability.ai/v2beta/stable-image/generate/core',
    'https://api.stability.ai/',
  ])('refuses all others in its own shape: %s', async (url) => {
    const response = await ask(url);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ name: 'not_found', message: expect.stringMatching('Invalid URL') });
  });

  test.each([
    'https://api.openai.com/v1/chat/completions',
    'https://api.openai.com/v1/video/generations/x',
    'https://api.openai.com/v2beta/image-to-video/result/x',
    'https://api.voltagegpu.com/v1/videos',
    'https://api.voltagegpu.com/',
  ])('refuses all others in its own shape: %s', async (url) => {
    const response = await ask(url);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });
});

test.each([
  ['PUT', START],
  ['GET', START],
  ['GET', '/'],
  ['POST', '/v1/models'],
  ['DELETE', `/v2beta/image-to-video/result/${ID}`],
  ['GET', '/v1/videos/'],
  ['GET', '/v1/videos/%ff/content/%'],
])('%s %s is no request that is answered', async (method, path) => {
  const response = await api.call(method, path);
  expect(response.status).toBe(404);
  expect(JSON.stringify(await response.json())).toMatch('Invalid URL');
});

test('HEAD is GET without a body', async () => {
  const { id } = await jsonOf(await createVideo());
  await settle();
  const response = await api.call('HEAD', `/v1/videos/${id}/content`);
  expect(response.status).toBe(200);
  expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0);
  expect(await response.text()).toBe('');
});

describe('the document', () => {
  test('needs no key, and names where it was asked for', async () => {
    const response = await api.fetch(new Request(`${ORIGIN}/openapi.json`));
    const document = await jsonOf(response);
    expect(document.openapi).toBe('3.1.0');
    expect(document.servers).toEqual([{ url: ORIGIN }]);
  });

  test('gives every operation a name of its own', async () => {
    const { paths } = await jsonOf(await api.call('GET', '/openapi.json'));
    const operations = Object.values(paths as object).flatMap((item) => Object.values(item as object));
    const ids = operations.map(({ operationId }) => operationId);
    expect(ids).toContain('getV1VideosIdContent');
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('other origins', () => {
  const preflight = (origin: string) =>
    api.call('OPTIONS', START, {
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,x-stainless-os',
      },
    });

  test('are not let in', async () => {
    expect((await preflight('http://localhost:3000')).headers.has('access-control-allow-origin')).toBe(false);
    const response = await start({ origin: 'http://localhost:3000' });
    expect(response.headers.has('access-control-allow-origin')).toBe(false);
  });

  test('are, once the user lists them', async () => {
    api.mirror = { ...api.mirror, allowedOrigins: ['http://localhost:3000'] };
    const { headers, status } = await preflight('http://localhost:3000');
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
    expect(headers.get('access-control-allow-headers')).toMatch('authorization');
    const response = await start({ origin: 'http://localhost:3000' });
    expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
    expect(response.headers.get('access-control-expose-headers')).toMatch('finish-reason');
    expect((await preflight('http://localhost:3001')).headers.has('access-control-allow-origin')).toBe(false);
  });

  test('see errors too', async () => {
    api.mirror = { ...api.mirror, allowedOrigins: ['http://localhost:3000'] };
    const response = await start({ origin: 'http://localhost:3000', authorization: '' });
    expect(response.status).toBe(401);
    expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:3000');
  });
});

describe('the rate limit', () => {
  const balance = (authorization = `Bearer ${KEY}`) =>
    api.call('GET', '/v1/user/balance', { headers: { authorization } });

  test('lets 150 requests pass in ten seconds, and none for a minute after one more', async () => {
    for (let i = 0; i < 150; i++) expect((await balance()).status).toBe(200);
    const refused = await balance();
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(await refused.json()).toMatchObject({
      name: 'rate_limit_exceeded',
      message: expect.stringMatching('150 requests within a 10 second period'),
    });
    await api.advance(59_000);
    expect((await balance()).headers.get('retry-after')).toBe('1');
    await api.advance(1000);
    expect((await balance()).status).toBe(200);
  });

  test('is each key’s own', async () => {
    for (let i = 0; i < 151; i++) await balance();
    expect((await balance()).status).toBe(429);
    expect((await balance(`Bearer ${OTHER_KEY}`)).status).toBe(200);
  });

  test('slides', async () => {
    for (let i = 0; i < 300; i++) {
      expect((await balance()).status).toBe(200);
      await api.advance(67);
    }
  });
});

describe('200 requests at once', () => {
  test('fill the queue, and the rest are told to wait', async () => {
    const open = api.hold();
    const responses = await Promise.all(Array.from({ length: 200 }, () => start()));
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expect(statuses.filter((status) => status === 429)).toHaveLength(180);
    open();
    for (let i = 0; i < 20; i++) await settle();
    expect(api.animated).toHaveLength(20);
    expect([...api.jobs.values()].every(({ status }) => status === 'completed')).toBe(true);
    await api.advance(60_000);
    expect((await start()).status).toBe(200);
  });
});

describe('clips', () => {
  test('are made one after the other', async () => {
    const open = api.hold();
    const jobs = [await jsonOf(await createVideo()), await jsonOf(await createVideo())];
    await settle();
    expect(api.animated).toHaveLength(1);
    const statuses = jobs.map(async ({ id }) => (await jsonOf(await api.call('GET', `/v1/videos/${id}`))).status);
    expect(await Promise.all(statuses)).toEqual(['in_progress', 'queued']);
    open();
    await settle();
    expect(api.animated).toHaveLength(2);
  });

  test('that fail leave the next ones unharmed', async () => {
    const open = api.hold();
    api.fault = { clip: 'The GPU was lost.' };
    const first = await jsonOf(await createVideo());
    const second = await jsonOf(await createVideo());
    open();
    await settle();
    api.fault = {};
    const third = await jsonOf(await createVideo());
    await settle();
    expect([first, second, third].map(({ id }) => api.jobs.get(id)?.status)).toEqual(['failed', 'failed', 'completed']);
  });

  test('that cannot be recorded are not begun', async () => {
    api.jobs.set = () => {
      throw new Error('The disk is full.');
    };
    const refused = await createVideo();
    expect(refused.status).toBe(500);
    expect(await refused.json()).toMatchObject({ error: { message: 'The disk is full.' } });
    await settle();
    expect(api.animated).toEqual([]);
  });
});

describe('the pretend balance', () => {
  test('is spent, and then 402 is answered on every face', async () => {
    api.balance = 0.5;
    const open = api.hold();
    // Two clips are promised before the first is paid.
    expect([(await start()).status, (await start()).status, (await start()).status]).toEqual([200, 200, 402]);
    open();
    await settle();
    expect(api.balance).toBeCloseTo(0.1);
    const refused = await start();
    expect(refused.status).toBe(402);
    expect(await refused.json()).toMatchObject({ name: 'payment_required', message: expect.stringMatching('\\$0.10') });
    const video = await createVideo();
    expect(video.status).toBe(402);
    expect(await video.json()).toMatchObject({ error: { code: 'insufficient_quota' } });
  });

  test('is not charged for a clip that failed', async () => {
    api.balance = 0.2;
    api.fault = { clip: 'The GPU was lost.' };
    await start();
    await settle();
    expect(api.balance).toBe(0.2);
  });
});

describe('a clip whose client went away', () => {
  test('is made, and found under its id', async () => {
    const open = api.hold();
    const controller = new AbortController();
    const request = new Request(`${ORIGIN}/v1/video/generations`, {
      method: 'POST',
      signal: controller.signal,
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'svd-nano', prompt: 'A cat' }),
    });
    const answer = api.fetch(request);
    await settle();
    controller.abort();
    open();
    await answer;
    const [job] = api.jobs.values();
    expect((await api.call('GET', `/v1/video/generations/${job?.id}`)).status).toBe(200);
  });

  test('is told as interrupted where the page went away under it', async () => {
    const hold = api.hold();
    const { id } = await jsonOf(await createVideo());
    await settle();
    const next = new InMemoryApi();
    for (const job of api.jobs.values()) next.jobs.set(job.id, job);
    expect(await jsonOf(await next.call('GET', `/v1/videos/${id}`))).toMatchObject({
      status: 'failed',
      error: { code: 'interrupted', message: expect.stringMatching('Ask for it again') },
    });
    const listed = new InMemoryApi();
    for (const job of api.jobs.values()) listed.jobs.set(job.id, job);
    expect(await jsonOf(await listed.call('GET', '/v1/videos'))).toMatchObject({ data: [{ id, status: 'failed' }] });
    hold();
  });
});

describe('an upload', () => {
  const upload = (body: ReadableStream<Uint8Array>, headers: Record<string, string> = {}) =>
    api.fetch(
      new Request(`${ORIGIN}/v1/videos`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
        body,
        duplex: 'half',
      } as RequestInit),
    );

  test('that ends early is refused', async () => {
    const response = await upload(new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: 'body: ended before it was complete' } });
  });

  test('that never ends is given up after two minutes, and holds up nobody', async () => {
    const answer = upload(new ReadableStream({}));
    await settle();
    expect((await createVideo()).status).toBe(200);
    await api.advance(120_000);
    expect((await answer).status).toBe(408);
  });

  test('that says it is too large is not read', async () => {
    let pulled = 0;
    const stream = new ReadableStream(
      {
        pull: () => {
          pulled++;
        },
      },
      { highWaterMark: 0 },
    );
    const response = await upload(stream, { 'content-length': `${11 << 20}` });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error: { code: 'payload_too_large' } });
    expect(pulled).toBe(0);
  });

  test('that is too large and does not say so is cut off', async () => {
    let sent = 0;
    const stream = new ReadableStream({
      pull: (controller) => {
        sent += 1 << 20;
        controller.enqueue(new Uint8Array(1 << 20));
      },
    });
    expect((await upload(stream)).status).toBe(413);
    expect(sent).toBeLessThan(14 << 20);
  });
});

describe('rehearsing failure', () => {
  const scenario = (name: Scenario) => ({ 'stillmotion-scenario': name });

  test('content-filtered: Stability gives a blurred clip and says so', async () => {
    const { id } = await jsonOf(await start(scenario('content-filtered')));
    await settle();
    expect(api.animated[0]?.blurred).toBe(true);
    const result = `${START}/result/${id}`;
    expect((await api.call('GET', result)).headers.get('finish-reason')).toBe('CONTENT_FILTERED');
    const json = await jsonOf(await api.call('GET', result, { headers: { accept: 'application/json' } }));
    expect(json.finish_reason).toBe('CONTENT_FILTERED');
  });

  test('content-filtered: a video fails, a generation is refused', async () => {
    const { id } = await jsonOf(await createVideo(scenario('content-filtered')));
    await settle();
    expect(await jsonOf(await api.call('GET', `/v1/videos/${id}`))).toMatchObject({
      status: 'failed',
      error: { code: 'moderation_blocked' },
    });
    const refused = await generate(scenario('content-filtered'));
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ error: { code: 'content_policy_violation' } });
    expect(api.animated).toEqual([]);
    expect(api.saved).toBe(0);
  });

  test('forbidden', async () => {
    const refused = await start(scenario('forbidden'));
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({
      name: 'content_moderation',
      errors: [expect.stringMatching('flagged')],
    });
    expect((await createVideo(scenario('forbidden'))).status).toBe(403);
    expect((await generate(scenario('forbidden'))).status).toBe(403);
  });

  test('rate-limited and server-error strike every request', async () => {
    for (const send of [start, createVideo, generate]) {
      const limited = await send(scenario('rate-limited'));
      expect(limited.status).toBe(429);
      expect(limited.headers.get('retry-after')).toBe('60');
      expect((await send(scenario('server-error'))).status).toBe(500);
    }
    const polled = await api.call('GET', `/v1/videos/x`, { headers: scenario('server-error') });
    expect(await polled.json()).toMatchObject({ error: { type: 'server_error' } });
  });

  test('slow: a minute longer, and others pass it by', async () => {
    const { id } = await jsonOf(await start(scenario('slow')));
    const other = await jsonOf(await start());
    await settle();
    expect((await api.call('GET', `${START}/result/${other.id}`)).status).toBe(200);
    await api.advance(59_999);
    expect((await api.call('GET', `${START}/result/${id}`)).status).toBe(202);
    await api.advance(1);
    expect((await api.call('GET', `${START}/result/${id}`)).status).toBe(200);
  });

  test('expired: the result is gone as soon as it is there', async () => {
    const open = api.hold();
    const { id } = await jsonOf(await start(scenario('expired')));
    expect((await api.call('GET', `${START}/result/${id}`)).status).toBe(202);
    open();
    await settle();
    expect((await api.call('GET', `${START}/result/${id}`)).status).toBe(404);
  });

  test('the user’s choice holds for all, and a request’s own counts more', async () => {
    api.mirror = { ...api.mirror, scenario: 'server-error' };
    expect((await start()).status).toBe(500);
    expect((await start(scenario('slow'))).status).toBe(200);
  });

  test('an unknown scenario is refused', async () => {
    const refused = await start({ 'stillmotion-scenario': 'earthquake' });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ message: expect.stringMatching('not earthquake') });
  });
});
