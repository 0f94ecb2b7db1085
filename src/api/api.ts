import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import type { ApiDeps } from './deps';
import { ApiError, errorResponse, type Shape, shapeOfPath } from './errors';
import { checkKey, checkScenario, Limiter } from './gate';
import { randomHex } from './ids';
import type { Face } from './job';
import { JobRunner } from './job-runner';
import { modelRoutes } from './models';
import { videoRoutes } from './openai-videos';
import { openApiDocument } from './openapi';
import type { Route } from './route';
import { stabilityRoutes } from './stability';
import { generationRoutes } from './video-generations';

/** The real services' hosts. What is asked of one of them is answered by its own paths alone. */
export const MIRRORED_HOSTS: ReadonlyMap<string, Face> = new Map([
  ['api.stability.ai', 'stability'],
  ['api.voltagegpu.com', 'generations'],
  ['api.openai.com', 'videos'],
]);

/** Headers that scripts of other origins may read. */
const EXPOSED = [
  'accept-ranges',
  'content-length',
  'content-range',
  'finish-reason',
  'location',
  'preference-applied',
  'retry-after',
  'seed',
  'stillmotion-clip',
  'stillmotion-model',
  'stillmotion-warnings',
  'x-request-id',
];

/**
 * The REST APIs of Stability AI, VoltageGPU and OpenAI's videos as one function. It never rejects, never hands a request
 * on to the network, and answers 5xx only where failure is rehearsed or what it stands on (the model, the GPU, a store)
 * fails.
 *
 * Requests may name any host; of the mirrored ones only the paths that the real service has are answered. One function
 * owns its jobs: a second one on the same records takes those of the first for interrupted.
 */
export function createApi(deps: ApiDeps): (request: Request) => Promise<Response> {
  const service = { deps, runner: new JobRunner(deps) };
  const routes = [
    ...stabilityRoutes(service),
    ...generationRoutes(service),
    ...videoRoutes(service),
    ...modelRoutes(service),
  ];
  const limiter = new Limiter();
  const app = new Hono();

  app.use(async (c, next) => {
    await next();
    c.header('x-request-id', `req_${randomHex(deps.random, 16)}`);
  });
  app.use(
    cors({
      origin: (origin) => (deps.mirror().allowedOrigins.includes(origin) ? origin : null),
      allowMethods: ['GET', 'HEAD', 'POST', 'DELETE'],
      exposeHeaders: EXPOSED,
    }),
  );
  for (const route of routes) {
    for (const path of [route.path, ...(route.aliases ?? [])]) {
      app.on(route.method.toUpperCase(), path.replace('{id}', ':id'), (c) => answer(route, c));
    }
  }
  app.get('/openapi.json', (c) => {
    const { host, origin } = new URL(c.req.url);
    return MIRRORED_HOSTS.has(host) ? c.notFound() : Response.json(openApiDocument(routes, origin));
  });
  app.notFound((c) => errorResponse(noSuchPath(c), shapeOf(c), deps.random));
  app.onError((error, c) => errorResponse(asApiError(error), shapeOf(c), deps.random));

  async function answer(route: Route, c: Context): Promise<Response> {
    const url = new URL(c.req.url);
    const host = MIRRORED_HOSTS.get(url.host);
    if (host && !route.faces.includes(host)) throw noSuchPath(c);
    const request = c.req.raw;
    const id = c.req.param('id') ?? '';
    if (route.open) return route.handle({ request, url, id, keyId: '', scenario: null });
    const keyId = await checkKey(request, deps);
    limiter.admit(keyId, deps.now(), deps.mirror().rateLimit);
    return route.handle({ request, url, id, keyId, scenario: checkScenario(request, deps) });
  }

  return async (request) => app.fetch(request);
}

/** Errors of a mirrored host look like that host's; elsewhere the path tells. */
function shapeOf(c: Context): Shape {
  const { host, pathname } = new URL(c.req.url);
  const face = MIRRORED_HOSTS.get(host);
  if (face) return face === 'stability' ? 'stability' : 'openai';
  return shapeOfPath(pathname);
}

const noSuchPath = (c: Context) =>
  new ApiError(
    'not_found',
    `Invalid URL (${c.req.method} ${c.req.path.slice(0, 80)}). What is answered here is listed in /openapi.json.`,
  );

function asApiError(error: Error): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError('internal', error.message || 'The request could not be answered. Try again.');
}
