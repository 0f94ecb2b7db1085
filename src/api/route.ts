import type { z } from 'zod';
import type { ApiDeps, Scenario } from './deps';
import type { Shape } from './errors';
import type { Face } from './job';
import type { JobRunner } from './job-runner';

/** What every route works with. */
export interface Service {
  readonly deps: ApiDeps;
  readonly runner: JobRunner;
}

/** One request, once its key is known. */
export interface Call {
  readonly request: Request;
  readonly url: URL;
  /** The {id} of the path; empty where it has none. */
  readonly id: string;
  /** Of the key that asks; empty where a route needs none. */
  readonly keyId: string;
  /** What the request is to suffer. */
  readonly scenario: Scenario | null;
}

/** One path and method: what answers it, and what the OpenAPI document says of it. */
export interface Route {
  readonly method: 'get' | 'post' | 'delete';
  /** As OpenAPI writes it: "/v1/videos/{id}". */
  readonly path: string;
  /** Older paths that are answered alike and not documented. */
  readonly aliases?: readonly string[];
  readonly shape: Shape;
  /** The mirrored services that have this path. */
  readonly faces: readonly Face[];
  /** Whether it is answered without a key. */
  readonly open?: boolean;
  readonly operation: Operation;
  handle(call: Call): Promise<Response>;
}

/** OpenAPI's operation, with zod's schemas where it has JSON schemas. */
export interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  /** Content type to schema. */
  readonly body?: Readonly<Record<string, z.ZodType>>;
  /** By status; those that are errors of the face's shape are listed in `errors`. */
  readonly responses: Readonly<Record<number, Answer>>;
  /** Beside those that every request with a key may be answered by: 400, 401, 429 and 500. */
  readonly errors: readonly number[];
}

export interface Parameter {
  readonly name: string;
  readonly in: 'header' | 'query';
  readonly description: string;
  readonly schema: z.ZodType;
}

export interface Answer {
  readonly description: string;
  /** Content type to schema; null for bytes. */
  readonly content: Readonly<Record<string, z.ZodType | null>>;
}
