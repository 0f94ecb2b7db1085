import fc from 'fast-check';
import { formOf, type InMemoryApi, KEY, ORIGIN, OTHER_KEY } from './in-memory';
import { gif, jpeg, png, svg } from './pictures';

/** A request that may be anything; what depends on earlier ones is found out when it is sent. */
export interface Draft {
  readonly method: string;
  /** {id} stands for the id of the nth job, or for what is no id. */
  readonly path: string;
  readonly id: number | string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body | undefined;
}
type Body =
  | { readonly kind: 'form'; readonly fields: Readonly<Record<string, string | Blob>> }
  | { readonly kind: 'raw'; readonly type: string; readonly bytes: Uint8Array | string }
  | { readonly kind: 'stream'; readonly type: string; readonly end: 'close' | 'error' | 'never' };

const wrongText = fc.oneof(fc.string(), fc.constantFrom('-1', '1e99', 'NaN', '0x10', '', ' 7 ', '1.5', '4294967295'));
const sizes = fc.constantFrom<[number, number]>([1024, 576], [576, 1024], [768, 768]);

const goodPicture = fc.oneof(
  sizes.map(([width, height]) => png(width, height)),
  sizes.map(([width, height]) => jpeg(width, height)),
);
const smallBadPicture = fc.oneof(
  fc.tuple(fc.nat(70_000), fc.nat(70_000)).map(([width, height]) => png(width, height)),
  fc.tuple(fc.nat(65_535), fc.nat(65_535)).map(([width, height]) => jpeg(width, height)),
  fc.constantFrom(svg(), gif(768, 768), new Blob([])),
  fc.uint8Array({ maxLength: 64 }).map((bytes) => new Blob([new Uint8Array(bytes)])),
  // A picture's beginning.
  fc.nat(33).map((length) => png(768, 768).slice(0, length)),
);
/** Now and then one that is larger than any body may be: those take their time. */
const badPicture = fc.oneof(
  { weight: 30, arbitrary: smallBadPicture },
  { weight: 1, arbitrary: fc.constant(new Blob([new Uint8Array(11 << 20)])) },
);
const badName = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'a[b]', 'input_reference[image_url]', 'image[]'));

/** Fields that are right, some of them missing; mostly so, else with one or two of them wrong, or unknown ones beside. */
function fieldsOf<Value>(
  right: Readonly<Record<string, fc.Arbitrary<Value>>>,
  requiredKeys: string[],
  wrong: fc.Arbitrary<Value>,
): fc.Arbitrary<Record<string, Value>> {
  const name = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...Object.keys(right)) }, badName);
  const slips = fc.array(fc.tuple(name, wrong), { minLength: 1, maxLength: 2 });
  return fc
    .tuple(fc.record(right, { requiredKeys }), fc.oneof(fc.constant([]), slips))
    .map(([fields, changes]) => ({ ...fields, ...Object.fromEntries(changes) }));
}

const form = (right: Readonly<Record<string, fc.Arbitrary<string | Blob>>>, required: string[]): fc.Arbitrary<Body> =>
  fieldsOf(right, required, fc.oneof(wrongText, badPicture)).map((fields) => ({ kind: 'form', fields }));

const json = (right: Readonly<Record<string, fc.Arbitrary<unknown>>>, required: string[]): fc.Arbitrary<Body> =>
  fieldsOf(right, required, fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.integer(), pictureText)).map((fields) => ({
    kind: 'raw',
    type: 'application/json',
    bytes: JSON.stringify(fields),
  }));

const stabilityForm = form(
  {
    image: goodPicture,
    seed: fc.nat(4294967294).map(String),
    cfg_scale: fc.double({ min: 0, max: 10, noNaN: true }).map(String),
    motion_bucket_id: fc.integer({ min: 1, max: 255 }).map(String),
  },
  ['image'],
);

const model = fc.constantFrom('sora-2', 'stabilityai/stable-video-diffusion-img2vid-xt-1-1');
const prompt = fc.string({ minLength: 1, maxLength: 20 });
const videoFields = {
  prompt,
  model,
  seconds: fc.constantFrom('4', '8', '12'),
  size: fc.constantFrom('1280x720', '720x1280', '256x144'),
};
const videoForm = form({ ...videoFields, input_reference: goodPicture }, ['prompt']);

/** The header of a PNG in base64, of a size that is taken or is not. */
const pngBase64 = fc
  .tuple(fc.nat(9000), fc.nat(9000))
  .map(([width, height]) => Buffer.concat([PNG, uint32(width), uint32(height), Buffer.from([8, 2, 0, 0, 0])]))
  .map((bytes) => bytes.toString('base64'));
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 73, 72, 68, 82]);
const uint32 = (value: number) => Buffer.from([value >> 24, value >> 16, value >> 8, value]);
const pictureText = fc.oneof(
  { weight: 3, arbitrary: pngBase64 },
  { weight: 3, arbitrary: pngBase64.map((text) => `data:image/png;base64,${text}`) },
  fc.string(),
  fc.webUrl(),
  fc.constantFrom('data:,', 'data:image/png;base64,', 'https://', 'blob:null/1', 'javascript:alert(1)'),
);

const generationJson = json(
  {
    model,
    prompt,
    num_frames: fc.integer({ min: 14, max: 25 }),
    fps: fc.integer({ min: 1, max: 60 }),
    image: pngBase64,
    seed: fc.nat(4294967295),
    motion_bucket_id: fc.nat(255),
    guidance_scale: fc.double({ min: 0, max: 20, noNaN: true }),
    num_inference_steps: fc.integer({ min: 1, max: 100 }),
    noise_aug_strength: fc.double({ min: 0, max: 1, noNaN: true }),
    response_format: fc.constantFrom('url', 'b64_json'),
    width: fc.integer({ min: 16, max: 4096 }),
    height: fc.integer({ min: 16, max: 4096 }),
  },
  ['model', 'prompt', 'width', 'height'],
);
const videoJson = json({ ...videoFields, input_reference: fc.record({ image_url: pngBase64 }) }, ['prompt']);

const type = fc.oneof(
  fc.constantFrom(
    'application/json',
    'application/json; charset=utf-8',
    'multipart/form-data; boundary=x',
    'multipart/form-data',
    'text/plain',
    'application/x-www-form-urlencoded',
  ),
  fc.stringMatching(/^[ -~]{0,30}$/),
);
const rawBody: fc.Arbitrary<Body> = fc.record({
  kind: fc.constant('raw' as const),
  type,
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json({ maxDepth: 3 }),
    fc.string(),
    // Multipart, more or less.
    fc
      .array(
        fc.constantFrom('--x\r\n', '--x--', '\r\n\r\n', 'Content-Disposition: form-data; name="image"', '\r\n', 'a'),
        {
          maxLength: 12,
        },
      )
      .map((parts) => parts.join('')),
  ),
});
const streamBody: fc.Arbitrary<Body> = fc.record({
  kind: fc.constant('stream' as const),
  type,
  end: fc.constantFrom('close', 'error', 'never'),
});

export const START = '/v2beta/image-to-video';
export const GENERATIONS = '/v1/video/generations';
export const VIDEOS = '/v1/videos';

/** Where to, and what with. */
const target: fc.Arbitrary<Pick<Draft, 'method' | 'path' | 'body'>> = fc.oneof(
  { weight: 5, arbitrary: post(START, stabilityForm) },
  { weight: 1, arbitrary: post('/v2alpha/generation/image-to-video', stabilityForm) },
  { weight: 5, arbitrary: post(GENERATIONS, generationJson) },
  { weight: 3, arbitrary: post(VIDEOS, videoForm) },
  { weight: 2, arbitrary: post(VIDEOS, videoJson) },
  { weight: 2, arbitrary: fc.constantFrom(START, GENERATIONS, VIDEOS).chain((path) => post(path, rawBody)) },
  { weight: 1, arbitrary: fc.constantFrom(START, GENERATIONS, VIDEOS).chain((path) => post(path, streamBody)) },
  {
    weight: 8,
    arbitrary: fc.record({
      method: fc.constantFrom(...Array(12).fill('GET'), 'DELETE', 'DELETE', 'HEAD', 'OPTIONS', 'PUT'),
      path: fc.oneof(
        {
          weight: 12,
          arbitrary: fc.constantFrom(
            `${START}/result/{id}`,
            `/v2alpha/generation/image-to-video/result/{id}`,
            `${GENERATIONS}/{id}`,
            `${GENERATIONS}/{id}/video.mp4`,
            VIDEOS,
            `${VIDEOS}/{id}`,
            `${VIDEOS}/{id}/content`,
            '/v1/models',
            '/v1/models/{id}',
            '/v1/user/balance',
          ),
        },
        fc.webPath(),
      ),
      body: fc.constant(undefined),
    }),
  },
);

function post(path: string, body: fc.Arbitrary<Body>) {
  return body.map((it) => ({ method: 'POST', path, body: it }));
}

const header = fc.stringMatching(/^[ -~]{0,20}$/);
const headers = fc.record(
  {
    authorization: fc.oneof(
      { weight: 12, arbitrary: fc.constant(`Bearer ${KEY}`) },
      fc.constant(`Bearer ${OTHER_KEY}`),
      header,
    ),
    accept: fc.oneof(fc.constantFrom('video/*', '*/*', 'application/json', 'application/json; type=video/mp4'), header),
    range: fc.oneof(fc.constantFrom('bytes=0-', 'bytes=-5', 'bytes=5-2', 'bytes=1000000-', 'bytes=0-0,2-3'), header),
    prefer: fc.oneof(fc.constant('respond-async'), header),
    origin: fc.constantFrom('http://localhost:3000', 'null', 'https://evil.example'),
    'content-length': fc.oneof(fc.constantFrom('0', `${11 << 20}`, '-1', 'many'), header),
    'stillmotion-scenario': fc.oneof(
      fc.constantFrom('content-filtered', 'slow', 'expired', 'forbidden', 'rate-limited', 'server-error'),
      header,
    ),
  },
  { requiredKeys: ['authorization'] },
);
/** Most requests come with few headers, or none of them would be answered by anything but errors. */
const mine = { authorization: `Bearer ${KEY}` };
const async = fc.constantFrom({ ...mine, prefer: 'respond-async' }, { ...mine, range: 'bytes=4-7' });
const fewHeaders = fc.oneof({ weight: 3, arbitrary: fc.constant(mine) }, { weight: 2, arbitrary: async }, headers);

export const draft: fc.Arbitrary<Draft> = fc
  .record({
    target,
    id: fc.oneof(
      { weight: 3, arbitrary: fc.nat(50) },
      fc.constantFrom('0'.repeat(64), 'sora-2', '%', '..'),
      fc.string(),
    ),
    query: fc.oneof(
      { weight: 3, arbitrary: fc.constant('') },
      fc.constantFrom(
        '?limit=1',
        '?limit=0',
        '?order=asc',
        '?after=x',
        '?variant=thumbnail',
        '?response_format=b64_json',
      ),
      fc.webQueryParameters().map((query) => `?${query}`),
    ),
    headers: fewHeaders,
  })
  .map(({ target, ...rest }) => ({ ...target, ...rest }));

/** The request that a draft comes to, with the jobs that there are. */
export function requestOf(api: InMemoryApi, draft: Draft): Request {
  // Mostly the id of a job that the path can lead to.
  const face = draft.path.startsWith(VIDEOS)
    ? 'videos'
    : draft.path.startsWith(GENERATIONS)
      ? 'generations'
      : 'stability';
  const jobs = [...api.jobs.values()].filter((job) => job.face === face || draft.id === 0);
  const { id: given } = draft;
  const id = typeof given === 'string' ? encodeURIComponent(given) : (jobs[given % jobs.length]?.id ?? 'none');
  const signature = api.jobs.get(id)?.signature;
  const query = draft.path.endsWith('.mp4') && draft.query === '' ? `?signature=${signature}` : draft.query;
  const headers = new Headers(draft.headers);
  const { body } = draft;
  if (body && body.kind !== 'form') headers.set('content-type', body.type);
  return new Request(`${ORIGIN}${draft.path.replace('{id}', id)}${query}`, {
    method: draft.method,
    headers,
    ...(body && { body: payloadOf(body), duplex: 'half' }),
  });
}

function payloadOf(body: Body): BodyInit {
  if (body.kind === 'raw') return typeof body.bytes === 'string' ? body.bytes : new Uint8Array(body.bytes);
  if (body.kind === 'stream') {
    return new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('{"prompt":'));
        if (body.end === 'close') controller.close();
        if (body.end === 'error') controller.error(new Error('The connection was reset.'));
      },
    });
  }
  return formOf(body.fields);
}
