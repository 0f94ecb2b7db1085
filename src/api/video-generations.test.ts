import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Contract, ownContract, readAnswer } from '../../reference/api/contract';
import { InMemoryApi, KEY, mp4Of, NANO, ORIGIN, OTHER_KEY, SVD_XT, settle } from '../../reference/api/in-memory';
import { base64Of, jpeg, png, svg } from '../../reference/api/pictures';

const PATH = '/v1/video/generations';
const MODEL = 'stabilityai/stable-video-diffusion-img2vid-xt-1-1';
/** The request of the service's own example. */
const EXAMPLE = {
  model: MODEL,
  prompt: 'A cat sitting on a windowsill watching rain fall outside, gentle motion',
  num_frames: 25,
  fps: 8,
  width: 1024,
  height: 576,
};

let api: InMemoryApi;
let contract: Contract;
beforeAll(async () => {
  contract = await ownContract(new InMemoryApi().fetch);
});
beforeEach(() => {
  api = new InMemoryApi();
});

async function checked(method: string, path: string, response: Response) {
  const answer = await readAnswer(method, new URL(path, ORIGIN).pathname, response);
  expect(contract.faults(answer)).toEqual([]);
  // biome-ignore lint/suspicious/noExplicitAny: the contract has just said what it is
  return { status: response.status, headers: response.headers, json: answer.json as any, response };
}
const get = async (path: string, init?: RequestInit) => checked('GET', path, await api.call('GET', path, init));
const post = async (body: unknown, headers?: Record<string, string>) =>
  checked('POST', PATH, await api.post(PATH, body, headers));

describe('the service’s example', () => {
  test('gives an address that holds the clip, without a key', async () => {
    const { status, json, headers } = await post(EXAMPLE);
    expect(status).toBe(200);
    expect(Object.keys(json)).toEqual(['created', 'data', 'warnings']);
    expect(json.data).toHaveLength(1);
    expect(json.data[0].url).toMatch(ORIGIN);
    const file = await api.fetch(new Request(json.data[0].url));
    expect(file.headers.get('content-type')).toBe('video/mp4');
    const seed = Number(/seed=(\d+)/.exec(headers.get('stillmotion-clip') ?? '')?.[1]);
    expect(await file.text()).toBe(await mp4Of({ ...NANO.defaults, seed }).text());
  });

  test('is made as asked, but for the size, and says what is not as asked', async () => {
    const { json, headers } = await post(EXAMPLE);
    expect(api.animated[0]?.settings).toMatchObject({ numFrames: 25, fps: 8, width: 256, height: 144 });
    expect(json.warnings).toEqual([
      'The prompt was ignored and a sample picture animated: no text-to-image model is installed. Send image.',
      '1024x576 was mapped to 256x144: SVD-nano makes 256x144, 144x256, 192x192.',
      `SVD-nano, which is open here, answers for ${MODEL}.`,
    ]);
    expect(headers.get('stillmotion-warnings')).toBe(json.warnings.join(' '));
    expect(headers.get('stillmotion-model')).toBe('svd-nano');
  });

  test('is metered at fifteen cents a second', async () => {
    await post(EXAMPLE);
    expect(api.saved).toBeCloseTo((0.15 * 25) / 8);
  });
});

test('a prompt alone is refused where the user chose so', async () => {
  api.mirror = { ...api.mirror, promptAlone: 'refuse' };
  const { status, json } = await post(EXAMPLE);
  expect(status).toBe(400);
  expect(json.error).toMatchObject({
    code: 'text_to_image_not_installed',
    type: 'invalid_request_error',
    param: 'image',
  });
  expect(json.error.message).toMatch('Send a picture');
});

test('neither prompt nor picture is refused', async () => {
  const { status, json } = await post({ model: 'svd-nano' });
  expect(status).toBe(400);
  expect(json.error).toMatchObject({ code: 'missing_required_parameter', param: 'image' });
});

describe('the picture', () => {
  test('may be base64, a data URI, or an https address, as image or image_url', async () => {
    const picture = png(300, 300);
    const base64 = await base64Of(picture);
    api.web.set('https://example.org/cat.png', picture);
    for (const text of [base64, `data:image/png;base64,${base64}`, 'https://example.org/cat.png']) {
      for (const field of ['image', 'image_url']) {
        const { status, json } = await post({ model: 'svd-nano', [field]: text });
        expect(status).toBe(200);
        expect(json.warnings).toBeUndefined();
      }
    }
    expect(api.animated).toHaveLength(6);
    for (const { picture, settings } of api.animated) {
      expect(picture.size).toBe(33);
      expect(settings).toMatchObject({ width: 192, height: 192 });
    }
  });

  test('leaves a prompt unread, and says so', async () => {
    const { json } = await post({ model: 'svd-nano', prompt: 'rain', image: await base64Of(jpeg(1920, 1080)) });
    expect(json.warnings).toEqual(['The prompt was ignored: Stable Video Diffusion animates the picture alone.']);
    expect(api.animated[0]?.settings).toMatchObject({ width: 256, height: 144 });
  });

  test.each([
    ['http://example.org/cat.png', 'must be an https address'],
    ['file:///etc/passwd', 'must be an https address'],
    ['https://', 'is not an address'],
    ['https://example.org/gone.png', 'could not be fetched'],
    ['data:image/png,plain', 'base64 data URI'],
    ['data:image/png;base64,****', 'must be an https address, a data URI or base64'],
    ['', 'must be an https address, a data URI or base64'],
    ['aGVsbG8=', 'not a picture'],
  ])('is refused as %j', async (image, message) => {
    const { status, json } = await post({ model: 'svd-nano', image });
    expect(status).toBe(400);
    expect(json.error).toMatchObject({ param: 'image', message: expect.stringMatching(message) });
  });

  test('is refused as SVG, and where it would unfold to gigabytes', async () => {
    for (const [picture, message] of [
      [svg(), 'SVG'],
      [png(9000, 9000), '81 megapixels'],
    ] as const) {
      const { status, json } = await post({ model: 'svd-nano', image: await base64Of(picture) });
      expect(status).toBe(400);
      expect(json.error.message).toMatch(message);
    }
  });

  test('is refused twice', async () => {
    expect((await post({ model: 'svd-nano', image: 'aa', image_url: 'aa' })).status).toBe(400);
  });
});

test('settings are passed on', async () => {
  api.model = SVD_XT;
  const { json } = await post({
    model: 'svd-xt',
    image: await base64Of(png(768, 768)),
    width: 576,
    height: 1024,
    num_frames: 14,
    fps: 30,
    seed: 0,
    motion_bucket_id: 0,
    guidance_scale: 4,
    num_inference_steps: 3,
    noise_aug_strength: 0,
  });
  expect(json.warnings).toBeUndefined();
  expect(api.animated[0]?.settings).toEqual({
    ...SVD_XT.defaults,
    width: 576,
    height: 1024,
    numFrames: 14,
    fps: 30,
    seed: 0,
    motionBucketId: 0,
    minGuidanceScale: 1,
    maxGuidanceScale: 4,
    numInferenceSteps: 3,
    noiseAugStrength: 0,
  });
});

test.each([
  [{ num_frames: 13 }, 'num_frames: must be a whole number from 14 to 25, not 13'],
  [{ num_frames: 14.5 }, 'num_frames: must be a whole number from 14 to 25, not 14.5'],
  [{ num_frames: '25' }, 'num_frames: must be a whole number from 14 to 25, not "25"'],
  [{ fps: 0 }, 'fps: must be a whole number from 1 to 60, not 0'],
  [{ width: 512, height: undefined }, 'height: is required where width is given'],
  [{ prompt: 7 }, 'prompt: must be text, not 7'],
  [{ response_format: 'gif' }, 'response_format: must be url or b64_json, not "gif"'],
  [{ seed: -1, fps: 99 }, 'fps: must be a whole number from 1 to 60, not 99; seed: must be'],
])('%j is refused', async (over, message) => {
  const { status, json } = await post({ ...EXAMPLE, ...over });
  expect(status).toBe(400);
  expect(json.error).toMatchObject({ type: 'invalid_request_error', message: expect.stringContaining(message) });
});

test('null counts as absent', async () => {
  expect((await post({ ...EXAMPLE, num_frames: null, seed: null })).status).toBe(200);
});

test('an unknown model is refused', async () => {
  const { status, json } = await post({ ...EXAMPLE, model: 'gpt-9' });
  expect(status).toBe(404);
  expect(json.error).toMatchObject({ code: 'model_not_found', param: 'model' });
});

test.each([
  ['{"model":', 'invalid_json'],
  ['[]', 'invalid_json'],
  ['null', 'invalid_json'],
  ['"text"', 'invalid_json'],
  ['', 'invalid_json'],
  ['\xff\xfe', 'invalid_json'],
])('the body %j is refused', async (text, code) => {
  const body = new Uint8Array(Buffer.from(text, 'latin1'));
  const response = await api.call('POST', PATH, { body, headers: { 'content-type': 'application/json' } });
  const { status, json } = await checked('POST', PATH, response);
  expect(status).toBe(400);
  expect(json.error.code).toBe(code);
});

test('a clip in base64', async () => {
  const { json } = await post({ ...EXAMPLE, seed: 5, response_format: 'b64_json' });
  expect(Buffer.from(json.data[0].b64_json, 'base64').toString()).toBe(
    await mp4Of({ ...NANO.defaults, seed: 5 }).text(),
  );
});

test('a clip that cannot be made', async () => {
  api.fault = { clip: 'The GPU was lost.' };
  const { status, json } = await post(EXAMPLE);
  expect(status).toBe(500);
  expect(json.error).toEqual({ message: 'The GPU was lost.', type: 'server_error', param: null, code: null });
});

test('no model', async () => {
  api.fault = { model: 'The folder is empty.' };
  const { status, json } = await post(EXAMPLE);
  expect(status).toBe(503);
  expect(json.error.message).toBe('No model is open: The folder is empty.');
});

describe('Prefer: respond-async', () => {
  test('answers at once, and the clip is fetched later', async () => {
    const open = api.hold();
    const { status, json, headers } = await post(EXAMPLE, { prefer: 'respond-async' });
    expect(status).toBe(202);
    expect(headers.get('preference-applied')).toBe('respond-async');
    expect(json).toMatchObject({ object: 'video.generation', status: 'queued', progress: 0 });
    const path = new URL(headers.get('location') ?? '').pathname;
    expect(path).toBe(`${PATH}/${json.id}`);
    await settle();
    api.report(0.5);
    expect((await get(path)).json).toMatchObject({ status: 'in_progress', progress: 0.5 });
    expect((await get(path)).json).not.toHaveProperty('data');
    open();
    await settle();
    const done = (await get(path)).json;
    expect(done).toMatchObject({ status: 'completed', progress: 1 });
    expect((await api.fetch(new Request(done.data[0].url))).status).toBe(200);
    expect((await get(`${path}?response_format=b64_json`)).json.data[0]).toHaveProperty('b64_json');
    expect((await get(`${path}?response_format=gif`)).status).toBe(400);
  });

  test('tells of failure', async () => {
    api.fault = { clip: 'The GPU was lost.' };
    const { json } = await post(EXAMPLE, { prefer: 'respond-async, wait=1' });
    await settle();
    expect((await get(`${PATH}/${json.id}`)).json).toMatchObject({
      status: 'failed',
      error: { message: 'The GPU was lost.', code: 'generation_failed' },
    });
  });

  test('is not told to another key, nor on another face', async () => {
    const { json } = await post(EXAMPLE, { prefer: 'respond-async' });
    expect((await get(`${PATH}/${json.id}`, { headers: { authorization: `Bearer ${OTHER_KEY}` } })).status).toBe(404);
    expect((await api.call('GET', `/v1/videos/${json.id}`)).status).toBe(404);
    expect((await api.call('GET', `/v2beta/image-to-video/result/${json.id}`)).status).toBe(404);
  });
});

describe('the address of a clip', () => {
  const urlOf = async () => (await post(EXAMPLE)).json.data[0].url as string;

  test('is worth nothing without its signature', async () => {
    const url = await urlOf();
    for (const wrong of [url.split('?')[0] as string, `${url}0`]) {
      const { status } = await checked('GET', wrong, await api.fetch(new Request(wrong)));
      expect(status).toBe(404);
    }
  });

  test('leads to parts', async () => {
    const url = await urlOf();
    const response = await api.fetch(new Request(url, { headers: { range: 'bytes=-5' } }));
    expect((await checked('GET', url, response)).status).toBe(206);
    expect((await response.arrayBuffer()).byteLength).toBe(5);
  });

  test('names the host that was asked', async () => {
    const request = new Request(`https://api.voltagegpu.com${PATH}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(EXAMPLE),
    });
    const { data } = (await (await api.fetch(request)).json()) as { data: { url: string }[] };
    expect(data[0]?.url).toMatch(`https://api.voltagegpu.com${PATH}/vidgen_`);
    expect((await api.fetch(new Request(data[0]?.url ?? ''))).status).toBe(200);
  });

  test('ends with the clip', async () => {
    const url = await urlOf();
    await api.advance(24 * 3600e3);
    expect((await api.fetch(new Request(url))).status).toBe(404);
  });
});
