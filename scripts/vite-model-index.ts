import { readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Plugin } from 'vite';

/** A checkpoint the site carries: its folder's name under models/, and its files with their sizes in bytes. */
export interface ModelFolder {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/**
 * Serves (dev) and emits (build) models/index.json, the list of the folders in public/models. A static host cannot list
 * a folder, and the app must not know file names.
 */
export function modelIndex(): Plugin {
  let models = '';
  const json = () => JSON.stringify(listModels(models), null, 2);
  return {
    name: 'stillmotion-model-index',
    configResolved(config) {
      models = join(config.publicDir, 'models');
    },
    configureServer(server) {
      server.middlewares.use('/models/index.json', (_request, response) => {
        response.setHeader('Content-Type', 'application/json');
        response.end(json());
      });
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'models/index.json', source: json() });
    },
  };
}

/** Every folder of `root` with all the files below it, both sorted by name. */
export function listModels(root: string): ModelFolder[] {
  const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => ({ name, files: listFiles(join(root, name)) })).sort(by((model) => model.name));
}

function listFiles(folder: string): ModelFolder['files'] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ path: relative(folder, file).split(sep).join('/'), size: statSync(file).size }))
    .sort(by((file) => file.path));
}

/** Compares code units, so that the order does not depend on the machine's language. */
function by<T>(key: (item: T) => string) {
  return (a: T, b: T) => (key(a) < key(b) ? -1 : 1);
}
