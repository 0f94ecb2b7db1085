import type { CheckpointFiles } from '../../src/checkpoints/checkpoint';

/** `models/index.json`, which the build writes: the folders beside it, and their files. */
type Index = readonly {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}[];

/** Told while a file is fetched. */
export type OnFetch = (path: string, loadedBytes: number, totalBytes: number) => void;

/**
 * The files of a model folder of this site. Each is fetched once and kept as a Blob; a failure is forgotten, so that the
 * next call tries again.
 *
 * @param url of the folder, whose name is the last part
 * @throws Error if the site does not list it
 */
export async function siteFiles(url: string, onFetch: OnFetch): Promise<CheckpointFiles> {
  const folder = new URL(url.endsWith('/') ? url : `${url}/`, location.href);
  const name = decodeURIComponent(folder.pathname.split('/').at(-2) ?? '');
  const index = (await (await get(new URL('../index.json', folder))).json()) as Index;
  const entry = index.find((model) => model.name === name);
  if (!entry) throw new Error(`This site has no model ${name}.`);
  const sizes = new Map(entry.files.map(({ path, size }) => [path, size]));
  const fetched = new Map<string, Promise<Blob>>();
  return {
    paths: [...sizes.keys()],
    open(path) {
      let blob = fetched.get(path);
      if (!blob) {
        blob = fetchBlob(new URL(path, folder), (loaded) => onFetch(path, loaded, sizes.get(path) ?? loaded));
        blob.catch(() => fetched.delete(path));
        fetched.set(path, blob);
      }
      return blob;
    },
  };
}

async function fetchBlob(url: URL, onLoaded: (bytes: number) => void): Promise<Blob> {
  const response = await get(url);
  let loaded = 0;
  const counted = response.body?.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        loaded += chunk.byteLength;
        onLoaded(loaded);
        controller.enqueue(chunk);
      },
    }),
  );
  return new Response(counted).blob();
}

async function get(url: URL): Promise<Response> {
  const response = await fetch(url).catch(() => undefined);
  if (response?.ok) return response;
  const why = response ? `the server answered ${response.status}` : 'the server cannot be reached';
  throw new Error(`${url.pathname} could not be fetched: ${why}. Check the connection, then try again.`);
}
