/** Errors that a user can act on. Across workers they are told apart by `name`; the message says what to do. */

/** A host refuses a file, has none, or is out of reach. */
export class HubError extends Error {
  override readonly name = 'HubError';
}

/** The browser or the disk has no room left. */
export class QuotaError extends Error {
  override readonly name = 'QuotaError';
}

/** Another tab works on the same model. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
}

/** A file is not what it was, or no longer where it was. */
export class FileChangedError extends Error {
  override readonly name = 'FileChangedError';
}

/** A model that lacks files was to be used. */
export class NotWholeError extends Error {
  override readonly name = 'NotWholeError';
}

/** The browser must be asked again before a kept file may be read. */
export class PermissionError extends Error {
  override readonly name = 'PermissionError';
}

/** A name that no file or model may have. A bug of the caller, or a hub that means ill. */
export class NameError extends Error {
  override readonly name = 'NameError';
}
