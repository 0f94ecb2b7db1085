import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020';
import { parse } from 'yaml';

interface Media {
  readonly schema: unknown;
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
}
interface OpenApiOperation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

/** An answer as a contract sees it: its JSON if it is JSON, else undefined. */
export interface Answer {
  readonly method: string;
  /** As it was asked for. */
  readonly pathname: string;
  readonly status: number;
  readonly type: string;
  readonly json: unknown;
}

/** An answer as a contract sees it; the response can still be read. */
export async function readAnswer(method: string, pathname: string, response: Response): Promise<Answer> {
  const type = response.headers.get('content-type') ?? '';
  const json: unknown = type.startsWith('application/json') ? await response.clone().json() : undefined;
  return { method, pathname, status: response.status, type, json };
}

/** What is wrong with an answer by those documents that know its path and method; empty if they allow it. */
export async function faultsByAll(contracts: readonly Contract[], request: Request, response: Response) {
  const answer = await readAnswer(request.method, new URL(request.url).pathname, response);
  return contracts.filter((contract) => contract.knows(answer)).flatMap((contract) => contract.faults(answer));
}

/** The document that the API serves of itself. */
export async function ownContract(fetch: (request: Request) => Promise<Response>): Promise<Contract> {
  const response = await fetch(new Request('http://127.0.0.1/openapi.json'));
  return new Contract((await response.json()) as OpenApi);
}

/** The specification that the project started from, and the overlay that says what is added to it. */
export const stabilityContract = (): Contract =>
  new Contract(merge(read('stability-openapi.yml'), read('stability-overlay.yml')) as OpenApi);

const read = (file: string): unknown => parse(readFileSync(new URL(file, import.meta.url), 'utf8'));

/** Answers "does this document allow this answer?" by a JSON Schema validator. */
export class Contract {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true, formats: { binary: true } });

  readonly #patterns: readonly (readonly [path: string, pattern: RegExp])[];

  constructor(readonly document: OpenApi) {
    this.#patterns = Object.keys(document.paths).map((path) => [
      path,
      new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('{id}', '[^/]+')}$`),
    ]);
    this.#ajv.addSchema(document as object, 'document');
  }

  /** The path as the document writes it, with {id}; undefined if it has none such. */
  pathOf(pathname: string): string | undefined {
    return this.#patterns.find(([, pattern]) => pattern.test(pathname))?.[0];
  }

  /** Whether it says anything of a path and method. */
  knows({ method, pathname }: Answer): boolean {
    const path = this.pathOf(pathname);
    return path !== undefined && this.document.paths[path]?.[method.toLowerCase()] !== undefined;
  }

  /** What is wrong with an answer, in sentences; empty if the document allows it. */
  faults({ method, pathname, status, type, json }: Answer): string[] {
    const path = this.pathOf(pathname);
    const operation = path && this.document.paths[path]?.[method.toLowerCase()];
    if (!operation) return [`${method} ${pathname} is not in the document.`];
    const response = operation.responses[`${status}`];
    if (!response) return [`${method} ${path} may not answer ${status}.`];
    const media = type.split(';')[0] ?? '';
    if (!response.content?.[media]) return [`${method} ${path} may not answer ${status} as ${media}.`];
    if (media !== 'application/json') return [];
    const pointer = ['paths', path, method.toLowerCase(), 'responses', `${status}`, 'content', media, 'schema'];
    const validate = this.#ajv.getSchema(`document#/${pointer.map(escapePart).join('/')}`);
    if (!validate) return [`${pointer.join(' ')} is no schema.`];
    return validate(json)
      ? []
      : (validate.errors ?? []).map((error) => `${status} ${error.instancePath} ${error.message}`);
  }
}

/** A part of a JSON pointer in a URI's fragment. */
const escapePart = (part: string) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

/** Objects are merged key by key; everything else of `over` takes the place of what was there. */
function merge(base: unknown, over: unknown): unknown {
  if (!isObject(base) || !isObject(over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = key in base ? merge(base[key], value) : value;
  return merged;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
