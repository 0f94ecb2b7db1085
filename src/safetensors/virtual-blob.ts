/** Bytes handed out at a time: large enough for disks, small enough that three in flight are nothing. */
const CHUNK_BYTES = 16 * 1024 * 1024;

/**
 * A Blob whose bytes are computed when they are read. ONNX Runtime Web takes weights as Blobs and reads each tensor by
 * `slice(begin, end).stream()`; this class answers those calls from `read`, so a conversion needs no copy of the file.
 * It is used for plain files too: in Chromium, `stream()` of a slice of a multi-gigabyte file never ends, while
 * `arrayBuffer()` always works (measured; see ARCHITECTURE.md).
 */
export class VirtualBlob extends Blob {
  override readonly size: number;
  readonly #read: (begin: number, end: number) => Promise<Uint8Array<ArrayBuffer>>;

  /**
   * @param size bytes
   * @param read resolves to the bytes `[begin, end)`
   */
  constructor(size: number, read: (begin: number, end: number) => Promise<Uint8Array<ArrayBuffer>>) {
    super();
    this.size = size;
    this.#read = read;
  }

  override slice(begin = 0, end = this.size): VirtualBlob {
    return new VirtualBlob(end - begin, (from, to) => this.#read(begin + from, begin + to));
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this.bytes()).buffer;
  }

  override async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const out = new Uint8Array(this.size);
    for (let begin = 0; begin < this.size; begin += CHUNK_BYTES) {
      out.set(await this.#read(begin, Math.min(begin + CHUNK_BYTES, this.size)), begin);
    }
    return out;
  }

  override async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let begin = 0;
    return new ReadableStream({
      pull: async (controller) => {
        const end = Math.min(begin + CHUNK_BYTES, this.size);
        if (end > begin) controller.enqueue(await this.#read(begin, end));
        begin = end;
        if (begin === this.size) controller.close();
      },
    });
  }
}
