import { NameError } from './errors';

/** What a file is called while it is on its way. */
export const PART = '.part';

/** @throws NameError unless `id` can name a folder */
export function checkId(id: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(id)) return;
  throw new NameError(`"${id}" cannot be a model's id: use letters, digits, ".", "_" and "-".`);
}

/**
 * Paths come from hubs and from other people's folders, and become names on disk.
 *
 * @throws NameError unless `path` stays inside its folder and names a file: "unet/config.json"
 */
export function checkPath(path: string): void {
  const names = path.split('/');
  if (names.length <= 8 && names.every(isName) && !path.endsWith(PART)) return;
  throw new NameError(`"${path}" cannot be a path in a model's folder.`);
}

const isName = (name: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a name must not have.
  name !== '' && name !== '.' && name !== '..' && name.length <= 255 && !/[\\:*?"<>|\x00-\x1f\x7f]/.test(name);
