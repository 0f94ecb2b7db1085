import { z } from 'zod';
import { toBase64 } from './base64';
import { checkFields, readFields } from './body';
import { clipSettings, isUnguided, mapSize, sizeText, sizeWarning } from './clip';
import type { ActiveModel } from './deps';
import { ApiError, badRequest } from './errors';
import { real, whole, withNumbers } from './fields';
import { fileResponse } from './file-response';
import { randomSeed } from './ids';
import { isExpired, isFinished, type Job } from './job';
import { takePicture } from './picture-input';
import { CREDITS_PER_DOLLAR } from './price';
import type { Call, Operation, Route, Service } from './route';
import { clipHeaders, findJob, openModel, startJob } from './start-job';

/** What Stability's service takes; the model that is open adds its own. */
const SIZES = [
  [1024, 576],
  [576, 1024],
  [768, 768],
] as const;

/** Told to who asks while no balance is kept: enough for any client that looks before it spends. */
const BOUNDLESS_CREDITS = 1_000_000;

const requestSchema = z.object({
  image: z
    .file({ error: 'must be a JPEG or PNG file, as multipart upload' })
    .describe('JPEG or PNG of 1024x576, 576x1024 or 768x768 pixels, or of a size of the model that is open.'),
  seed: whole(0, 4294967294).default(0).describe('0 draws one; it is given back with the clip.'),
  cfg_scale: real(0, 10)
    .default(1.8)
    .describe(
      'Guidance of the last frame; it rises to that from 1 on the first frame, or from cfg_scale where that is ' +
        'smaller. At 1 or below guidance is off. Models made to run without guidance are not guided.',
    ),
  motion_bucket_id: whole(1, 255).default(127).describe('How much should move.'),
});

const startedSchema = z.object({ id: z.string() });
const progressSchema = z.object({
  id: z.string(),
  status: z.literal('in-progress'),
  progress: z.number().min(0).max(1).describe('How far the clip is; the real service does not say.'),
});
const resultSchema = z.object({
  video: z.string().describe('The MP4 in base64.'),
  finish_reason: z.enum(['SUCCESS', 'CONTENT_FILTERED']),
  seed: z.int(),
});
const balanceSchema = z.object({ credits: z.number() });

const START: Operation = {
  summary: 'Start a clip from a picture',
  description:
    'POST https://api.stability.ai/v2beta/image-to-video as it was: as many frames, at such a pace, as the model that is open makes by default.',
  body: { 'multipart/form-data': requestSchema },
  responses: { 200: { description: 'Started', content: { 'application/json': startedSchema } } },
  errors: [402, 403, 408, 413, 422, 503],
};

const RESULT: Operation = {
  summary: 'Fetch the result of a clip',
  parameters: [
    {
      name: 'accept',
      in: 'header',
      description: 'video/* for the MP4 itself, application/json for base64.',
      schema: z.string().optional(),
    },
  ],
  responses: {
    200: { description: 'Done', content: { 'video/mp4': null, 'application/json': resultSchema } },
    202: { description: 'In progress', content: { 'application/json': progressSchema } },
    206: { description: 'The part of the MP4 that Range names', content: { 'video/mp4': null } },
  },
  errors: [404, 416],
};

const BALANCE: Operation = {
  summary: 'Credits left of the pretend balance, at a cent each',
  responses: { 200: { description: 'The balance', content: { 'application/json': balanceSchema } } },
  errors: [],
};

/** Stability AI's REST API of Stable Video Diffusion, its v2alpha paths, and the account's balance. */
export const stabilityRoutes = (service: Service): Route[] => {
  const common = { shape: 'stability', faces: ['stability'] } as const;
  return [
    {
      ...common,
      method: 'post',
      path: '/v2beta/image-to-video',
      aliases: ['/v2alpha/generation/image-to-video'],
      operation: START,
      handle: (call) => start(service, call),
    },
    {
      ...common,
      method: 'get',
      path: '/v2beta/image-to-video/result/{id}',
      aliases: ['/v2alpha/generation/image-to-video/result/{id}'],
      operation: RESULT,
      handle: (call) => result(service, call),
    },
    {
      ...common,
      method: 'get',
      path: '/v1/user/balance',
      operation: BALANCE,
      handle: () => balance(service),
    },
  ];
};

async function start(service: Service, call: Call): Promise<Response> {
  const { animator, random } = service.deps;
  const given = await readFields(call.request, ['multipart'], service.deps);
  const fields = checkFields(requestSchema, withNumbers(given, 'seed', 'cfg_scale', 'motion_bucket_id'));
  const model = await openModel(animator);
  const { picture, ...size } = await takePicture(fields.image, 'image', ['jpg', 'png'], animator, (size) =>
    checkSize(size, model),
  );
  const unguided = isUnguided(model);
  const clip = mapSize(size, model);
  const warnings = [
    sizeWarning(size, clip, model),
    unguided && given.cfg_scale !== undefined
      ? `${model.title} runs without guidance; cfg_scale was not used.`
      : undefined,
  ].filter((warning) => warning !== undefined);
  const settings = clipSettings(
    {
      ...clip,
      seed: fields.seed || randomSeed(random),
      motionBucketId: fields.motion_bucket_id,
      guidance: unguided ? undefined : fields.cfg_scale,
    },
    model,
  );
  const asked = { model: model.id, prompt: null, size: sizeText(size), seconds: '' };
  const wanted = { face: 'stability', modelId: model.id, settings, asked, warnings, picture } as const;
  const job = await startJob(service, call, wanted);
  return Response.json({ id: job.id } satisfies z.infer<typeof startedSchema>, { headers: clipHeaders(job) });
}

function checkSize({ width, height }: { width: number; height: number }, { sizes }: ActiveModel): void {
  const taken = [...SIZES, ...sizes];
  if (taken.some(([w, h]) => w === width && h === height)) return;
  const list = [...new Set(taken.map(([w, h]) => `${w}x${h}`))].join(', ');
  throw badRequest('image', `dimensions must be one of ${list}, not ${width}x${height}`);
}

async function result(service: Service, call: Call): Promise<Response> {
  const form = wantedForm(call.request.headers.get('accept'));
  const job = await findJob(service, call, 'stability');
  if (!job || isExpired(job, service.deps.now())) throw notFound(call.id);
  if (!isFinished(job)) {
    const body: z.infer<typeof progressSchema> = { id: job.id, status: 'in-progress', progress: job.progress };
    return Response.json(body, { status: 202 });
  }
  if (job.error) throw new ApiError('internal', job.error.message);
  const mp4 = await service.deps.results.read(job.id);
  if (!mp4) throw notFound(call.id);
  return form === 'bytes' ? asBytes(call.request, job, mp4) : asJson(job, mp4, form);
}

const notFound = (id: string) =>
  new ApiError('not_found', [
    { param: 'id', message: `no generation ${id.slice(0, 80)}, or it was deleted after a day` },
  ]);

const finishReason = ({ fate }: Job) => (fate === 'content-filtered' ? 'CONTENT_FILTERED' : 'SUCCESS');

const asBytes = (request: Request, job: Job, mp4: Blob) =>
  fileResponse(request, mp4, 'video/mp4', job.id, {
    'finish-reason': finishReason(job),
    seed: `${job.settings.seed}`,
    ...clipHeaders(job),
  });

async function asJson(job: Job, mp4: Blob, type: string): Promise<Response> {
  const body: z.infer<typeof resultSchema> = {
    video: toBase64(new Uint8Array(await mp4.arrayBuffer())),
    finish_reason: finishReason(job),
    seed: job.settings.seed,
  };
  return Response.json(body, { headers: { 'content-type': type, ...clipHeaders(job) } });
}

/** 'bytes' for the MP4, else the JSON's content type: of what the client likes best, the first it lists. */
function wantedForm(accept: string | null): string {
  const ranges = (accept?.trim() || '*/*').split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='));
    const form = FORMS.get(parameters.includes('type=video/mp4') ? `${type}; type=video/mp4` : type);
    return { form, quality: quality ? Number(quality.slice(2)) : 1 };
  });
  const liked = ranges.filter(({ form, quality }) => form && quality > 0).sort((a, b) => b.quality - a.quality);
  if (liked[0]?.form) return liked[0].form;
  throw badRequest('accept', 'must be one of video/*, application/json, application/json; type=video/mp4');
}

const FORMS: ReadonlyMap<string, string> = new Map([
  ['*/*', 'bytes'],
  ['video/*', 'bytes'],
  ['video/mp4', 'bytes'],
  ['application/*', 'application/json'],
  ['application/json', 'application/json'],
  ['application/json; type=video/mp4', 'application/json; type=video/mp4'],
]);

async function balance({ deps }: Service): Promise<Response> {
  const dollars = await deps.meter.balance();
  const credits = dollars === null ? BOUNDLESS_CREDITS : Math.max(0, dollars * CREDITS_PER_DOLLAR);
  return Response.json({ credits } satisfies z.infer<typeof balanceSchema>);
}
