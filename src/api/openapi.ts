import { z } from 'zod';
import { openaiErrorSchema, type Shape, stabilityErrorSchema } from './errors';
import type { Answer, Parameter, Route } from './route';

const ERROR_NAMES: Readonly<Record<number, string>> = {
  400: 'The request is not as it should be',
  401: 'No key, or an unknown one',
  402: 'The pretend balance is spent',
  403: 'Refused by the content filter (rehearsed only)',
  404: 'There is no such thing, or it is not this key’s, or it has expired',
  408: 'The upload took too long',
  413: 'The body is larger than 10 MiB',
  416: 'The range lies outside the file',
  422: 'The picture cannot be decoded',
  429: 'Too many requests, or too many clips waiting',
  500: 'The clip could not be made',
  503: 'No model can be opened',
};

/**
 * The OpenAPI 3.1 document of the routes, out of the very table they are served from.
 *
 * @param origin where the document was asked for, such as "http://127.0.0.1:4173"
 */
export const openApiDocument = (routes: readonly Route[], origin: string) => ({
  openapi: '3.1.0',
  info: {
    title: 'Stillmotion',
    version: '1',
    description:
      'Stable Video Diffusion by the REST APIs of Stability AI, VoltageGPU and OpenAI, answered by the GPU of the ' +
      'browser that has Stillmotion open. The header stillmotion-scenario rehearses failures: content-filtered, slow, ' +
      'expired, forbidden, rate-limited, server-error.',
  },
  servers: [{ url: origin }],
  security: [{ bearerAuth: [] }],
  paths: pathsOf(routes),
  components: {
    securitySchemes: { bearerAuth: { type: 'http', scheme: 'bearer' } },
    schemas: { StabilityError: jsonSchema(stabilityErrorSchema), OpenAIError: jsonSchema(openaiErrorSchema) },
  },
});

function pathsOf(routes: readonly Route[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const item = paths[route.path] ?? {};
    item[route.method] = operationOf(route);
    paths[route.path] = item;
  }
  return paths;
}

function operationOf({ method, path, operation, shape, open }: Route) {
  const { summary, description, parameters = [], body, responses, errors } = operation;
  return {
    // "get /v1/videos/{id}" as getV1VideosId: stable, and unique by its making.
    operationId: method + path.replace(/[^a-z\d]+(.?)/gi, (_, letter: string) => letter.toUpperCase()),
    summary,
    ...(description && { description }),
    tags: [shape === 'stability' ? 'Stability AI' : path.startsWith('/v1/videos') ? 'OpenAI Videos' : 'VoltageGPU'],
    ...(open && { security: [] }),
    parameters: [...(path.includes('{id}') ? [ID] : []), ...parameters.map(parameterOf)],
    ...(body && { requestBody: { required: true, content: contentOf(body, 'input') } }),
    responses: {
      ...Object.fromEntries(
        [...(open ? [] : KEYED_ERRORS), ...errors].map((status) => [status, errorOf(status, shape)]),
      ),
      ...Object.fromEntries(Object.entries(responses).map(([status, answer]) => [status, answerOf(answer)])),
    },
  };
}

/** Of every request that wants a key: a scenario that is none, no key, the rate limit, a rehearsed failure. */
const KEYED_ERRORS = [400, 401, 429, 500];

const ID = { name: 'id', in: 'path', required: true, schema: { type: 'string' } };

const parameterOf = ({ schema, ...parameter }: Parameter) => ({
  ...parameter,
  required: !schema.safeParse(undefined).success,
  schema: jsonSchema(schema, 'input'),
});

const answerOf = ({ description, content }: Answer) => ({ description, content: contentOf(content, 'output') });

const errorOf = (status: number, shape: Shape) => ({
  description: ERROR_NAMES[status] ?? 'An error',
  content: {
    'application/json': {
      schema: { $ref: `#/components/schemas/${shape === 'stability' ? 'StabilityError' : 'OpenAIError'}` },
    },
  },
});

const contentOf = (content: Readonly<Record<string, z.ZodType | null>>, io: 'input' | 'output') =>
  Object.fromEntries(
    Object.entries(content).map(([type, schema]) => [
      type,
      { schema: schema ? jsonSchema(schema, io) : { type: 'string', format: 'binary' } },
    ]),
  );

function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'output') {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io });
  return json;
}
