import { join } from 'node:path';
import { root } from '../setup.mjs';
import { listModels } from '../vite-model-index';

/** The folder of the model that the site carries: the one its page opens. */
export function siteModel(): string {
  const models = join(root, 'public', 'models');
  const [first] = listModels(models);
  if (!first) throw new Error('public/models holds no model.');
  return join(models, first.name);
}
