import { readdirSync, readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { join } from 'node:path/posix';
import { Checkpoint, type CheckpointFiles } from '../src/checkpoints/checkpoint';

/** A model folder on disk. */
export function filesOf(folder: string): CheckpointFiles {
  return {
    paths: readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/')),
    open: async (path) => new Blob([readFileSync(join(folder, path))]),
  };
}

/** The checkpoint that made the tensors of `stages/` and `pipeline/`. */
export const tinyCheckpoint = (): Promise<Checkpoint> => Checkpoint.open(filesOf(join(import.meta.dirname, 'tiny')));
