import { z } from 'zod';
import type { ActiveModel } from './deps';
import { ApiError } from './errors';
import type { Call, Route, Service } from './route';
import { openModel } from './start-job';

/** Models that clients of the real services ask for. They are answered by the one that is open. */
const MIRRORED = [
  { id: 'stabilityai/stable-video-diffusion-img2vid-xt-1-1', owned_by: 'stabilityai' },
  { id: 'stabilityai/stable-video-diffusion-img2vid-xt', owned_by: 'stabilityai' },
  { id: 'stabilityai/stable-video-diffusion-img2vid', owned_by: 'stabilityai' },
  { id: 'sora-2', owned_by: 'openai' },
  { id: 'sora-2-pro', owned_by: 'openai' },
] as const;

/** The day Stable Video Diffusion was published: 21 November 2023. No client computes with it. */
const CREATED = 1700524800;

const modelSchema = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: z.int(),
  owned_by: z.string(),
});
const listSchema = z.object({ object: z.literal('list'), data: z.array(modelSchema) });
type Model = z.infer<typeof modelSchema>;

/**
 * Checks the model a client asks for.
 *
 * @returns a sentence for the client if another model answers
 * @throws ApiError if it is none that is known
 */
export function checkModel(id: string, active: ActiveModel): string | undefined {
  if (id === active.id) return undefined;
  if (MIRRORED.some((model) => model.id === id)) return `${active.title}, which is open here, answers for ${id}.`;
  throw unknownModel(id, active);
}

/** GET /v1/models, as both OpenAI-style services have it. */
export const modelRoutes = (service: Service): Route[] => {
  const common = { method: 'get', shape: 'openai', faces: ['generations', 'videos'] } as const;
  return [
    {
      ...common,
      path: '/v1/models',
      operation: {
        summary: 'The models that may be asked for: the one that is open, and those it answers for',
        responses: { 200: { description: 'The models', content: { 'application/json': listSchema } } },
        errors: [503],
      },
      handle: () => list(service),
    },
    {
      ...common,
      path: '/v1/models/{id}',
      operation: {
        summary: 'One model; slashes of its id are written as %2F',
        responses: { 200: { description: 'The model', content: { 'application/json': modelSchema } } },
        errors: [404, 503],
      },
      handle: (call) => retrieve(service, call),
    },
  ];
};

async function list({ deps }: Service): Promise<Response> {
  const data = allModels(await openModel(deps.animator));
  return Response.json({ object: 'list', data } satisfies z.infer<typeof listSchema>);
}

async function retrieve({ deps }: Service, { id }: Call): Promise<Response> {
  const active = await openModel(deps.animator);
  const model = allModels(active).find((known) => known.id === id);
  if (!model) throw unknownModel(id, active);
  return Response.json(model);
}

const allModels = (active: ActiveModel): Model[] =>
  [{ id: active.id, owned_by: 'stillmotion' }, ...MIRRORED.filter(({ id }) => id !== active.id)].map((model) => ({
    ...model,
    object: 'model',
    created: CREATED,
  }));

const unknownModel = (id: string, active: ActiveModel) =>
  new ApiError(
    'not_found',
    [
      {
        param: 'model',
        message: `The model ${id.slice(0, 80)} does not exist. Ask for ${active.id}, or see /v1/models.`,
      },
    ],
    'model_not_found',
  );
