import type { Settings } from '../pipelines/settings';
import type { Fate, Job } from './job';

/** What the API needs of whoever runs it. The page gives it IndexedDB, OPFS and the GPU; tests give it memory. */
export interface ApiDeps {
  readonly jobs: Jobs;
  readonly results: Results;
  readonly keys: Keys;
  readonly meter: Meter;
  readonly animator: Animator;
  /** As they are now: read at each request. */
  mirror(): MirrorSettings;
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after so many milliseconds. */
  sleep(milliseconds: number): Promise<void>;
  /** So many random bytes, fit for ids that must not be guessed. */
  random(count: number): Uint8Array;
}

/** Records of clips; they outlive the page. */
export interface Jobs {
  /** Adds a job or takes the place of the one with its id. */
  put(job: Job): Promise<void>;
  get(id: string): Promise<Job | undefined>;
  /** All of them, in any order. */
  list(): Promise<readonly Job[]>;
  /** Harmless if there is none. */
  delete(id: string): Promise<void>;
}

/** The MP4s, by the job's id. A Blob may lie on disk: only the range that a client wants is read. */
export interface Results {
  write(id: string, mp4: Blob): Promise<void>;
  read(id: string): Promise<Blob | undefined>;
  /** Harmless if there is none. */
  delete(id: string): Promise<void>;
}

export interface Keys {
  /** The id of the key with this secret, undefined if it is not one of the user's. */
  find(secret: string): Promise<string | undefined>;
}

/** What clips would have cost. */
export interface Meter {
  /** Dollars left of the pretend balance, null where none is kept. */
  balance(): Promise<number | null>;
  /** Adds what a finished clip would have cost to the sum saved, and takes it from the balance if there is one. */
  charge(dollars: number): Promise<void>;
}

/** The model that is open, as clients are told of it. */
export interface ActiveModel {
  /** In addresses and JSON: "svd-nano". */
  readonly id: string;
  /** For people: "SVD-nano". */
  readonly title: string;
  /** Sizes it makes, [width, height] in pixels, best first; at least one. */
  readonly sizes: readonly (readonly [width: number, height: number])[];
  readonly defaults: Settings;
}

export interface Animator {
  /** @throws Error whose message says why no model can be opened */
  model(): Promise<ActiveModel>;
  /**
   * Decodes a picture whose header has been checked: upright, opaque, one frame.
   *
   * @throws Error whose message says why it cannot be decoded
   */
  openPicture(picture: Blob): Promise<Blob>;
  /** The picture that stands in where a client sends a prompt alone. */
  samplePicture(): Promise<Blob>;
  /**
   * A picture from the web.
   *
   * @param url begins with https:
   * @throws Error if it cannot be had, or holds more than `maxBytes`
   */
  fetchPicture(url: string, maxBytes: number): Promise<Blob>;
  /**
   * Makes one clip. It is called for one job at a time, but the user may be making a clip too: it waits for its turn,
   * and reports progress (0 to 1) only from then on.
   *
   * @param picture as openPicture gave it
   * @param blurred whether to blur the picture first, as the real service blurs what its filter catches
   */
  animate(picture: Blob, settings: Settings, blurred: boolean, onProgress: (fraction: number) => void): Promise<Blob>;
}

/** What the user chose for the mirror. */
export interface MirrorSettings {
  /** What to do with a prompt without a picture while no text-to-image model is installed. */
  readonly promptAlone: 'sample' | 'refuse';
  /** How long finished clips are kept, in seconds; null is for ever. */
  readonly keepSeconds: number | null;
  /** How many clips may wait or run at a time; more are refused. */
  readonly maxJobs: number;
  readonly rateLimit: RateLimit;
  /** Origins, such as "http://localhost:3000", whose pages may call; empty refuses all but our own. */
  readonly allowedOrigins: readonly string[];
  /** What every request is to suffer; a request's own header counts more. */
  readonly scenario: Scenario | null;
}

/** So many requests in a window; whoever sends more waits out a penalty. All in seconds. */
export interface RateLimit {
  readonly requests: number;
  readonly window: number;
  readonly penalty: number;
}

export type Scenario = Fate | 'forbidden' | 'rate-limited' | 'server-error';

/** A day, as on the real services; Stability's rate limit; a sample picture for prompts alone. */
export const DEFAULT_MIRROR: MirrorSettings = {
  promptAlone: 'sample',
  keepSeconds: 24 * 60 * 60,
  maxJobs: 20,
  rateLimit: { requests: 150, window: 10, penalty: 60 },
  allowedOrigins: [],
  scenario: null,
};
