import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Contract, ownContract, readAnswer, stabilityContract } from '../../reference/api/contract';
import { type Draft, draft, GENERATIONS, requestOf, START, VIDEOS } from '../../reference/api/drafts';
import { InMemoryApi, NANO, SVD_XT, settle } from '../../reference/api/in-memory';
import { png } from '../../reference/api/pictures';
import { DEFAULT_MIRROR } from './deps';
import { openaiErrorSchema, stabilityErrorSchema } from './errors';

const SESSIONS = 1000;
const REQUESTS_PER_SESSION = 21;

const session = fc.record({
  drafts: fc.array(draft, { minLength: REQUESTS_PER_SESSION, maxLength: REQUESTS_PER_SESSION }),
  /** All at once, or each after the one before. */
  together: fc.boolean(),
  model: fc.constantFrom(NANO, SVD_XT),
  balance: fc.constantFrom(null, 0.3, 5),
  promptAlone: fc.constantFrom('sample' as const, 'refuse' as const),
});

/** One good request of each face, so that there is something to ask for; one of them fails. */
async function begin(api: InMemoryApi): Promise<void> {
  await api.postForm(START, { image: png(768, 768) });
  await api.post(GENERATIONS, { model: 'sora-2', prompt: 'A cat' }, { prefer: 'respond-async' });
  await api.post(VIDEOS, { prompt: 'A cat' });
  await api.post(VIDEOS, { prompt: 'A cat' }, { 'stillmotion-scenario': 'content-filtered' });
  await settle();
}

/** Sends a request and lets time pass until it is answered: an upload may stall, a rehearsed job is slow. */
async function send(api: InMemoryApi, draft: Draft): Promise<{ request: Request; response: Response }> {
  const request = requestOf(api, draft);
  let response: Response | undefined;
  const answered = api.fetch(request).then((answer) => {
    response = answer;
  });
  for (let turn = 0; !response; turn++) {
    if (turn > 40) throw new Error(`${request.method} ${request.url} is stuck.`);
    await Promise.race([answered, settle()]);
    if (!response && turn % 5 === 4) await api.advance(60_000);
  }
  return { request, response };
}

/** What is wrong with an answer; empty if nothing is. */
async function faultsOf(request: Request, response: Response, contracts: Contracts): Promise<string[]> {
  const rehearsed = request.headers.get('stillmotion-scenario') === 'server-error';
  if (response.status >= 500 && !(rehearsed && response.status === 500)) {
    return [`${request.method} ${request.url}: ${response.status} ${await response.text()}`];
  }
  if (request.method === 'HEAD') return (await response.text()) === '' ? [] : ['HEAD has a body.'];
  const answer = await readAnswer(request.method, documented(request.url), response);
  if (request.method === 'OPTIONS' && response.status === 204) return [];
  const stability = answer.pathname.startsWith('/v2') || answer.pathname.startsWith('/v1/user/');
  const path = contracts.own.pathOf(answer.pathname);
  if (!path || !contracts.own.document.paths[path]?.[request.method.toLowerCase()]) {
    const schema = stability ? stabilityErrorSchema.strict() : openaiErrorSchema.strict();
    return response.status === 404 && schema.safeParse(answer.json).success
      ? []
      : [`${request.url}: ${response.status}`];
  }
  return [...contracts.own.faults(answer), ...(stability ? contracts.stability.faults(answer) : [])];
}

/** The path that a document has for an address: the older paths stand for the newer. */
const documented = (url: string) => new URL(url).pathname.replace('/v2alpha/generation/', '/v2beta/');

interface Contracts {
  readonly own: Contract;
  readonly stability: Contract;
}

/** Answers that must be among those of any thousand sessions, lest the requests miss what they are for. */
const REACHED = [
  'POST /v2beta/image-to-video: 200 400 401 402 403 408 413 429 500',
  'POST /v1/video/generations: 200 202 400 401 402 404 413 429 500',
  'POST /v1/videos: 200 400 401 402 404 413 429 500',
  'GET /v2beta/image-to-video/result/{id}: 200 206 400 404',
  'GET /v1/video/generations/{id}: 200 400 404',
  'GET /v1/video/generations/{id}/video.mp4: 200 206 404',
  'GET /v1/videos: 200 400',
  'GET /v1/videos/{id}: 200 404',
  'GET /v1/videos/{id}/content: 200 206 400 404',
  'DELETE /v1/videos/{id}: 200 404',
  'GET /v1/models: 200',
  'GET /v1/models/{id}: 200 404',
  'GET /v1/user/balance: 200',
];

test('whatever comes is answered as the contracts allow, and by no 5xx that was not asked for', {
  timeout: 600_000,
}, async () => {
  const contracts = { own: await ownContract(new InMemoryApi().fetch), stability: stabilityContract() };
  const seen = new Map<string, number>();
  const check = async (api: InMemoryApi, draft: Draft) => {
    const { request, response } = await send(api, draft);
    const path = contracts.own.pathOf(documented(request.url)) ?? 'unknown';
    const answer = `${request.method} ${path}: ${response.status}`;
    seen.set(answer, (seen.get(answer) ?? 0) + 1);
    expect(await faultsOf(request, response, contracts)).toEqual([]);
  };

  await fc.assert(
    fc.asyncProperty(session, async ({ drafts, together, model, balance, promptAlone }) => {
      const api = new InMemoryApi();
      api.model = model;
      await begin(api);
      Object.assign(api, { balance, mirror: { ...DEFAULT_MIRROR, promptAlone } });
      if (together) await Promise.all(drafts.map((draft) => check(api, draft)));
      else for (const draft of drafts) await check(api, draft);

      // Nothing is stuck: what was begun ends, and the next clip is made.
      await api.advance(120_000);
      for (const job of api.jobs.values()) expect(['completed', 'failed']).toContain(job.status);
      api.balance = null;
      expect((await api.postForm(START, { image: png(768, 768) })).status).toBe(200);
    }),
    { numRuns: SESSIONS, endOnFailure: true },
  );
  const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
  expect(total).toBeGreaterThanOrEqual(20_000);
  const missed = REACHED.flatMap((line) => {
    const [path, statuses = ''] = line.split(': ');
    return statuses.split(' ').flatMap((status) => (seen.has(`${path}: ${status}`) ? [] : [`${path}: ${status}`]));
  });
  expect(missed).toEqual([]);
});
