import type { KnownModel } from '../checkpoints/known-models';
import { KNOWN_MODELS } from '../checkpoints/known-models';
import { useModels } from '../store/models';
import { borrows, bytesHere, bytesOf, lenderFor, type Standing } from '../store/shelf';
import { sayBytes } from '../store/transfer';
import { MODEL_LINES } from './model-lines';

/** Size, place, last use, and from whom it borrows. */
export function ModelFacts({ model, standing }: { model: KnownModel; standing: Standing }) {
  const facts = [sayPlace(model, standing), ...sayUse(standing), ...useLender(model)];
  return <p className="card-facts">{facts.join(' ')}</p>;
}

function sayPlace({ id }: KnownModel, standing: Standing): string {
  if (standing.state === 'missing') return `${MODEL_LINES[id].weight} in half precision.`;
  const { stored } = standing;
  const all = bytesOf(stored);
  const here = bytesHere(stored);
  const size = here < all ? `${sayBytes(here)} of ${sayBytes(all)}` : sayBytes(all);
  const onDisk = stored.files.some(({ where }) => where === 'disk');
  return onDisk ? `${size}, used where it lies on your disk.` : `${size} in this browser’s storage.`;
}

function sayUse(standing: Standing): string[] {
  if (standing.state === 'missing') return [];
  const { lastUsedAt, addedAt } = standing.stored;
  return [lastUsedAt === undefined ? `Added ${sayDay(addedAt)}, not used yet.` : `Last used ${sayDay(lastUsedAt)}.`];
}

/** "today", "yesterday", or the date as this browser's language has it. */
function sayDay(time: number): string {
  const midnight = new Date().setHours(0, 0, 0, 0);
  if (time >= midnight) return 'today';
  if (time >= midnight - 86_400_000) return 'yesterday';
  return new Date(time).toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
}

function useLender(model: KnownModel): string[] {
  const shelf = useModels(({ shelf }) => shelf);
  if (!borrows(model)) return [];
  const lender = lenderFor(model, KNOWN_MODELS, shelf.state === 'read' ? shelf.models : []);
  return [
    lender
      ? `Borrows the VAE and the image encoder of ${lender.title}.`
      : 'Needs SVD, SVD-XT or SVD-XT 1.1 beside it, and none is here yet.',
  ];
}
