import { z } from 'zod';
// Vite's config reads this file too, by way of the relay, and Node will want the extension there.
import { randomHex } from './ids.ts';

/** Errors look like Stability's or like OpenAI's; VoltageGPU calls its API compatible with OpenAI's. */
export type Shape = 'stability' | 'openai';

/** Whose paths these are; Stability's own begin with these words, the others' are OpenAI's or like them. */
export const shapeOfPath = (pathname: string): Shape =>
  /^\/(?:v2(?:alpha|beta)|v1\/user)\//.test(pathname) ? 'stability' : 'openai';

/** Each kind of error: its status, Stability's name of it, OpenAI's type and code. */
const KINDS = {
  bad_request: { status: 400, name: 'bad_request', type: 'invalid_request_error', code: null },
  unauthorized: { status: 401, name: 'unauthorized', type: 'invalid_request_error', code: 'invalid_api_key' },
  payment_required: { status: 402, name: 'payment_required', type: 'insufficient_quota', code: 'insufficient_quota' },
  moderated: {
    status: 403,
    name: 'content_moderation',
    type: 'invalid_request_error',
    code: 'content_policy_violation',
  },
  not_found: { status: 404, name: 'not_found', type: 'invalid_request_error', code: null },
  timeout: { status: 408, name: 'request_timeout', type: 'invalid_request_error', code: 'request_timeout' },
  too_large: { status: 413, name: 'payload_too_large', type: 'invalid_request_error', code: 'payload_too_large' },
  range: { status: 416, name: 'range_not_satisfiable', type: 'invalid_request_error', code: 'range_not_satisfiable' },
  unprocessable: { status: 422, name: 'unprocessable_entity', type: 'invalid_request_error', code: 'invalid_image' },
  rate_limited: { status: 429, name: 'rate_limit_exceeded', type: 'requests', code: 'rate_limit_exceeded' },
  internal: { status: 500, name: 'internal_error', type: 'server_error', code: null },
  unavailable: { status: 503, name: 'service_unavailable', type: 'server_error', code: 'service_unavailable' },
} as const;
export type ErrorKind = keyof typeof KINDS;

/** One thing wrong with a request: a sentence, and the field it is about. */
export interface Fault {
  readonly param?: string | undefined;
  readonly message: string;
}

/** A request that is answered by an error, in whatever shape its face has. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly faults: readonly Fault[];

  /** @param code OpenAI's code, where it says more than the kind's own */
  constructor(
    readonly kind: ErrorKind,
    faults: string | readonly Fault[],
    readonly code?: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    const list = typeof faults === 'string' ? [{ message: faults }] : faults;
    super(list.map(say).join('; '));
    this.faults = list;
  }
}

/** A single fault of one field. */
export const badRequest = (param: string, message: string, code?: string) =>
  new ApiError('bad_request', [{ param, message }], code);

export const stabilityErrorSchema = z.object({
  id: z.string().describe('Of this one error.'),
  name: z.string().describe('The kind of error, such as bad_request.'),
  message: z.string().describe('What went wrong, in sentences.'),
  errors: z.array(z.string()).describe('The same, one by one, each with the field it is about.'),
});

export const openaiErrorSchema = z.object({
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable().describe('The field it is about.'),
    code: z.string().nullable(),
  }),
});

/** The answer that tells a client of an error. */
export function errorResponse(error: ApiError, shape: Shape, random: (count: number) => Uint8Array): Response {
  const { status, name, type, code } = KINDS[error.kind];
  const errors = error.faults.map(say);
  const body =
    shape === 'stability'
      ? ({ id: randomHex(random, 16), name, message: error.message, errors } satisfies z.infer<
          typeof stabilityErrorSchema
        >)
      : ({
          error: {
            message: error.message,
            type,
            param: error.faults[0]?.param ?? null,
            code: error.code ?? code,
          },
        } satisfies z.infer<typeof openaiErrorSchema>);
  return Response.json(body, { status, headers: error.headers });
}

const say = ({ param, message }: Fault) => (param === undefined ? message : `${param}: ${message}`);
