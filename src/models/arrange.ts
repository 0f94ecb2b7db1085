import type { StoredDType } from '../safetensors/header';
import type { Component } from './checkpoint-files';

/** A file that the user dropped or picked. */
export interface DroppedFile {
  /** In the folder that was dropped: "svd/unet/config.json". Loose files have none. */
  readonly path?: string;
  readonly name: string;
  readonly blob: Blob;
}

/** Dropped files as a model folder. It can be imported when `faults` and `missing` are empty. */
export interface Arrangement {
  readonly kind: 'folder' | 'single-file';
  /** Weights: where each lies in the folder, and which of the dropped files it is. */
  readonly files: readonly { readonly path: string; readonly index: number }[];
  /** The folder's small files, by path: configs from the drop, and built-in ones where it has none. */
  readonly texts: Readonly<Record<string, string>>;
  /** How each network's weights are stored, for the most part. */
  readonly dtypes: Readonly<Partial<Record<Component, StoredDType>>>;
  /** Of the files. */
  readonly bytes: number;
  /** What is wrong and what to do, a sentence each. */
  readonly faults: readonly string[];
  /** Networks that no file holds. */
  readonly missing: readonly Component[];
  /** What was left aside and why, a sentence each: nothing the user must act on. */
  readonly notes: readonly string[];
}
