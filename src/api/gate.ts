import type { ApiDeps, RateLimit, Scenario } from './deps';
import { ApiError, badRequest } from './errors';

/** The header by which a request asks to suffer a scenario. */
export const SCENARIO_HEADER = 'stillmotion-scenario';

const SCENARIOS: readonly Scenario[] = [
  'content-filtered',
  'slow',
  'expired',
  'forbidden',
  'rate-limited',
  'server-error',
];

/**
 * Whose key a request carries.
 *
 * @throws ApiError if it carries none, or one that is not the user's
 */
export async function checkKey(request: Request, { keys }: ApiDeps): Promise<string> {
  const [, secret] = /^Bearer\s+(\S+)\s*$/i.exec(request.headers.get('authorization') ?? '') ?? [];
  if (!secret) {
    throw unauthorized('No API key was sent. Send "Authorization: Bearer KEY", with a key from the API page.');
  }
  const id = await keys.find(secret);
  // Enough of the key to know it by, too little to use it.
  if (id === undefined) throw unauthorized(`Incorrect API key: ${secret.slice(0, 6)}… Take one from the API page.`);
  return id;
}

const unauthorized = (message: string) =>
  new ApiError('unauthorized', [{ param: 'authorization', message }], undefined, { 'www-authenticate': 'Bearer' });

/**
 * What a request is to suffer: its own header's word, else the user's.
 *
 * @throws ApiError if the header names no scenario; and the scenario itself, where it strikes at once
 */
export function checkScenario(request: Request, { mirror }: ApiDeps): Scenario | null {
  const asked = request.headers.get(SCENARIO_HEADER);
  const scenario = asked === null ? mirror().scenario : SCENARIOS.find((known) => known === asked);
  if (scenario === undefined) throw badRequest(SCENARIO_HEADER, `must be one of ${SCENARIOS.join(', ')}, not ${asked}`);
  if (scenario === 'rate-limited') throw rateLimited(mirror().rateLimit, mirror().rateLimit.penalty);
  if (scenario === 'server-error') {
    throw new ApiError('internal', 'An unexpected server error has occurred, please try again later.');
  }
  return scenario;
}

interface Usage {
  /** When the window's requests came, in milliseconds. */
  times: number[];
  blockedUntil: number;
}

/** Counts the requests of each key in a sliding window. */
export class Limiter {
  readonly #usage = new Map<string, Usage>();

  /** @throws ApiError if this request is one too many */
  admit(keyId: string, now: number, limit: RateLimit): void {
    const usage = this.#usage.get(keyId) ?? { times: [], blockedUntil: 0 };
    this.#usage.set(keyId, usage);
    usage.times = usage.times.filter((time) => time > now - limit.window * 1000);
    if (now >= usage.blockedUntil && usage.times.length >= limit.requests) {
      usage.blockedUntil = now + limit.penalty * 1000;
    }
    if (now < usage.blockedUntil) throw rateLimited(limit, Math.ceil((usage.blockedUntil - now) / 1000));
    usage.times.push(now);
  }
}

function rateLimited({ requests, window, penalty }: RateLimit, wait: number): ApiError {
  const message =
    `You have exceeded the rate limit of ${requests} requests within a ${window} second period, ` +
    `and have been timed out for ${penalty} seconds.`;
  return new ApiError('rate_limited', message, undefined, { 'retry-after': `${wait}` });
}
