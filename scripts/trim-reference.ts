/**
 * Copies the part of the reference data which the tests need: `npx tsx scripts/trim-reference.ts FULL_FOLDER`.
 *
 * FULL_FOLDER has the layout of reference/README.md and all its tensors; what is left out here, and why, is told there.
 */
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Inner outputs above this size stay behind. */
const MAX_INNER_BYTES = 16 * 1024;

/** Of these tensors only the frames named are kept, each as NAME.frame_K. */
const FRAMES: Readonly<Record<string, readonly number[]>> = {
  'stages/vae_decode.safetensors frames_chunk2': [1, 4],
  'pipeline/cfg_3steps/tensors.safetensors decoded_frames': [4],
  'pipeline/lcm_4steps/tensors.safetensors decoded_frames': [0],
};

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number];
}
type Tensors = [name: string, entry: Omit<Entry, 'data_offsets'>, bytes: Uint8Array][];

const [full] = process.argv.slice(2);
if (!full) throw new Error('Usage: npx tsx scripts/trim-reference.ts FULL_FOLDER');
const here = join(import.meta.dirname, '../reference');

for (const name of ['ARCHITECTURE.md', 'stages/stages_meta.json', 'stages/mistakes_detected.json']) copy(name);
for (const name of ['tiny', 'rng', 'scheduler']) cpSync(join(full, name), join(here, name), { recursive: true });
for (const name of listed('manifest')) copy(name);
for (const name of listed('stages')) {
  if (name.endsWith('.png')) copy(name);
  // Strength 0.1 runs through the same network as 0.02.
  if (name.endsWith('.safetensors') && !name.includes('noise0.1')) trim(name);
}
const runs = ['cfg_3steps', 'lcm_4steps'];
for (const run of runs) {
  for (const name of listed(`pipeline/${run}`)) name.endsWith('.safetensors') ? trim(name) : copy(name);
}
const meta = JSON.parse(readFileSync(join(full, 'pipeline/pipeline_meta.json'), 'utf8')) as Record<string, unknown>;
const kept = Object.fromEntries(runs.map((run) => [run, meta[run]]));
writeFileSync(join(here, 'pipeline/pipeline_meta.json'), `${JSON.stringify(kept, null, 1)}\n`);

function listed(folder: string): string[] {
  return readdirSync(join(full as string, folder)).map((name) => `${folder}/${name}`);
}

function copy(name: string) {
  mkdirSync(dirname(join(here, name)), { recursive: true });
  copyFileSync(join(full as string, name), join(here, name));
}

function trim(name: string) {
  const tensors = read(join(full as string, name)).flatMap(([key, entry, bytes]): Tensors => {
    const frames = FRAMES[`${name} ${key}`];
    if (frames) return frames.map((frame) => frameOf(key, entry, bytes, frame));
    const inner = /^act\.|\.hidden_states|last_hidden_state|embeddings_plus_pos|^unet_(in|out)put/.test(key);
    return inner && bytes.length > MAX_INNER_BYTES ? [] : [[key, entry, bytes]];
  });
  mkdirSync(dirname(join(here, name)), { recursive: true });
  writeFileSync(join(here, name), safetensors(tensors));
}

function frameOf(name: string, { dtype, shape }: Tensors[0][1], bytes: Uint8Array, frame: number): Tensors[0] {
  const length = bytes.length / (shape[0] as number);
  const part = bytes.subarray(frame * length, (frame + 1) * length);
  return [`${name}.frame_${frame}`, { dtype, shape: [1, ...shape.slice(1)] }, part];
}

function read(path: string): Tensors {
  const file = readFileSync(path);
  const start = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, start)) as Record<string, Entry>;
  return Object.entries(header).map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end],
      },
    ]) => [name, { dtype, shape }, file.subarray(start + begin, start + end)],
  );
}

function safetensors(tensors: Tensors): Uint8Array {
  let offset = 0;
  const header = tensors.map(([name, entry, { length }]) => {
    offset += length;
    return [name, { ...entry, data_offsets: [offset - length, offset] }];
  });
  const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  // Spaces up to a multiple of 8, so that the numbers lie aligned.
  const padded = Buffer.concat([json, Buffer.alloc(-json.length & 7, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, ...tensors.map(([, , bytes]) => bytes)]);
}
