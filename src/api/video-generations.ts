import { z } from 'zod';
import { toBase64 } from './base64';
import { checkFields, queryOf, readFields } from './body';
import { clipSettings, mapSize, sizeText, sizeWarning } from './clip';
import { CLIP_PATH, clipFile, clipUrl } from './clip-file';
import type { Results } from './deps';
import { ApiError, badRequest, openaiErrorSchema } from './errors';
import { setting, text, whole } from './fields';
import { randomSeed } from './ids';
import { isExpired, type Job } from './job';
import { checkModel } from './models';
import { choosePicture } from './picture-choice';
import { fileFromText } from './picture-input';
import type { Call, Operation, Route, Service } from './route';
import { clipHeaders, findJob, openModel, startJob } from './start-job';

const FORMATS = z.enum(['url', 'b64_json'], { error: 'must be url or b64_json' });

const requestSchema = z.object({
  model: text('The model that is open, or one that it answers for: see /v1/models.'),
  prompt: text('Not read: Stable Video Diffusion animates pictures.')
    .max(10_000, 'must be 10000 characters at most')
    .optional(),
  num_frames: whole(14, 25).optional(),
  fps: setting('fps').optional(),
  width: setting('width').optional().describe('Pixels. A size that the model cannot make is mapped to its nearest.'),
  height: setting('height').optional().describe('Pixels.'),
  image: text('The picture to animate: an https address, a data URI or base64. JPEG, PNG or WebP.').optional(),
  image_url: text('The same.').optional(),
  seed: setting('seed').optional(),
  motion_bucket_id: setting('motionBucketId').optional(),
  guidance_scale: setting('maxGuidanceScale')
    .optional()
    .describe('Guidance of the last frame; that of the first is 1, or guidance_scale where it is smaller.'),
  num_inference_steps: setting('numInferenceSteps').optional(),
  noise_aug_strength: setting('noiseAugStrength').optional(),
  response_format: FORMATS.default('url'),
});

const querySchema = requestSchema.pick({ response_format: true });

const dataSchema = z.array(
  z.object({
    url: z.string().optional().describe('The MP4; needs no key.'),
    b64_json: z.string().optional().describe('The MP4 in base64.'),
  }),
);
const warningsSchema = z.array(z.string()).optional().describe('What was not done as asked.');
const doneSchema = z.object({ created: z.int(), data: dataSchema, warnings: warningsSchema });
const jobSchema = z.object({
  id: z.string(),
  object: z.literal('video.generation'),
  created: z.int(),
  status: z.enum(['queued', 'in_progress', 'completed', 'failed']),
  progress: z.number().min(0).max(1),
  data: dataSchema.optional(),
  error: openaiErrorSchema.shape.error.optional(),
  warnings: warningsSchema,
});
type Data = z.infer<typeof dataSchema>;

const CREATE: Operation = {
  summary: 'Make a clip',
  description: 'The request is held until the clip is done, or answered at once where it says Prefer: respond-async.',
  parameters: [
    {
      name: 'prefer',
      in: 'header',
      description: 'respond-async, so that no request is held: browsers end those after five minutes.',
      schema: z.string().optional(),
    },
  ],
  body: { 'application/json': requestSchema },
  responses: {
    200: { description: 'The clip', content: { 'application/json': doneSchema } },
    202: { description: 'Accepted; see location', content: { 'application/json': jobSchema } },
  },
  errors: [402, 403, 404, 408, 413, 422, 503],
};

const RETRIEVE: Operation = {
  summary: 'How a clip stands',
  parameters: [
    {
      name: 'response_format',
      in: 'query',
      description: 'As in the request.',
      schema: querySchema.shape.response_format,
    },
  ],
  responses: { 200: { description: 'How it stands', content: { 'application/json': jobSchema } } },
  errors: [404],
};

const FILE: Operation = {
  summary: 'The MP4 of a clip, for whoever holds its address',
  parameters: [{ name: 'signature', in: 'query', description: 'Part of the address.', schema: z.string() }],
  responses: {
    200: { description: 'The MP4', content: { 'video/mp4': null } },
    206: { description: 'The part of it that Range names', content: { 'video/mp4': null } },
  },
  errors: [404, 416, 500],
};

/** VoltageGPU's API of Stable Video Diffusion, in OpenAI's style, and its asynchronous twin. */
export const generationRoutes = (service: Service): Route[] => {
  const common = { shape: 'openai', faces: ['generations'] } as const;
  const path = '/v1/video/generations';
  return [
    { ...common, method: 'post', path, operation: CREATE, handle: (call) => create(service, call) },
    { ...common, method: 'get', path: `${path}/{id}`, operation: RETRIEVE, handle: (call) => retrieve(service, call) },
    {
      ...common,
      method: 'get',
      path: CLIP_PATH,
      open: true,
      operation: FILE,
      handle: (call) => sendFile(service, call),
    },
  ];
};

async function create(service: Service, call: Call): Promise<Response> {
  const fields = checkFields(requestSchema, await readFields(call.request, ['json'], service.deps));
  const job = await start(service, call, fields);
  if (/\brespond-async\b/i.test(call.request.headers.get('prefer') ?? '')) {
    const location = new URL(`/v1/video/generations/${job.id}`, call.url.origin).href;
    const headers = { location, 'preference-applied': 'respond-async', ...clipHeaders(job) };
    return Response.json(describe(job), { status: 202, headers });
  }
  const ended = await service.runner.ended(job.id);
  if (!ended || ended.error) throw new ApiError('internal', ended?.error?.message ?? 'The clip was deleted.');
  const data = await dataOf(ended, fields.response_format, call, service.deps.results);
  const body = { created: inSeconds(job.createdAt), data, ...warningsOf(job) } satisfies z.infer<typeof doneSchema>;
  return Response.json(body, { headers: clipHeaders(ended) });
}

async function start(service: Service, call: Call, fields: z.infer<typeof requestSchema>): Promise<Job> {
  const { deps } = service;
  const model = await openModel(deps.animator);
  const modelWarning = checkModel(fields.model, model);
  const wanted = wantedSize(fields);
  const { picture, width, height, warnings } = await choosePicture(
    await fileOf(fields, service),
    'image',
    fields.prompt,
    deps,
  );
  if (call.scenario === 'content-filtered') {
    throw new ApiError('bad_request', 'Your request was rejected by the safety system.', 'content_policy_violation');
  }
  const size = mapSize(wanted ?? { width, height }, model);
  const settings = clipSettings(
    {
      ...size,
      seed: fields.seed ?? randomSeed(deps.random),
      numFrames: fields.num_frames,
      fps: fields.fps,
      motionBucketId: fields.motion_bucket_id,
      guidance: fields.guidance_scale,
      numInferenceSteps: fields.num_inference_steps,
      noiseAugStrength: fields.noise_aug_strength,
    },
    model,
  );
  return startJob(service, call, {
    face: 'generations',
    modelId: model.id,
    settings,
    asked: { model: fields.model, prompt: fields.prompt ?? null, size: sizeText(wanted ?? size), seconds: '' },
    warnings: [...warnings, wanted && sizeWarning(wanted, size, model), modelWarning].filter((w) => w !== undefined),
    picture,
  });
}

function wantedSize({ width, height }: z.infer<typeof requestSchema>) {
  if (width === undefined && height === undefined) return undefined;
  if (width === undefined) throw badRequest('width', 'is required where height is given');
  if (height === undefined) throw badRequest('height', 'is required where width is given');
  return { width, height };
}

async function fileOf({ image, image_url }: z.infer<typeof requestSchema>, { deps }: Service) {
  if (image !== undefined && image_url !== undefined) throw badRequest('image_url', 'is the same as image: send one');
  if (image !== undefined) return fileFromText(image, 'image', deps.animator);
  return image_url === undefined ? undefined : fileFromText(image_url, 'image_url', deps.animator);
}

async function retrieve(service: Service, call: Call): Promise<Response> {
  const { response_format: format } = checkFields(querySchema, queryOf(call.url));
  const job = await findJob(service, call, 'generations');
  if (!job || isExpired(job, service.deps.now())) throw notFound(call.id);
  const data = job.status === 'completed' ? await dataOf(job, format, call, service.deps.results) : undefined;
  return Response.json({ ...describe(job), ...(data && { data }) }, { headers: clipHeaders(job) });
}

const describe = (job: Job): z.infer<typeof jobSchema> => ({
  id: job.id,
  object: 'video.generation',
  created: inSeconds(job.createdAt),
  status: job.status,
  progress: job.progress,
  ...(job.error && {
    error: { message: job.error.message, type: 'server_error', param: null, code: job.error.code },
  }),
  ...warningsOf(job),
});

const warningsOf = ({ warnings }: Job) => (warnings.length > 0 ? { warnings: [...warnings] } : {});

const inSeconds = (milliseconds: number) => Math.floor(milliseconds / 1000);

/** The address names the host that was asked, so that whatever led the client here leads it there too. */
async function dataOf(job: Job, format: z.infer<typeof FORMATS>, { url }: Call, results: Results): Promise<Data> {
  if (format === 'url') {
    return [{ url: clipUrl(url.origin, job) }];
  }
  const mp4 = await results.read(job.id);
  if (!mp4) throw notFound(job.id);
  return [{ b64_json: toBase64(new Uint8Array(await mp4.arrayBuffer())) }];
}

async function sendFile({ deps }: Service, { id, request }: Call): Promise<Response> {
  const file = await clipFile(request, deps);
  if (!file) throw notFound(id);
  return file;
}

const notFound = (id: string) =>
  new ApiError('not_found', [{ param: 'id', message: `There is no clip ${id.slice(0, 80)}, or it has expired.` }]);
