import type { z } from 'zod';
import type { ApiDeps } from './deps';
import { ApiError, badRequest, type Fault } from './errors';

/** The largest body, as Stability has it: 10 MiB. */
export const MAX_BODY_BYTES = 10 << 20;
/** How long an upload may take. */
const UPLOAD_MILLISECONDS = 120_000;

const TOO_LARGE = `payload cannot be larger than ${MAX_BODY_BYTES >> 20}MiB in size`;

/** The fields of a request, files among them; a name with brackets, "a[b]", is field b of a. */
export type Fields = Record<string, unknown>;

/**
 * The fields of a JSON or multipart body, whichever of the two the route takes. A JSON null counts as absent.
 *
 * @throws ApiError
 */
export async function readFields(
  request: Request,
  takes: readonly ('json' | 'multipart')[],
  { sleep }: ApiDeps,
): Promise<Fields> {
  const type = request.headers.get('content-type') ?? '';
  const isJson = /^application\/(?:[\w.-]+\+)?json\b/i.test(type) && takes.includes('json');
  const isForm = /^multipart\/form-data\b/i.test(type) && takes.includes('multipart');
  if (!isJson && !isForm) {
    const expected = takes.map((take) => (take === 'json' ? 'application/json' : 'multipart/form-data')).join(' or ');
    throw badRequest('content-type', `must be ${expected}`, 'unsupported_content_type');
  }
  const bytes = await readBytes(request, sleep);
  return isJson ? readJson(bytes) : readForm(bytes, type);
}

/** The fields of a query, as text. */
export function queryOf({ searchParams }: URL): Fields {
  const fields = new Map<string, string>();
  searchParams.forEach((value, key) => {
    fields.set(key, value);
  });
  return Object.fromEntries(fields);
}

/**
 * Checks fields against a schema.
 *
 * @throws ApiError that names every field at fault
 */
export function checkFields<Schema extends z.ZodType>(schema: Schema, fields: Fields): z.infer<Schema> {
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  const faults = new Map<string, Fault>();
  for (const issue of result.error.issues) {
    for (const fault of faultsOf(issue, fields)) {
      const param = fault.param ?? '';
      if (!faults.has(param)) faults.set(param, fault);
    }
  }
  const missing = result.error.issues.some(({ path }) => at(fields, path) === undefined);
  const unknown = result.error.issues.some(({ code }) => code === 'unrecognized_keys');
  const code = unknown ? 'unknown_parameter' : missing ? 'missing_required_parameter' : 'invalid_value';
  throw new ApiError('bad_request', [...faults.values()], code);
}

function faultsOf(issue: z.core.$ZodIssue, fields: Fields): Fault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ param: key, message: 'is not a parameter of this request' }));
  }
  const param = issue.path.join('.') || 'body';
  const found = at(fields, issue.path);
  if (found === undefined) return [{ param, message: `is required and ${issue.message}` }];
  return [{ param, message: `${issue.message}, not ${show(found)}` }];
}

const at = (fields: Fields, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], fields);

function show(value: unknown): string {
  if (value instanceof Blob) return 'a file';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

async function readBytes(request: Request, sleep: ApiDeps['sleep']): Promise<Uint8Array<ArrayBuffer>> {
  if (Number(request.headers.get('content-length')) > MAX_BODY_BYTES)
    throw new ApiError('too_large', [{ param: 'body', message: TOO_LARGE }]);
  // Firefox has no streams of requests, and bodies that are empty have none anywhere.
  const reader = (request.body ?? (await request.blob()).stream()).getReader();
  const late = sleep(UPLOAD_MILLISECONDS).then((): never => {
    throw new ApiError('timeout', 'The upload took longer than two minutes. Send a smaller picture.');
  });
  try {
    return await Promise.race([readAll(reader), late]);
  } catch (error) {
    // Nobody waits for what is left of the upload.
    reader.cancel().catch(() => {});
    if (error instanceof ApiError) throw error;
    throw badRequest('body', 'ended before it was complete');
  }
}

/** The declared length may be missing or wrong: what comes is counted as it comes. */
async function readAll(reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > MAX_BODY_BYTES) throw new ApiError('too_large', [{ param: 'body', message: TOO_LARGE }]);
    parts.push(part.value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function readJson(bytes: Uint8Array): Fields {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw badRequest('body', 'is not valid JSON', 'invalid_json');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw badRequest('body', 'must be a JSON object', 'invalid_json');
  }
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== null));
}

async function readForm(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<Fields> {
  const form = await new Response(bytes, { headers: { 'content-type': type } }).formData().catch(() => {
    throw badRequest('body', 'is not valid multipart/form-data');
  });
  const fields = new Map<string, unknown>();
  form.forEach((value, key) => {
    const [, outer, inner] = /^([^[\]]+)\[([^[\]]+)\]$/.exec(key) ?? [];
    if (outer !== undefined && inner !== undefined) {
      const known = fields.get(outer);
      fields.set(outer, { ...(typeof known === 'object' && !(known instanceof Blob) ? known : {}), [inner]: value });
    } else if (!fields.has(key)) fields.set(key, value);
  });
  return Object.fromEntries(fields);
}
