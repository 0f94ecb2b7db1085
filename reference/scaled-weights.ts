import type { CheckpointFiles } from '../src/checkpoints/checkpoint';
import { narrowToFloat16, widenFloat16 } from '../src/tensor/half';

/**
 * A checkpoint of float16 with some of its tensors multiplied. A convolution before a norm may be scaled as one likes: the
 * norm undoes it, and only what lies between must hold the larger numbers.
 *
 * @param scales by the path of a weight file, then by the tensor's name
 */
export function withScaled(
  files: CheckpointFiles,
  scales: Readonly<Record<string, Readonly<Record<string, number>>>>,
): CheckpointFiles {
  return {
    paths: files.paths,
    async open(path) {
      const blob = await files.open(path);
      const scaled = scales[path];
      return scaled ? scaleTensors(new Uint8Array(await blob.arrayBuffer()), scaled) : blob;
    },
  };
}

interface Entry {
  readonly dtype: string;
  readonly data_offsets: readonly [begin: number, end: number];
}

function scaleTensors(bytes: Uint8Array<ArrayBuffer>, scales: Readonly<Record<string, number>>): Blob {
  const headerEnd = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, headerEnd))) as Record<string, Entry>;
  for (const [name, scale] of Object.entries(scales)) {
    const { dtype, data_offsets } = header[name] as Entry;
    if (dtype !== 'F16') throw new Error(`${name} is ${dtype}, not F16.`);
    const [begin, end] = data_offsets.map((offset) => headerEnd + offset) as [number, number];
    const values = widenFloat16(new Uint16Array(bytes.slice(begin, end).buffer));
    bytes.set(new Uint8Array(narrowToFloat16(values.map((value) => value * scale)).buffer), begin);
  }
  return new Blob([bytes]);
}
