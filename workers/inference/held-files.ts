import type { CheckpointFiles } from '../../src/checkpoints/checkpoint';

/** The files of a model that the user holds, by their paths in diffusers' layout. */
export function heldFiles(files: ReadonlyMap<string, Blob>): CheckpointFiles {
  return {
    paths: [...files.keys()],
    async open(path) {
      const file = files.get(path);
      if (!file) throw new Error(`This model has no file ${path}. Add it on the Models page.`);
      return file;
    },
  };
}
