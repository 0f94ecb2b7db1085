/**
 * A safetensors file that announces tensors and holds none of their bytes: a blob that says it has gigabytes and whose
 * header alone can be read. For what is decided by headers.
 */
export function announcedFile(
  tensors: Iterable<readonly [name: string, shape: readonly number[]]>,
  dtype: 'F32' | 'F16' | 'BF16' | 'F8_E4M3' | 'I64' = 'F16',
): Blob {
  const size = { F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, I64: 8 }[dtype];
  let offset = 0;
  const header: Record<string, unknown> = {};
  for (const [name, shape] of tensors) {
    const begin = offset;
    offset += shape.reduce((count, length) => count * length, size);
    header[name] = { dtype, shape, data_offsets: [begin, offset] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = new Blob([new BigUint64Array([BigInt(json.length)]), json]);
  return Object.defineProperty(start, 'size', { value: start.size + offset });
}
