import type { OnTransfer } from '../../src/model-files/bring';
import type { HubRequest, RemoteFile } from '../../src/model-files/hub';
import type { StoredModel } from '../../src/model-files/record';

export type { TransferProgress } from '../../src/model-files/bring';
export type { HubRequest, OnTransfer, RemoteFile, StoredModel };

/** What a download or an import is given is added to the model: files of the same path are replaced, most others stay. */
export interface DownloadRequest {
  /** Letters, digits, `.`, `_` and `-`: it names a folder. */
  readonly id: string;
  readonly title: string;
  readonly files: readonly RemoteFile[];
  /** For the `Authorization` header; never stored. */
  readonly token?: string;
  /** Small files that come with the app and not from the hub, by path: configs that a layout lacks. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Paths of files whose place these take; they leave the model once these are whole. */
  readonly replaces?: readonly string[];
}

export interface LocalFile {
  readonly path: string;
  /** With a handle the file is used where it lies; a File is copied into the browser's own storage. */
  readonly source: File | FileSystemFileHandle;
}

export interface ImportRequest {
  /** As of a download. */
  readonly id: string;
  readonly title: string;
  readonly files: readonly LocalFile[];
  readonly texts?: Readonly<Record<string, string>>;
  /** As of a download. */
  readonly replaces?: readonly string[];
}

/**
 * The worker that keeps model files, as the page sees it through comlink. Errors keep only `name` and `message`; names a
 * caller may act on: AbortError (cancelled), QuotaError (no room; the message says how much is missing), HubError (refused,
 * gone or out of reach; the message says what to do), BusyError (another tab works on the same model), FileChangedError (a
 * file is not what it was), NotWholeError (a model that lacks files was to be opened), PermissionError (a kept handle must
 * be asked for again).
 */
export interface ModelFilesApi {
  /** Every model that was begun, with the state found on disk. Reads no weights. */
  list(): Promise<readonly StoredModel[]>;
  /**
   * The files of a repository that are wanted, with their sizes and hashes where the host has the hub's list of files;
   * their addresses alone where it has none.
   */
  listHub(request: HubRequest): Promise<readonly RemoteFile[]>;
  /** Fetches what is missing, from where it was broken off; ends when every file is whole and verified. */
  download(request: DownloadRequest, onProgress: OnTransfer): Promise<StoredModel>;
  /** Takes files of this machine in; ends when every file is whole and verified. */
  import(request: ImportRequest, onProgress: OnTransfer): Promise<StoredModel>;
  /** Reads every byte again and compares it with the hash kept. */
  verify(id: string, onProgress: OnTransfer): Promise<StoredModel>;
  /** Ends the running job on a model; what was fetched stays. Harmless when none runs. */
  cancel(id: string): Promise<void>;
  delete(id: string): Promise<void>;
  /** The kept handles of a model, so that the page can ask for permission in a click. */
  handles(id: string): Promise<readonly FileSystemFileHandle[]>;
  /**
   * The files of a verified model, ready to be read, and the time of this use noted. A file that looks touched since it was
   * verified is read and hashed again first, which is when there is progress to tell.
   *
   * @throws NotWholeError, FileChangedError or PermissionError: nothing of a model that is not as it was is handed out
   */
  open(id: string, onProgress: OnTransfer): Promise<ReadonlyMap<string, File>>;
}
