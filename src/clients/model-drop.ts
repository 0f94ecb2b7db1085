import type { LocalChoice } from './local-files';

/** Endings of files that hold weights of some kind, ours or not: what is wrong with the others the models' page says. */
const WEIGHTS = /\.(safetensors|ckpt|gguf|pth?|bin|onnx)$/i;

/** Whether something dropped is meant as a model and not as a picture: a folder, or a file of weights under any name. */
export async function looksLikeModel(choices: readonly LocalChoice[]): Promise<boolean> {
  const kinds = choices.map(
    async ({ path, file }) => path.includes('/') || WEIGHTS.test(file.name) || (await beginsLikeSafetensors(file)),
  );
  return (await Promise.all(kinds)).some(Boolean);
}

/** Eight bytes of length below 2^32, then an object of JSON. */
async function beginsLikeSafetensors(file: Blob): Promise<boolean> {
  const head = new Uint8Array(
    await file
      .slice(0, 9)
      .arrayBuffer()
      .catch(() => new ArrayBuffer(0)),
  );
  return head.length === 9 && head.subarray(4, 8).every((byte) => byte === 0) && head[8] === '{'.charCodeAt(0);
}
