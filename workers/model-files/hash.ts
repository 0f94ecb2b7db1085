import { createSHA256 } from 'hash-wasm';
import type { Hasher } from '../../src/model-files/disk';

/** SHA-256 in wasm, about as fast as a disk. */
export const newHasher = (): Promise<Hasher> => createSHA256();
