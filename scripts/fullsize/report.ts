import type { Lab } from '../browser/lab';
import { bytesText } from '../figures';

/** Tells one figure: a line for people, and values for machines. */
export type Report = (title: string, text: string, values: Record<string, unknown>) => void;

/** Prints lines as they come, or gathers values and prints them at the end. */
export function newReport(asJson: boolean): { readonly report: Report; end(): void } {
  const figures: Record<string, unknown> = {};
  return {
    report(title, text, values) {
      Object.assign(figures, values);
      if (!asJson) console.log(`${title.padEnd(22)}${text}`);
    },
    end() {
      if (asJson) console.log(JSON.stringify(figures, null, 2));
    },
  };
}

/** What goes on; not part of the result. */
export function say(text: string): void {
  console.error(text);
}

/** @returns the renderer's peak in bytes; undefined where it is not known */
export async function reportMemory(lab: Lab, key: string, report: Report): Promise<number | undefined> {
  const held = await lab.memory.read();
  const texts = [...held].map(([type, { now, peak }]) => `${type} ${bytesText(peak)} (now ${bytesText(now)})`);
  report('  peak memory so far', texts.join(', ') || 'not known on this system', { [key]: Object.fromEntries(held) });
  return held.get('renderer')?.peak;
}
