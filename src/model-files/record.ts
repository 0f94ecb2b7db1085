/** What is known of a model that the user brought: kept beside its files, shown on the Models page. */

export type ModelState =
  /** Begun, but some file is missing or not whole. */
  | 'partial'
  /** Every file is whole and has the hash it should have. */
  | 'verified'
  /** A file is gone, has changed, or failed its hash. */
  | 'broken';

export interface StoredFile {
  /** In the model's folder, in diffusers' layout; a single-file checkpoint lies at the top. */
  readonly path: string;
  readonly bytes: number;
  /** Of those, how many are here. */
  readonly bytesHere: number;
  readonly where: 'browser' | 'disk';
  /** 64 hex digits, once every byte has been read. */
  readonly sha256?: string;
}

export interface StoredModel {
  readonly id: string;
  readonly title: string;
  readonly state: ModelState;
  /** What is wrong with a broken model and what to do, in a sentence. */
  readonly fault?: string;
  readonly files: readonly StoredFile[];
  /** Milliseconds since 1970. */
  readonly addedAt: number;
  readonly lastUsedAt?: number;
}
