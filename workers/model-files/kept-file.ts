import type { Found, LocalHandle } from '../../src/model-files/record';

/** Files of the user that are used where they lie. */

/** Not yet in TypeScript's own types. */
interface AskableHandle extends FileSystemFileHandle {
  queryPermission(descriptor: { mode: 'read' }): Promise<PermissionState>;
}

/** What a record keeps as a handle is the browser's own. */
export const fileHandle = (handle: LocalHandle) => handle as FileSystemFileHandle;

/**
 * The file behind a handle.
 *
 * @returns 'locked' if the user must allow it again, 'missing' if it is no longer there
 */
export async function keptFile(handle: LocalHandle): Promise<File | 'locked' | 'missing'> {
  const permission = await (handle as AskableHandle).queryPermission?.({ mode: 'read' });
  if (permission && permission !== 'granted') return 'locked';
  try {
    return await fileHandle(handle).getFile();
  } catch (error) {
    const { name } = error as Error;
    if (name === 'NotAllowedError') return 'locked';
    if (name === 'NotFoundError') return 'missing';
    throw error;
  }
}

export async function findKept(handle: LocalHandle): Promise<Found> {
  const file = await keptFile(handle);
  if (typeof file === 'string') return { state: file };
  return { state: 'whole', bytes: file.size, lastModified: file.lastModified };
}
