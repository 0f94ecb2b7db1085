import { beforeEach, describe, expect, test } from 'vitest';
import { readAnswer, stabilityContract } from '../../reference/api/contract';
import { InMemoryApi, KEY, mp4Of, OTHER_KEY, SVD_XT, settle } from '../../reference/api/in-memory';
import { gif, jpeg, png, svg } from '../../reference/api/pictures';

const START = '/v2beta/image-to-video';
const contract = stabilityContract();
let api: InMemoryApi;
beforeEach(() => {
  api = new InMemoryApi();
});

/** Sends a request, and checks the answer against the specification and its overlay. */
async function ask(method: string, path: string, init?: RequestInit) {
  const response = await api.call(method, path, init);
  const answer = await readAnswer(method, path, response);
  expect(contract.faults(answer)).toEqual([]);
  // biome-ignore lint/suspicious/noExplicitAny: the contract has just said what it is
  return { status: response.status, headers: response.headers, json: answer.json as any, response };
}

function start(fields: Record<string, string | Blob>, headers: Record<string, string> = {}) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return ask('POST', START, { body, headers });
}

async function startedId(fields: Record<string, string | Blob> = {}, headers: Record<string, string> = {}) {
  const { status, json } = await start({ image: png(1024, 576), ...fields }, headers);
  expect(status).toBe(200);
  return json.id as string;
}

const poll = (id: string, headers: Record<string, string> = {}) => ask('GET', `${START}/result/${id}`, { headers });

describe('starting a clip', () => {
  test.each([png(1024, 576), png(576, 1024), png(768, 768), jpeg(1024, 576)])(
    'takes the service’s sizes',
    async (image) => {
      const { status, json } = await start({ image });
      expect(status).toBe(200);
      expect(json).toEqual({ id: expect.stringMatching(/^[0-9a-f]{64}$/) });
    },
  );

  test('maps a size to the open model’s, and says so', async () => {
    const { headers } = await start({ image: png(576, 1024) });
    await settle();
    expect(api.animated[0]?.settings).toMatchObject({ width: 144, height: 256, numFrames: 14 });
    expect(headers.get('stillmotion-clip')).toMatch('size=144x256; num_frames=14; fps=7; seed=');
    expect(headers.get('stillmotion-warnings')).toBe(
      '576x1024 was mapped to 144x256: SVD-nano makes 256x144, 144x256, 192x192.',
    );
  });

  test('takes the open model’s own sizes', async () => {
    const { status, headers } = await start({ image: png(192, 192) });
    expect(status).toBe(200);
    expect(headers.has('stillmotion-warnings')).toBe(false);
  });

  test('refuses other sizes, and names the field', async () => {
    const { status, json } = await start({ image: png(1000, 576) });
    expect(status).toBe(400);
    expect(json).toMatchObject({
      name: 'bad_request',
      message: 'image: dimensions must be one of 1024x576, 576x1024, 768x768, 256x144, 144x256, 192x192, not 1000x576',
    });
    expect(json.errors).toEqual([json.message]);
  });

  test.each([
    ['an SVG', svg(), 'SVG'],
    ['a GIF', gif(768, 768), 'must be JPEG or PNG'],
    ['what is no picture', new Blob(['hello']), 'not a picture'],
    ['an empty file', new Blob([]), 'empty'],
    ['a picture that would unfold to gigabytes', png(16000, 16000), '256 megapixels'],
    ['a word', 'hello', 'must be a JPEG or PNG file, as multipart upload, not "hello"'],
  ])('refuses %s', async (_, image, message) => {
    const { status, json } = await start({ image });
    expect(status).toBe(400);
    expect(json.message).toMatch(message);
    expect(json.message).toMatch(/^image: /);
  });

  test('names every field at fault', async () => {
    const { status, json } = await start({ seed: '-1', cfg_scale: 'much', motion_bucket_id: '0' });
    expect(status).toBe(400);
    expect(json.errors).toEqual([
      'image: is required and must be a JPEG or PNG file, as multipart upload',
      'seed: must be a whole number from 0 to 4294967294, not -1',
      'cfg_scale: must be a number from 0 to 10, not "much"',
      'motion_bucket_id: must be a whole number from 1 to 255, not 0',
    ]);
  });

  test('passes the fields on', async () => {
    api.model = SVD_XT;
    await startedId({ seed: '4294967294', cfg_scale: '2.5', motion_bucket_id: '1' });
    await settle();
    expect(api.animated[0]?.settings).toEqual({
      ...SVD_XT.defaults,
      seed: 4294967294,
      minGuidanceScale: 1,
      maxGuidanceScale: 2.5,
      motionBucketId: 1,
    });
  });

  test.each([
    ['10', 1, 10],
    ['1', 1, 1],
    ['0.5', 0.5, 0.5],
    ['0', 0, 0],
  ])('cfg_scale %s guides from %d to %d', async (cfg_scale, minGuidanceScale, maxGuidanceScale) => {
    api.model = SVD_XT;
    await startedId({ cfg_scale });
    await settle();
    expect(api.animated[0]?.settings).toMatchObject({ minGuidanceScale, maxGuidanceScale });
  });

  test('does not guide a model that was made to run without', async () => {
    const { headers } = await start({ image: png(256, 144), cfg_scale: '5' });
    await settle();
    expect(api.animated[0]?.settings).toMatchObject({ minGuidanceScale: 1, maxGuidanceScale: 1 });
    expect(headers.get('stillmotion-warnings')).toBe('SVD-nano runs without guidance; cfg_scale was not used.');
  });

  test.each([{}, { seed: '0' }])('draws a seed where %j asks for none', async (fields) => {
    await startedId(fields);
    await startedId(fields);
    await settle();
    const [first, second] = api.animated.map(({ settings }) => settings.seed);
    expect(first).toBeGreaterThan(0);
    expect(first).not.toBe(second);
  });

  test('refuses a body that is no form', async () => {
    const json = await ask('POST', START, { body: '{}', headers: { 'content-type': 'application/json' } });
    expect(json.status).toBe(400);
    expect(json.json.errors).toEqual(['content-type: must be multipart/form-data']);
    const broken = await ask('POST', START, {
      body: '--x\r\nnonsense',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });
    expect(broken.json.errors).toEqual(['body: is not valid multipart/form-data']);
  });

  test('refuses 11 MiB', async () => {
    const { status, json } = await start({
      image: new Blob([await png(1024, 576).arrayBuffer(), new Uint8Array(11 << 20)]),
    });
    expect(status).toBe(413);
    expect(json).toMatchObject({
      name: 'payload_too_large',
      errors: ['body: payload cannot be larger than 10MiB in size'],
    });
  });

  test('says that a picture cannot be decoded', async () => {
    api.fault = { picture: 'It is cut short.' };
    const { status, json } = await start({ image: png(768, 768) });
    expect(status).toBe(422);
    expect(json).toMatchObject({ name: 'unprocessable_entity', errors: ['image: It is cut short.'] });
  });

  test('takes the headers that clients tell of themselves by', async () => {
    await startedId(
      {},
      { 'stability-client-id': 'app', 'stability-client-user-id': 'me#1', 'stability-client-version': '1' },
    );
  });
});

describe('the result', () => {
  test('is in progress until the clip is made', async () => {
    const open = api.hold();
    const id = await startedId();
    await settle();
    api.report(0.25);
    const { status, json } = await poll(id);
    expect(status).toBe(202);
    expect(json).toEqual({ id, status: 'in-progress', progress: 0.25 });
    open();
    await settle();
    expect((await poll(id)).status).toBe(200);
  });

  test.each([undefined, 'video/*', '*/*', 'video/mp4', 'application/json;q=0.5, video/*'])(
    'is the MP4 for Accept %s',
    async (accept) => {
      const id = await startedId({ seed: '7' });
      await settle();
      const { status, headers, response } = await poll(id, accept === undefined ? {} : { accept });
      expect(status).toBe(200);
      expect(headers.get('content-type')).toBe('video/mp4');
      expect(headers.get('finish-reason')).toBe('SUCCESS');
      expect(headers.get('seed')).toBe('7');
      expect(await response.text()).toBe(await mp4Of({ ...SVD_XT.defaults, seed: 7 }).text());
    },
  );

  test.each(['application/json', 'application/json; type=video/mp4'])('is base64 for Accept %s', async (accept) => {
    const id = await startedId({ seed: '7' });
    await settle();
    const { status, headers, json } = await poll(id, { accept });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(accept);
    expect(json).toMatchObject({ finish_reason: 'SUCCESS', seed: 7 });
    expect(Buffer.from(json.video, 'base64').toString()).toBe(await mp4Of({ ...SVD_XT.defaults, seed: 7 }).text());
  });

  test.each(['image/png', 'constructor', 'video/*;q=0'])('comes in no other form: %s', async (accept) => {
    const { status, json } = await poll(await startedId(), { accept });
    expect(status).toBe(400);
    expect(json.message).toMatch('accept: must be one of video/*, application/json');
  });

  test('comes in parts', async () => {
    const id = await startedId();
    await settle();
    const { status, headers } = await poll(id, { range: 'bytes=4-7' });
    expect(status).toBe(206);
    expect(headers.get('content-length')).toBe('4');
    expect((await poll(id, { range: 'bytes=999999-' })).status).toBe(416);
  });

  test('is not there for an unknown id, nor for another key', async () => {
    expect((await poll('0'.repeat(64))).status).toBe(404);
    const id = await startedId();
    const { status, json } = await poll(id, { authorization: `Bearer ${OTHER_KEY}` });
    expect(status).toBe(404);
    expect(json.name).toBe('not_found');
  });

  test('is gone after a day', async () => {
    const id = await startedId();
    await settle();
    await api.advance(24 * 3600e3 - 1);
    expect((await poll(id)).status).toBe(200);
    await api.advance(1);
    expect((await poll(id)).status).toBe(404);
    await startedId();
    expect(api.results.has(id)).toBe(false);
    expect(api.jobs.has(id)).toBe(false);
  });

  test('stays where the user keeps clips for ever', async () => {
    api.mirror = { ...api.mirror, keepSeconds: null };
    const id = await startedId();
    await settle();
    await api.advance(1e12);
    expect((await poll(id)).status).toBe(200);
  });

  test('tells why a clip could not be made', async () => {
    api.fault = { clip: 'The GPU was lost.' };
    const id = await startedId();
    await settle();
    const { status, json } = await poll(id);
    expect(status).toBe(500);
    expect(json).toMatchObject({ name: 'internal_error', message: 'The GPU was lost.' });
  });
});

test('the older paths answer alike', async () => {
  const started = await api.postForm('/v2alpha/generation/image-to-video', { image: png(768, 768) });
  const { id } = await started.json();
  await settle();
  const result = await api.call('GET', `/v2alpha/generation/image-to-video/result/${id}`);
  expect(result.headers.get('content-type')).toBe('video/mp4');
  expect((await poll(id)).status).toBe(200);
});

test('the balance is told in credits', async () => {
  api.balance = 5;
  expect((await ask('GET', '/v1/user/balance')).json).toEqual({ credits: 500 });
  await startedId();
  await settle();
  expect((await ask('GET', '/v1/user/balance')).json).toEqual({ credits: 480 });
  expect(api.saved).toBeCloseTo(0.2);
  api.balance = null;
  expect((await ask('GET', '/v1/user/balance')).json.credits).toBeGreaterThan(1000);
});

test.each([
  ['POST', START],
  ['GET', `${START}/result/${'0'.repeat(64)}`],
  ['GET', '/v1/user/balance'],
])('%s %s wants a key', async (method, path) => {
  for (const authorization of ['', 'Bearer', 'Bearer wrong', `Basic ${KEY}`]) {
    const { status, json } = await ask(method, path, { headers: { authorization } });
    expect(status).toBe(401);
    expect(json.name).toBe('unauthorized');
  }
});
