/** Files that people take for weights, told by their first bytes. */

/** Enough for the longest opening below. */
const OPENING_BYTES = 512;

/**
 * Why a file is no safetensors file, in a sentence that says what it is and what to do; undefined if it looks like one.
 *
 * @param name for the message alone
 */
export async function notSafetensors(name: string, blob: Blob): Promise<string | undefined> {
  if (blob.size === 0)
    return `${name} is empty (0 bytes): its download did not begin or did not finish. Fetch it again.`;
  const opening = new Uint8Array(await blob.slice(0, OPENING_BYTES).arrayBuffer());
  if (looksLikeHeader(opening)) return undefined;
  const kind = KINDS.find(({ is }) => is(opening, new TextDecoder().decode(opening)));
  return kind && `${name} ${kind.tell}`;
}

/** A length below 2^24, little endian, then JSON. */
function looksLikeHeader(opening: Uint8Array): boolean {
  return opening[8] === 0x7b && opening.subarray(3, 8).every((byte) => byte === 0);
}

const startsWith = (opening: Uint8Array, ...bytes: number[]) => bytes.every((byte, i) => opening[i] === byte);

const KINDS: readonly { is(opening: Uint8Array, text: string): boolean; readonly tell: string }[] = [
  {
    is: (_, text) => text.startsWith('version https://git-lfs.github.com/spec/'),
    tell: 'is a Git LFS pointer: a note of a hundred bytes that stands for the file. Run "git lfs pull" in its folder, or fetch the file itself from the model’s page.',
  },
  {
    is: (_, text) => /^\s*(<!doctype html|<html|<\?xml|<!--)/i.test(text),
    tell: 'is a web page: a site answered the download with a page, most likely to log in. Log in there and accept the licence, then fetch the file again.',
  },
  {
    is: (opening) => startsWith(opening, 0x47, 0x47, 0x55, 0x46),
    tell: 'is a GGUF file. This app reads safetensors files; fetch the model in that format.',
  },
  {
    is: (opening) => startsWith(opening, 0x50, 0x4b, 0x03, 0x04),
    tell: 'is a ZIP archive: either a PyTorch checkpoint (.ckpt, .pt, .bin), which may carry programs and is not read here, or a packed folder. Fetch the model as safetensors files, or unpack the folder and add what is in it.',
  },
  {
    is: (opening) => opening[0] === 0x80 && (opening[1] as number) >= 2 && (opening[1] as number) <= 5,
    tell: 'is a PyTorch checkpoint in Python’s pickle format (.ckpt, .pt, .bin), which may carry programs and is not read here. Fetch the model as safetensors files.',
  },
  {
    is: (_, text) => /^\s*[[{]/.test(text),
    tell: 'is a JSON text and not weights. If its page answered with an error, log in there and fetch the file again.',
  },
  {
    // A server's answer in words: "Access to model ... is restricted".
    is: (_, text) => /^[\x20-\x7e\s]+$/.test(text),
    tell: 'is a text and not weights: most likely what the site answered instead of the file. Log in there and accept the licence, then fetch the file again.',
  },
];
