import type { ModelSource } from '../../workers/inference/api';

/**
 * The first checkpoint of models/index.json, which the build writes: a folder in the diffusers layout. Its address is
 * absolute, since a worker resolves addresses against its own script.
 */
export async function siteModel(): Promise<ModelSource> {
  const name = firstModel(await readIndex());
  if (!name) throw new Error('This site carries no model: models/index.json lists none. Put one in public/models.');
  return { kind: 'site', url: new URL(`${encodeURIComponent(name)}/`, folder()).href };
}

/** The bytes of that checkpoint. */
export async function siteModelBytes(): Promise<number> {
  const [first] = (await readIndex()) as [{ readonly files: readonly { readonly size: number }[] }];
  return first.files.reduce((sum, { size }) => sum + size, 0);
}

const folder = () => new URL('models/', document.baseURI);

async function readIndex(): Promise<unknown> {
  const response = await fetch(new URL('index.json', folder())).catch(() => undefined);
  if (!response?.ok) throw new Error('The list of models could not be loaded. Check the connection, then try again.');
  return response.json().catch(() => undefined);
}

/** The name in the first entry of `[{name, files}]`, or undefined if there is none that can be read. */
export function firstModel(index: unknown): string | undefined {
  const first: unknown = Array.isArray(index) ? index[0] : undefined;
  const name = (first as { name?: unknown } | null | undefined)?.name;
  return typeof name === 'string' && name !== '' ? name : undefined;
}
