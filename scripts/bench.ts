/**
 * `npm run bench [-- nano|shortcuts|graphs]`: how fast the product is and what memory it takes on this machine, as tables.
 * Nothing is asserted. Without a name all parts run, one after the other:
 *
 *   graphs     SVD-XT's graphs at full size, 25 frames of 1024x576: no weights, no browser
 *   shortcuts  one UNet call of the site's model, built as ours and built plainly
 *   nano       a whole clip of the site's model: 256x144, 14 frames, 8 steps, wasm on 2 threads, MP4 included
 *
 * shortcuts and nano run in a headless Chromium: an installed one, or the one that $STILLMOTION_CHROMIUM names.
 */
import { graphs } from './bench/graphs';
import { nano } from './bench/nano';
import { shortcuts } from './bench/shortcuts';
import { fail } from './setup.mjs';

const PARTS: Readonly<Record<string, () => Promise<void> | void>> = { graphs, shortcuts, nano };

const [chosen] = process.argv.slice(2);
if (chosen !== undefined && !PARTS[chosen]) {
  fail(`There is no benchmark "${chosen}". Choose one of ${Object.keys(PARTS).join(', ')}, or none for all.`);
}
for (const [name, run] of Object.entries(PARTS)) if (chosen === undefined || chosen === name) await run();
