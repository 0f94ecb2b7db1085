import OpenAI, { APIError, type ClientOptions } from 'openai';
import { beforeAll, beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import { type Contract, ownContract, readAnswer } from '../../reference/api/contract';
import { InMemoryApi, KEY, mp4Of, NANO, ORIGIN, OTHER_KEY, settle } from '../../reference/api/in-memory';
import { base64Of, jpeg, png, svg } from '../../reference/api/pictures';
import type { Video } from './openai-videos';

let api: InMemoryApi;
let contract: Contract;
let client: OpenAI;
beforeAll(async () => {
  contract = await ownContract(new InMemoryApi().fetch);
});
beforeEach(() => {
  api = new InMemoryApi();
  client = clientWith(KEY);
});

/** OpenAI's own client on the function, in place of the network; every answer is checked on the way. */
function clientWith(apiKey: string, options: ClientOptions = {}): OpenAI {
  return new OpenAI({
    apiKey,
    baseURL: `${ORIGIN}/v1`,
    maxRetries: 0,
    fetch: async (input, init) => {
      const request = new Request(input as string, init);
      const { method } = request;
      const response = await api.fetch(request);
      const answer = await readAnswer(method, new URL(request.url).pathname, response);
      expect(contract.faults(answer)).toEqual([]);
      return response;
    },
    ...options,
  });
}

const reference = async (name = 'cat.png', blob = png(1280, 720)) => new File([blob], name, { type: blob.type });

/** The error that a call fails with. */
async function failure(call: Promise<unknown>): Promise<APIError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(APIError);
  return error as APIError;
}

test('a video is what the SDK types', () => {
  expectTypeOf<Omit<Video, 'size'>>().toExtend<Omit<OpenAI.Videos.Video, 'size'>>();
  expectTypeOf<keyof Video>().toEqualTypeOf<keyof OpenAI.Videos.Video>();
});

test('the SDK creates, polls, downloads, lists and deletes', async () => {
  const open = api.hold();
  const video = await client.videos.create({
    model: 'sora-2',
    prompt: 'A cat',
    seconds: '4',
    size: '1280x720',
    input_reference: await reference(),
  });
  expect(video).toEqual({
    id: expect.stringMatching(/^video_[0-9a-f]{48}$/),
    object: 'video',
    created_at: api.time / 1000,
    completed_at: null,
    expires_at: null,
    error: null,
    model: 'sora-2',
    progress: 0,
    prompt: 'A cat',
    remixed_from_video_id: null,
    seconds: '4',
    size: '1280x720',
    status: 'queued',
  });
  await settle();
  api.report(0.42);
  expect(await client.videos.retrieve(video.id)).toMatchObject({ status: 'in_progress', progress: 42 });
  open();
  await settle();
  expect(await client.videos.retrieve(video.id)).toMatchObject({
    status: 'completed',
    progress: 100,
    completed_at: api.time / 1000,
    expires_at: api.time / 1000 + 24 * 3600,
  });
  const content = await client.videos.downloadContent(video.id);
  expect(content.headers.get('content-type')).toBe('video/mp4');
  const seed = api.animated[0]?.settings.seed ?? 0;
  expect(await content.text()).toBe(await mp4Of({ ...NANO.defaults, seed }).text());
  expect((await client.videos.list()).data.map(({ id }) => id)).toEqual([video.id]);
  expect(await client.videos.delete(video.id)).toEqual({ id: video.id, object: 'video.deleted', deleted: true });
  expect((await failure(client.videos.retrieve(video.id))).status).toBe(404);
  expect(api.results.size).toBe(0);
});

test('what was asked becomes what the model makes', async () => {
  const { response } = await client.videos
    .create({ prompt: 'A cat', seconds: '8', size: '720x1280', input_reference: await reference() })
    .withResponse();
  await settle();
  expect(api.animated[0]?.settings).toMatchObject({ width: 144, height: 256, numFrames: 25, fps: 3 });
  expect(response.headers.get('stillmotion-clip')).toMatch('size=144x256; num_frames=25; fps=3');
  expect(response.headers.get('stillmotion-warnings')).toMatch('720x1280 was mapped to 144x256');
  expect(response.headers.get('x-request-id')).toMatch(/^req_/);
});

describe('the reference', () => {
  test('may be an address or a data URI, in a form or in JSON', async () => {
    api.web.set('https://example.org/cat.jpg', jpeg(640, 360));
    for (const image_url of ['https://example.org/cat.jpg', `data:image/png;base64,${await base64Of(png(9, 9))}`]) {
      await client.videos.create({ prompt: 'A cat', input_reference: { image_url } });
      const response = await api.post('/v1/videos', { prompt: 'A cat', input_reference: { image_url } });
      expect(response.status).toBe(200);
    }
    await settle();
    expect(api.animated.map(({ picture }) => picture.size)).toEqual([41, 41, 33, 33]);
  });

  test('may be missing: the sample picture stands in, unless the user chose otherwise', async () => {
    const { response } = await client.videos.create({ prompt: 'A cat' }).withResponse();
    expect(response.headers.get('stillmotion-warnings')).toMatch('a sample picture animated');
    api.mirror = { ...api.mirror, promptAlone: 'refuse' };
    expect(await failure(client.videos.create({ prompt: 'A cat' }))).toMatchObject({
      status: 400,
      code: 'text_to_image_not_installed',
      param: 'input_reference',
    });
  });

  test('is refused where it is no picture', async () => {
    for (const blob of [svg(), new Blob(['hello']), png(10_000, 10_000)]) {
      const call = client.videos.create({ prompt: 'A cat', input_reference: await reference('x.png', blob) });
      expect(await failure(call)).toMatchObject({ status: 400, param: 'input_reference' });
    }
    const call = client.videos.create({ prompt: 'A cat', input_reference: { file_id: 'file-1' } });
    expect(await failure(call)).toMatchObject({ status: 400, param: 'input_reference' });
  });
});

test.each([
  [{ prompt: '' }, 'prompt', 'invalid_value'],
  [{ seconds: '5' }, 'seconds', 'invalid_value'],
  [{ size: 'large' }, 'size', 'invalid_value'],
  [{ quality: 'hd' }, 'quality', 'unknown_parameter'],
  [{ prompt: undefined }, 'prompt', 'missing_required_parameter'],
])('%j is refused', async (over, param, code) => {
  const call = client.videos.create({ prompt: 'A cat', ...over } as OpenAI.Videos.VideoCreateParams);
  expect(await failure(call)).toMatchObject({ status: 400, param, code, type: 'invalid_request_error' });
});

test('seconds as a number are refused, as the service does', async () => {
  const response = await api.post('/v1/videos', { prompt: 'A cat', seconds: 4 });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { param: 'seconds' } });
});

test('an unknown model is refused', async () => {
  const call = client.videos.create({ prompt: 'A cat', model: 'gpt-9' });
  expect(await failure(call)).toMatchObject({ status: 404, code: 'model_not_found' });
});

test('a video is there for its own key alone', async () => {
  const { id } = await client.videos.create({ prompt: 'A cat' });
  await settle();
  const other = clientWith(OTHER_KEY);
  expect((await failure(other.videos.retrieve(id))).status).toBe(404);
  expect((await failure(other.videos.downloadContent(id))).status).toBe(404);
  expect((await failure(other.videos.delete(id))).status).toBe(404);
  expect((await other.videos.list()).data).toEqual([]);
  expect((await failure(clientWith('sk-nobody').videos.list())).code).toBe('invalid_api_key');
});

test('pages follow each other', async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    ids.push((await client.videos.create({ prompt: `Cat ${i}` })).id);
    await api.advance(1000);
  }
  const seen = async (order: 'asc' | 'desc') => {
    const all: string[] = [];
    for await (const { id } of client.videos.list({ limit: 2, order })) all.push(id);
    return all;
  };
  expect(await seen('asc')).toEqual(ids);
  expect(await seen('desc')).toEqual(ids.toReversed());
  expect(await client.videos.list({ limit: 5 })).toMatchObject({ has_more: false });
  expect(await client.videos.list({ limit: 4 })).toMatchObject({ has_more: true });
  expect(await failure(client.videos.list({ limit: 101 }))).toMatchObject({ status: 400, param: 'limit' });
  expect(await failure(client.videos.list({ after: 'video_x' }))).toMatchObject({ status: 400, param: 'after' });
});

describe('a video that is not finished', () => {
  test('has no content, and cannot be deleted', async () => {
    const open = api.hold();
    const { id } = await client.videos.create({ prompt: 'A cat' });
    expect(await failure(client.videos.downloadContent(id))).toMatchObject({ status: 400 });
    expect(await failure(client.videos.delete(id))).toMatchObject({ status: 400 });
    open();
    await settle();
    expect((await client.videos.delete(id)).deleted).toBe(true);
  });
});

test('a video that failed says why, has no content, and can be deleted', async () => {
  api.fault = { clip: 'The GPU was lost.' };
  const { id } = await client.videos.create({ prompt: 'A cat' });
  await settle();
  expect(await client.videos.retrieve(id)).toMatchObject({
    status: 'failed',
    completed_at: null,
    error: { code: 'generation_failed', message: 'The GPU was lost.' },
  });
  expect((await failure(client.videos.downloadContent(id))).message).toMatch('The GPU was lost.');
  await client.videos.delete(id);
});

test('content comes in parts, and only as video', async () => {
  const { id } = await client.videos.create({ prompt: 'A cat' });
  await settle();
  const part = await client.videos.downloadContent(id, {}, { headers: { Range: 'bytes=4-7' } });
  expect(part.status).toBe(206);
  expect(await part.text()).toBe('ftyp');
  expect(await failure(client.videos.downloadContent(id, { variant: 'thumbnail' }))).toMatchObject({
    param: 'variant',
  });
});

test('a video outlives its file', async () => {
  const { id } = await client.videos.create({ prompt: 'A cat' });
  await settle();
  await api.advance(24 * 3600e3);
  expect(await client.videos.retrieve(id)).toMatchObject({ status: 'completed' });
  expect(await failure(client.videos.downloadContent(id))).toMatchObject({ status: 404 });
  await client.videos.create({ prompt: 'Another cat' });
  expect(api.results.has(id)).toBe(false);
  expect(await client.videos.retrieve(id)).toMatchObject({ status: 'completed' });
});

test('the SDK lists the models, and finds one', async () => {
  const models: string[] = [];
  for await (const { id } of client.models.list()) models.push(id);
  expect(models).toEqual([
    'svd-nano',
    'stabilityai/stable-video-diffusion-img2vid-xt-1-1',
    'stabilityai/stable-video-diffusion-img2vid-xt',
    'stabilityai/stable-video-diffusion-img2vid',
    'sora-2',
    'sora-2-pro',
  ]);
  for (const id of models) expect((await client.models.retrieve(id)).id).toBe(id);
  expect(await failure(client.models.retrieve('gpt-9'))).toMatchObject({ status: 404, code: 'model_not_found' });
});

test('what the mirror does not do is refused in OpenAI’s shape', async () => {
  const raw = clientWith(KEY, { fetch: (input, init) => api.fetch(new Request(input as string, init)) });
  const error = await failure(raw.videos.remix('video_1', { prompt: 'Again' }));
  expect(error).toMatchObject({ status: 404, type: 'invalid_request_error' });
  expect(error.message).toMatch('Invalid URL (POST /v1/videos/video_1/remix)');
});
