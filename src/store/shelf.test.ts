import { expect, test } from 'vitest';
import { KNOWN_MODELS, type KnownModelId, knownModel } from '../checkpoints/known-models';
import type { StoredFile, StoredModel } from '../model-files/record';
import { lenderFor, mergeFiles, replacedBy, sayComponents, standingOf } from './shelf';

const file = (path: string): StoredFile => ({ path, bytes: 10, bytesHere: 10, where: 'browser' });
const stored = (id: KnownModelId, paths: readonly string[], changes: Partial<StoredModel> = {}): StoredModel => ({
  id,
  title: id,
  state: 'verified',
  files: paths.map(file),
  addedAt: 0,
  ...changes,
});

const WEIGHTS = ['unet/a.safetensors', 'vae/b.safetensors', 'image_encoder/c.safetensors'];
const svd = knownModel('svd');
const lcm = knownModel('animatelcm-svd');

test('a model nobody began is missing', () => {
  expect(standingOf(svd, undefined)).toEqual({ state: 'missing' });
});

test('a model with all three networks is verified, in three files or in one', () => {
  expect(standingOf(svd, stored('svd', WEIGHTS)).state).toBe('verified');
  expect(standingOf(svd, stored('svd', ['svd.safetensors', 'unet/config.json'])).state).toBe('verified');
});

test('whole files are not yet a whole model: what nobody brought is named', () => {
  const standing = standingOf(svd, stored('svd', ['unet/a.safetensors', 'vae/config.json']));
  expect(standing).toMatchObject({ state: 'partial', lacks: ['vae', 'image_encoder'] });
  expect(sayComponents(['vae', 'image_encoder'])).toBe('the VAE and the image encoder');
});

test('AnimateLCM-SVD is whole with a UNet', () => {
  expect(standingOf(lcm, stored('animatelcm-svd', ['unet/a.safetensors'])).state).toBe('verified');
});

test('a broken model is broken whatever else is true of it', () => {
  const fault = 'unet/a.safetensors is gone.';
  expect(standingOf(svd, stored('svd', [], { state: 'broken', fault }))).toMatchObject({ state: 'broken', fault });
});

test('AnimateLCM-SVD borrows from the model it was made from where that is whole, else from the next', () => {
  const lender = (...shelf: StoredModel[]) => lenderFor(lcm, KNOWN_MODELS, shelf)?.id;
  expect(lender()).toBeUndefined();
  expect(lender(stored('svd', WEIGHTS))).toBe('svd');
  expect(lender(stored('svd', WEIGHTS), stored('svd-xt-1-1', WEIGHTS))).toBe('svd-xt-1-1');
  expect(lender(stored('svd', WEIGHTS), stored('svd-xt-1-1', WEIGHTS, { state: 'partial' }))).toBe('svd');
  expect(lenderFor(svd, KNOWN_MODELS, [stored('svd-xt', WEIGHTS)])).toBeUndefined();
});

test('a borrower keeps its UNet, scheduler and settings, and takes nothing of the lender’s', () => {
  const own = new Map([
    ['unet/x.safetensors', 'own'],
    ['scheduler/scheduler_config.json', 'own'],
  ]);
  const lent = new Map(
    ['unet/config.json', 'unet/y.safetensors', 'vae/b.safetensors', 'scheduler/scheduler_config.json']
      .concat('generation_config.json', 'feature_extractor/preprocessor_config.json')
      .map((path) => [path, 'lent']),
  );
  expect(Object.fromEntries(mergeFiles(own, lent))).toEqual({
    'vae/b.safetensors': 'lent',
    'feature_extractor/preprocessor_config.json': 'lent',
    'unet/x.safetensors': 'own',
    'scheduler/scheduler_config.json': 'own',
  });
});

test('new weights take the place of a network’s old ones, and of no other’s', () => {
  const here = stored('svd', [...WEIGHTS, 'vae/b.safetensors.index.fp16.json', 'vae/config.json']);
  expect(replacedBy(['vae/b.fp16.safetensors'], svd, here)).toEqual([
    'vae/b.safetensors',
    'vae/b.safetensors.index.fp16.json',
  ]);
  expect(replacedBy(['vae/b.safetensors'], svd, here)).toEqual(['vae/b.safetensors.index.fp16.json']);
  expect(replacedBy(['vae/config.json'], svd, here)).toEqual([]);
  expect(replacedBy(['vae/b.safetensors'], svd)).toEqual([]);
});

test('a single-file checkpoint takes the place of all weights, and leaves when every network has its own', () => {
  expect(replacedBy(['svd.safetensors'], svd, stored('svd', WEIGHTS))).toEqual(WEIGHTS);
  const here = stored('svd', ['svd.safetensors', 'unet/config.json']);
  expect(replacedBy(['other.safetensors'], svd, here)).toEqual(['svd.safetensors']);
  expect(replacedBy(WEIGHTS, svd, here)).toEqual(['svd.safetensors']);
  expect(replacedBy(WEIGHTS.slice(0, 2), svd, here)).toEqual([]);
});
