/** Figures for people: three digits or so, and columns that line up. */

const UNITS = [
  ['GB', 1e9],
  ['MB', 1e6],
] as const;

/** "3.05 GB", "27.0 MB", "3.1 kB"; powers of ten. */
export function bytesText(bytes: number): string {
  const [unit, scale] = UNITS.find(([, each]) => bytes >= each) ?? ['kB', 1e3];
  const value = bytes / scale;
  return `${value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${unit}`;
}

/** "77.0 TFLOP", "38.4 GFLOP"; `unit` may be another that counts them, such as FLOP/s. */
export const flopsText = (flops: number, unit = 'FLOP'): string =>
  flops >= 1e12 ? `${(flops / 1e12).toPrecision(3)} T${unit}` : `${(flops / 1e9).toPrecision(3)} G${unit}`;

/** "0.152 s", "37.1 s" */
export const secondsText = (seconds: number): string => `${seconds.toPrecision(3)} s`;

/** Rows under a header, each column as wide as its widest cell; the first to the left, the others to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map(String));
  const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  const line = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return cells.map(line).join('\n');
}

/** The middle one; of an even number the upper of the two. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
