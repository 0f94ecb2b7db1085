import type { Component } from '../checkpoints/checkpoint';
import type { KnownModel } from '../checkpoints/known-models';
import type { StoredModel } from '../model-files/record';

/** A model as it stands on the user's shelf. */
export type Standing =
  | { readonly state: 'missing' }
  /** Some of it is here: files that were broken off, or networks that nobody brought yet. */
  | { readonly state: 'partial'; readonly stored: StoredModel; readonly lacks: readonly Component[] }
  | { readonly state: 'verified'; readonly stored: StoredModel }
  | { readonly state: 'broken'; readonly stored: StoredModel; readonly fault: string };

/** @param stored what is here of it, if anything is */
export function standingOf(known: KnownModel, stored: StoredModel | undefined): Standing {
  if (!stored) return { state: 'missing' };
  if (stored.state === 'broken') {
    return { state: 'broken', stored, fault: stored.fault ?? 'A file of it is damaged. Delete it, then add it again.' };
  }
  const lacks = known.components.filter((component) => !hasWeights(stored, component));
  if (stored.state === 'partial' || lacks.length > 0) return { state: 'partial', stored, lacks };
  return { state: 'verified', stored };
}

/** A single-file checkpoint lies at the top of the folder and holds every network. */
const hasWeights = ({ files }: StoredModel, component: Component): boolean =>
  files.some(({ path }) => path.endsWith('.safetensors') && (path.startsWith(`${component}/`) || !path.includes('/')));

/**
 * The weights of a model whose place newly added ones take: other files of the same network, a single-file checkpoint once
 * every network has files of its own, and everything where a single-file checkpoint comes.
 *
 * @param added paths in the model's folder
 */
export function replacedBy(added: readonly string[], { components }: KnownModel, stored?: StoredModel): string[] {
  const folders = new Set(added.filter(isWeights).map(folderOf));
  const all = folders.has(TOP) || components.every((component) => folders.has(component));
  return (stored?.files ?? [])
    .map(({ path }) => path)
    .filter((path) => isWeights(path) && !added.includes(path) && (all || folders.has(folderOf(path))));
}

const TOP = '';
const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));
/** With the index of several of them. */
const isWeights = (path: string) => /\.safetensors(\.index(\.\w+)?\.json)?$/.test(path);

export const bytesOf = ({ files }: StoredModel) => files.reduce((sum, { bytes }) => sum + bytes, 0);
export const bytesHere = ({ files }: StoredModel) => files.reduce((sum, file) => sum + file.bytesHere, 0);

const COMPONENT_NAMES = { unet: 'UNet', vae: 'VAE', image_encoder: 'image encoder' } as const;

/** "the VAE and the image encoder" */
export function sayComponents(components: readonly Component[]): string {
  const names = components.map((component) => `the ${COMPONENT_NAMES[component]}`);
  const last = names.pop() ?? '';
  return names.length > 0 ? `${names.join(', ')} and ${last}` : last;
}

/** Whose image encoder and VAE a model without its own should borrow: that which it was made from first. */
const LENDERS = ['svd-xt-1-1', 'svd-xt', 'svd'] as const;

/** The verified model that lends `borrower` what it does not bring; undefined if none is here, or it needs none. */
export function lenderFor(
  borrower: KnownModel,
  models: readonly KnownModel[],
  shelf: readonly StoredModel[],
): KnownModel | undefined {
  if (!borrows(borrower)) return undefined;
  return LENDERS.flatMap((id) => models.filter((model) => model.id === id)).find(
    (model) => standingOf(model, findStored(shelf, model.id)).state === 'verified',
  );
}

export const borrows = ({ components }: KnownModel): boolean => components.length < 3;

export const findStored = (shelf: readonly StoredModel[], id: string) => shelf.find((stored) => stored.id === id);

/**
 * The files of a borrower laid over those of its lender: the UNet, the scheduler and the recommended settings are its own,
 * the rest is lent.
 */
export function mergeFiles<T>(own: ReadonlyMap<string, T>, lent: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  const rest = [...lent].filter(([path]) => !/^(unet\/|scheduler\/|generation_config\.json$)/.test(path));
  return new Map([...rest, ...own]);
}
