/**
 * Counts every buffer of every GPU device that this thread makes from now on: what the browser's own GPU process would hold for
 * them. A buffer that was destroyed counts no more.
 */
export class BufferLedger {
  /** Bytes that live now. */
  live = 0;
  /** The most that lived at once since `restart`. */
  peak = 0;

  constructor() {
    const ledger = this;
    const sizes = new WeakMap<GPUBuffer, number>();
    const { createBuffer } = GPUDevice.prototype;
    const { destroy } = GPUBuffer.prototype;
    GPUDevice.prototype.createBuffer = function (descriptor) {
      const buffer = createBuffer.call(this, descriptor);
      sizes.set(buffer, descriptor.size);
      ledger.live += descriptor.size;
      ledger.peak = Math.max(ledger.peak, ledger.live);
      return buffer;
    };
    GPUBuffer.prototype.destroy = function () {
      ledger.live -= sizes.get(this) ?? 0;
      sizes.delete(this);
      return destroy.call(this);
    };
  }

  /** Forgets the peak. */
  restart(): void {
    this.peak = this.live;
  }
}
