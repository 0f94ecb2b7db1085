import { randomBytes } from 'node:crypto';
import { createApi } from '../../src/api/api';
import { type ActiveModel, type ApiDeps, DEFAULT_MIRROR, type MirrorSettings } from '../../src/api/deps';
import type { Job } from '../../src/api/job';
import type { Settings } from '../../src/pipelines/settings';
import { jpeg } from './pictures';

const DEFAULTS: Settings = {
  width: 256,
  height: 144,
  numFrames: 14,
  fps: 7,
  motionBucketId: 127,
  noiseAugStrength: 0.02,
  numInferenceSteps: 4,
  minGuidanceScale: 1,
  maxGuidanceScale: 1,
  decodeChunkSize: 2,
  seed: 0,
};

/** The model that the site carries. */
export const NANO: ActiveModel = {
  id: 'svd-nano',
  title: 'SVD-nano',
  sizes: [
    [256, 144],
    [144, 256],
    [192, 192],
  ],
  defaults: DEFAULTS,
};

export const SVD_XT: ActiveModel = {
  id: 'svd-xt',
  title: 'SVD-XT',
  sizes: [
    [1024, 576],
    [576, 1024],
    [768, 768],
  ],
  defaults: { ...DEFAULTS, width: 1024, height: 576, numFrames: 25, numInferenceSteps: 25, maxGuidanceScale: 3 },
};

export const KEY = 'sk-of-the-first-user';
export const OTHER_KEY = 'sk-of-another-user';
const KEYS = new Map([
  [KEY, 'first'],
  [OTHER_KEY, 'other'],
]);
export const ORIGIN = 'http://127.0.0.1:4173';

/** An ftyp box, as at the start of any MP4, and a tail that tells clips apart. */
export const mp4Of = ({ seed }: Settings) =>
  new Blob(['\0\0\0\x10ftypmp42\0\0\0\0', `clip of seed ${seed} `.repeat(40)], { type: 'video/mp4' });

/** One clip that the animator was asked for. */
export interface Animated {
  readonly picture: Blob;
  readonly settings: Settings;
  readonly blurred: boolean;
}

/**
 * The API on stores in memory, with a clock that only moves by hand and an animator that makes clips at once, or when
 * told to. What it makes is no video: this layer does not look into one.
 */
export class InMemoryApi {
  readonly fetch: (request: Request) => Promise<Response>;
  readonly jobs = new Map<string, Job>();
  readonly results = new Map<string, Blob>();
  readonly animated: Animated[] = [];
  model: ActiveModel = NANO;
  mirror: MirrorSettings = DEFAULT_MIRROR;
  balance: number | null = null;
  saved = 0;
  /** Milliseconds since 1970. */
  time = Date.UTC(2026, 10, 20);
  /** What the animator says of the next pictures and clips, where it cannot make them. */
  fault: { readonly model?: string; readonly picture?: string; readonly clip?: string } = {};
  /** Addresses that can be fetched. */
  readonly web = new Map<string, Blob>();
  #sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  #gate: Promise<void> = Promise.resolve();
  #progress = (_: number) => {};

  /** @param check is shown every answer before the client is */
  constructor(check: (request: Request, response: Response) => Promise<void> = async () => {}) {
    const answer = createApi(this.#deps());
    this.fetch = async (request) => {
      const response = await answer(request);
      await check(request, response);
      return response;
    };
  }

  /** Clips begin, and do not end until the function it returns is called. */
  hold(): () => void {
    let open = () => {};
    this.#gate = new Promise((resolve) => {
      open = resolve;
    });
    return open;
  }

  /** Reports progress of the clip that runs. */
  report(fraction: number): void {
    this.#progress(fraction);
  }

  /** Moves the clock, and wakes who slept until then. */
  async advance(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    const due = this.#sleepers.filter(({ until }) => until <= this.time);
    this.#sleepers = this.#sleepers.filter(({ until }) => until > this.time);
    for (const { wake } of due) wake();
    await settle();
  }

  /** A request with the first key, unless the headers name another. */
  async call(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization')) headers.set('authorization', `Bearer ${KEY}`);
    return this.fetch(new Request(new URL(path, ORIGIN), { ...init, method, headers }));
  }

  /** A request with a JSON body. */
  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.call('POST', path, {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  }

  /** A request with a multipart body. */
  async postForm(path: string, fields: Record<string, string | Blob>, headers: Record<string, string> = {}) {
    return this.call('POST', path, { body: formOf(fields), headers });
  }

  #deps(): ApiDeps {
    const { jobs, results } = this;
    return {
      jobs: {
        put: async (job) => void jobs.set(job.id, job),
        get: async (id) => jobs.get(id),
        list: async () => [...jobs.values()],
        delete: async (id) => void jobs.delete(id),
      },
      results: {
        write: async (id, mp4) => void results.set(id, mp4),
        read: async (id) => results.get(id),
        delete: async (id) => void results.delete(id),
      },
      keys: { find: async (secret) => KEYS.get(secret) },
      meter: {
        balance: async () => this.balance,
        charge: async (dollars) => {
          this.saved += dollars;
          if (this.balance !== null) this.balance -= dollars;
        },
      },
      animator: {
        model: async () => orFail(this.fault.model, this.model),
        openPicture: async (picture) => orFail(this.fault.picture, picture),
        samplePicture: async () => jpeg(768, 432),
        fetchPicture: async (url) =>
          orFail(this.web.has(url) ? undefined : 'Failed to fetch', this.web.get(url) as Blob),
        animate: async (picture, settings, blurred, onProgress) => {
          this.animated.push({ picture, settings, blurred });
          this.#progress = onProgress;
          onProgress(0);
          await this.#gate;
          return orFail(this.fault.clip, mp4Of(settings));
        },
      },
      mirror: () => this.mirror,
      now: () => this.time,
      sleep: (milliseconds) =>
        new Promise((wake) => {
          this.#sleepers.push({ until: this.time + milliseconds, wake });
        }),
      random: (count) => randomBytes(count),
    };
  }
}

export function formOf(fields: Record<string, string | Blob>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

/** Lets everything happen that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
}

function orFail<Value>(fault: string | undefined, value: Value): Value {
  if (fault !== undefined) throw new Error(fault);
  return value;
}
