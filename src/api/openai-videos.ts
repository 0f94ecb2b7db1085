import { z } from 'zod';
import { checkFields, queryOf, readFields } from './body';
import { clipSettings, mapSize, sizeWarning } from './clip';
import { ApiError, badRequest } from './errors';
import { text, whole, withNumbers } from './fields';
import { fileResponse } from './file-response';
import { randomSeed } from './ids';
import { isExpired, isFinished, type Job } from './job';
import { checkModel } from './models';
import { choosePicture } from './picture-choice';
import { fileFromText } from './picture-input';
import type { Call, Operation, Route, Service } from './route';
import { clipHeaders, findJob, openModel, startJob } from './start-job';

/** A clip has 25 frames, SVD's most: what lasts longer runs slower. */
const NUM_FRAMES = 25;

const REFERENCE = 'must be a file, or an object with image_url';
const requestSchema = z.strictObject({
  prompt: text('Not read: Stable Video Diffusion animates pictures.')
    .min(1, 'must not be empty')
    .max(32_000, 'must be 32000 characters at most'),
  model: text('The model that is open, or one that it answers for: see /v1/models.').default('sora-2'),
  seconds: z.enum(['4', '8', '12'], { error: "must be one of '4', '8', '12', as text" }).default('4'),
  size: z
    .string({ error: 'must be text such as 1280x720' })
    .regex(/^[1-9]\d{1,3}x[1-9]\d{1,3}$/, 'must be width x height in pixels, such as 1280x720')
    .default('720x1280')
    .describe('Mapped to the nearest size that the model makes.'),
  input_reference: z
    .union([z.file(), z.strictObject({ image_url: z.string() })], { error: REFERENCE })
    .optional()
    .describe('The picture to animate: JPEG, PNG or WebP; as address a data URI or an https one.'),
});

/** The Videos API's own resource, as the openai package 7.55 types it. */
export const videoSchema = z.object({
  id: z.string(),
  object: z.literal('video'),
  created_at: z.int(),
  completed_at: z.int().nullable(),
  expires_at: z.int().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  model: z.string(),
  progress: z.int().min(0).max(100),
  prompt: z.string().nullable(),
  remixed_from_video_id: z.null(),
  seconds: z.string(),
  size: z.string().describe('As it was asked for; the header stillmotion-clip says what was made.'),
  status: z.enum(['queued', 'in_progress', 'completed', 'failed']),
});
export type Video = z.infer<typeof videoSchema>;

const listSchema = z.object({
  object: z.literal('list'),
  data: z.array(videoSchema),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
});
const deletedSchema = z.object({ id: z.string(), object: z.literal('video.deleted'), deleted: z.literal(true) });

const QUERY = {
  limit: whole(1, 100).default(20),
  order: z.enum(['asc', 'desc'], { error: 'must be asc or desc' }).default('desc'),
  after: z.string().optional(),
};
const querySchema = z.object(QUERY);
const VARIANT = z
  .literal('video', { error: 'must be video: thumbnails and spritesheets are not made here' })
  .optional();
const contentSchema = z.object({ variant: VARIANT });

const CREATE: Operation = {
  summary: 'Start a video',
  body: { 'multipart/form-data': requestSchema, 'application/json': requestSchema },
  responses: { 200: { description: 'Queued', content: { 'application/json': videoSchema } } },
  errors: [402, 403, 404, 408, 413, 422, 503],
};
const RETRIEVE: Operation = {
  summary: 'How a video stands',
  responses: { 200: { description: 'How it stands', content: { 'application/json': videoSchema } } },
  errors: [404],
};
const LIST: Operation = {
  summary: 'The videos of a key',
  parameters: [
    { name: 'limit', in: 'query', description: 'How many at most.', schema: QUERY.limit },
    { name: 'order', in: 'query', description: 'By time of creation.', schema: QUERY.order },
    { name: 'after', in: 'query', description: 'The last id of the page before.', schema: QUERY.after },
  ],
  responses: { 200: { description: 'A page of videos', content: { 'application/json': listSchema } } },
  errors: [],
};
const DELETE: Operation = {
  summary: 'Delete a video that is finished, and its file',
  responses: { 200: { description: 'Deleted', content: { 'application/json': deletedSchema } } },
  errors: [404],
};
const CONTENT: Operation = {
  summary: 'The MP4 of a video',
  parameters: [{ name: 'variant', in: 'query', description: 'Only video.', schema: VARIANT }],
  responses: {
    200: { description: 'The MP4', content: { 'video/mp4': null } },
    206: { description: 'The part of it that Range names', content: { 'video/mp4': null } },
  },
  errors: [404, 416],
};

/** OpenAI's Videos API. */
export const videoRoutes = (service: Service): Route[] => {
  const common = { shape: 'openai', faces: ['videos'] } as const;
  const one = '/v1/videos/{id}';
  return [
    { ...common, method: 'post', path: '/v1/videos', operation: CREATE, handle: (call) => create(service, call) },
    { ...common, method: 'get', path: '/v1/videos', operation: LIST, handle: (call) => list(service, call) },
    { ...common, method: 'get', path: one, operation: RETRIEVE, handle: (call) => retrieve(service, call) },
    { ...common, method: 'delete', path: one, operation: DELETE, handle: (call) => remove(service, call) },
    { ...common, method: 'get', path: `${one}/content`, operation: CONTENT, handle: (call) => send(service, call) },
  ];
};

async function create(service: Service, call: Call): Promise<Response> {
  const { deps } = service;
  const fields = checkFields(requestSchema, await readFields(call.request, ['multipart', 'json'], deps));
  const model = await openModel(deps.animator);
  const modelWarning = checkModel(fields.model, model);
  const { picture, warnings } = await choosePicture(
    await fileOf(fields, service),
    'input_reference',
    fields.prompt,
    deps,
  );
  const [width = 0, height = 0] = fields.size.split('x').map(Number);
  const size = mapSize({ width, height }, model);
  const fps = Math.round(NUM_FRAMES / Number(fields.seconds));
  const settings = clipSettings({ ...size, seed: randomSeed(deps.random), numFrames: NUM_FRAMES, fps }, model);
  const job = await startJob(service, call, {
    face: 'videos',
    modelId: model.id,
    settings,
    asked: { model: fields.model, prompt: fields.prompt, size: fields.size, seconds: fields.seconds },
    warnings: [...warnings, sizeWarning({ width, height }, size, model), modelWarning].filter((w) => w !== undefined),
    picture,
  });
  return Response.json(describe(job), { headers: clipHeaders(job) });
}

async function fileOf({ input_reference: reference }: z.infer<typeof requestSchema>, { deps }: Service) {
  if (reference === undefined || reference instanceof Blob) return reference;
  return fileFromText(reference.image_url, 'input_reference.image_url', deps.animator);
}

async function retrieve(service: Service, call: Call): Promise<Response> {
  const job = await findVideo(service, call);
  return Response.json(describe(job), { headers: clipHeaders(job) });
}

async function list({ runner }: Service, { url, keyId }: Call): Promise<Response> {
  const { limit, order, after } = checkFields(querySchema, withNumbers(queryOf(url), 'limit'));
  const jobs = (await runner.list()).filter((job) => job.face === 'videos' && job.keyId === keyId);
  const sorted = jobs.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  if (order === 'desc') sorted.reverse();
  const begin = after === undefined ? 0 : sorted.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && begin === 0) throw badRequest('after', 'must be the id of one of your videos');
  const page = sorted.slice(begin, begin + limit);
  const body: z.infer<typeof listSchema> = {
    object: 'list',
    data: page.map(describe),
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: begin + limit < sorted.length,
  };
  return Response.json(body);
}

async function remove(service: Service, call: Call): Promise<Response> {
  const job = await findVideo(service, call);
  if (!isFinished(job)) throw badRequest('id', `is a video that is ${job.status}: only finished ones can be deleted`);
  await service.runner.delete(job.id);
  const body: z.infer<typeof deletedSchema> = { id: job.id, object: 'video.deleted', deleted: true };
  return Response.json(body);
}

async function send(service: Service, call: Call): Promise<Response> {
  checkFields(contentSchema, queryOf(call.url));
  const job = await findVideo(service, call);
  if (!isFinished(job)) throw badRequest('id', `is not ready yet; GET /v1/videos/${job.id} tells its status`);
  if (job.error) throw badRequest('id', `is a video that failed: ${job.error.message}`);
  const mp4 = isExpired(job, service.deps.now()) ? undefined : await service.deps.results.read(job.id);
  if (!mp4) throw new ApiError('not_found', [{ param: 'id', message: 'The file of this video has expired.' }]);
  return fileResponse(call.request, mp4, 'video/mp4', job.id, clipHeaders(job));
}

async function findVideo(service: Service, call: Call): Promise<Job> {
  const job = await findJob(service, call, 'videos');
  if (job) return job;
  throw new ApiError('not_found', [{ param: 'id', message: `Video with id '${call.id.slice(0, 80)}' not found.` }]);
}

const describe = (job: Job): Video => ({
  id: job.id,
  object: 'video',
  created_at: inSeconds(job.createdAt),
  completed_at: job.status === 'completed' && job.completedAt !== null ? inSeconds(job.completedAt) : null,
  expires_at: job.expiresAt === null ? null : inSeconds(job.expiresAt),
  error: job.error && { code: job.error.code, message: job.error.message },
  model: job.asked.model,
  progress: Math.round(job.progress * 100),
  prompt: job.asked.prompt,
  remixed_from_video_id: null,
  seconds: job.asked.seconds,
  size: job.asked.size,
  status: job.status,
});

const inSeconds = (milliseconds: number) => Math.floor(milliseconds / 1000);
