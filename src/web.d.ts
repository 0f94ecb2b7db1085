/**
 * The few web interfaces which page, worker and Node share and which the pure rooms may therefore use. Spelled as in
 * TypeScript's own lib.dom.d.ts, which those rooms do not see: it would let `document` in as well. A room that misses
 * something here most likely stands on the wrong floor.
 */

interface Blob {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  slice(start?: number, end?: number, contentType?: string): Blob;
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
  text(): Promise<string>;
}
declare var Blob: {
  prototype: Blob;
  new (parts?: (Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer> | string)[], options?: { type?: string }): Blob;
};

interface ReadableStreamDefaultReader<R> {
  read(): Promise<{ readonly done: false; readonly value: R } | { readonly done: true; readonly value: R | undefined }>;
  cancel(reason?: unknown): Promise<void>;
  releaseLock(): void;
}
interface ReadableStreamDefaultController<R> {
  readonly desiredSize: number | null;
  enqueue(chunk: R): void;
  close(): void;
  error(reason?: unknown): void;
}
interface ReadableStream<R> {
  readonly locked: boolean;
  cancel(reason?: unknown): Promise<void>;
  getReader(): ReadableStreamDefaultReader<R>;
}
declare var ReadableStream: {
  prototype: ReadableStream<unknown>;
  new <R>(source?: {
    start?(controller: ReadableStreamDefaultController<R>): unknown;
    pull?(controller: ReadableStreamDefaultController<R>): unknown;
    cancel?(reason?: unknown): unknown;
  }): ReadableStream<R>;
};

interface TextDecoder {
  readonly encoding: string;
  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}
declare var TextDecoder: {
  prototype: TextDecoder;
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder;
};

interface TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}
declare var TextEncoder: {
  prototype: TextEncoder;
  new (): TextEncoder;
};

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
declare var AbortSignal: {
  prototype: AbortSignal;
};

interface File extends Blob {
  readonly name: string;
}
declare var File: {
  prototype: File;
  new (
    parts: (Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer> | string)[],
    name: string,
    options?: { type?: string },
  ): File;
};

interface FormData {
  get(name: string): File | string | null;
  forEach(callback: (value: File | string, key: string) => void): void;
}
declare var FormData: {
  prototype: FormData;
  new (): FormData;
};

interface URLSearchParams {
  forEach(callback: (value: string, key: string) => void): void;
  get(name: string): string | null;
  set(name: string, value: string): void;
}
interface URL {
  readonly host: string;
  readonly href: string;
  readonly origin: string;
  readonly pathname: string;
  readonly protocol: string;
  readonly searchParams: URLSearchParams;
}
declare var URL: {
  prototype: URL;
  new (url: string, base?: string): URL;
  canParse(url: string): boolean;
};

type HeadersInit = Headers | Record<string, string> | [string, string][];
interface Headers {
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  has(name: string): boolean;
  set(name: string, value: string): void;
}
declare var Headers: {
  prototype: Headers;
  new (init?: HeadersInit): Headers;
};

type BodyInit = Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer> | FormData | ReadableStream | string;
interface Body {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  arrayBuffer(): Promise<ArrayBuffer>;
  blob(): Promise<Blob>;
  formData(): Promise<FormData>;
  json(): Promise<unknown>;
  text(): Promise<string>;
}
interface Request extends Body {
  readonly headers: Headers;
  readonly method: string;
  readonly signal: AbortSignal;
  readonly url: string;
}
interface RequestInit {
  body?: BodyInit | null;
  headers?: HeadersInit;
  method?: string;
  signal?: AbortSignal | null;
}
declare var Request: {
  prototype: Request;
  new (input: Request | string, init?: RequestInit): Request;
};

interface ResponseInit {
  headers?: HeadersInit;
  status?: number;
  statusText?: string;
}
interface Response extends Body {
  readonly headers: Headers;
  readonly ok: boolean;
  readonly status: number;
}
declare var Response: {
  prototype: Response;
  new (body?: BodyInit | null, init?: ResponseInit): Response;
  json(data: unknown, init?: ResponseInit): Response;
};

/** Base64 to a string of bytes, one a character; throws where it is malformed. */
declare function atob(data: string): string;
/** A string of bytes to base64. */
declare function btoa(data: string): string;
