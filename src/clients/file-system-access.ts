/** What Chrome and Edge have of the File System Access API and TypeScript's lib.dom.d.ts does not; undefined elsewhere. */
export {};

declare global {
  interface Window {
    readonly showOpenFilePicker?: (options?: { multiple?: boolean }) => Promise<FileSystemFileHandle[]>;
    readonly showDirectoryPicker?: (options?: { mode?: 'read' | 'readwrite' }) => Promise<FileSystemDirectoryHandle>;
  }

  interface DataTransferItem {
    readonly getAsFileSystemHandle?: () => Promise<FileSystemFileHandle | FileSystemDirectoryHandle | null>;
  }

  interface FileSystemFileHandle {
    readonly requestPermission?: (options?: { mode?: 'read' | 'readwrite' }) => Promise<PermissionState>;
  }
}
