import type * as Ort from 'onnxruntime-web';
import type { Graph, Initializer } from '../../src/onnx/graph';
import { modelProto } from '../../src/onnx/proto';
import type { Network } from '../../src/pipelines/stable-video-diffusion';
import { VirtualBlob } from '../../src/safetensors/virtual-blob';
import { type Tensor, tensor } from '../../src/tensor/tensor';

/** ONNX Runtime as it was loaded, in the browser (runtime.ts) or in Node (scripts). */
export interface Runtime {
  readonly ort: typeof Ort;
  /** Whether it reads weights from Blobs as it needs them; the builds without JSPI want each as a Uint8Array beforehand. */
  readonly readsBlobs: boolean;
}

/** The GPU went away while it worked: a driver reset, a crash, or too little memory. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}

/** Entries of ONNX Runtime's session configuration. */
const GPU_SESSION = {
  // A node that WebGPU cannot run fails here instead of running on the CPU, unseen and slow.
  disable_cpu_ep_fallback: '1',
  // Else every convolution keeps a rearranged copy of its kernel, also those that share one: a copy for each part of a chunked
  // network, gigabytes in all. Without, a kernel is rearranged at each call, in a fraction of the convolution's time.
  disable_prepacking: '1',
};

/** Reading a tensor takes seconds at worst; after this long without one, ONNX Runtime will never answer. */
const STALLED_SECONDS = 120;

/**
 * Opens a session on a graph.
 *
 * @param blobs the weight files, by the locations that the graph names
 * @param device where to run; without one, on the CPU in wasm. It is destroyed with the network: sessions free their
 *   memory only when the last one of a device goes, so each network has a device of its own
 * @param onRead told of every read from the weight files, in bytes
 */
export async function openNetwork(
  { ort, readsBlobs }: Runtime,
  graph: Graph,
  blobs: ReadonlyMap<string, Blob>,
  device?: GPUDevice,
  onRead: (bytes: number) => void = () => {},
): Promise<SessionNetwork> {
  const lost = device && lossOf(device);
  const watchdog = new Watchdog(STALLED_SECONDS);
  const read = (bytes: number) => {
    watchdog.feed();
    onRead(bytes);
  };
  try {
    const { model, files } = readsBlobs ? inPlace(graph, blobs, read) : await apart(graph, blobs, read);
    const created = ort.InferenceSession.create(model, {
      externalData: files.map(([path, data]) => ({ path, data })),
      // Its warnings are for its authors.
      logSeverityLevel: 3,
      // Buffers of exact sizes: the default rounds them up, to twice the size at worst, and memory() counts on it.
      executionProviders: [device ? { name: 'webgpu', device, storageBufferCacheMode: 'simple' } : 'wasm'],
      ...(device && { extra: { session: GPU_SESSION } }),
    });
    const session = await Promise.race([created, watchdog.barked, ...(lost ? [lost] : [])]);
    return new SessionNetwork(ort, session, device, lost);
  } catch (error) {
    device?.destroy();
    throw error;
  } finally {
    watchdog.rest();
  }
}

/** A session as the pipeline sees it. */
export class SessionNetwork implements Network<Readonly<Record<string, Tensor>>> {
  constructor(
    private readonly ort: typeof Ort,
    private readonly session: Ort.InferenceSession,
    private readonly device: GPUDevice | undefined,
    private readonly lost: Promise<never> | undefined,
  ) {}

  async run(inputs: Readonly<Record<string, Tensor>>): Promise<Tensor> {
    const [first] = this.session.outputNames as [string];
    return (await this.runAll(inputs)).get(first) as Tensor;
  }

  /** All outputs of the graph by name, where it has been given more than one. */
  async runAll(inputs: Readonly<Record<string, Tensor>>): Promise<Map<string, Tensor>> {
    const feeds = Object.entries(inputs).map(([name, { shape, data }]) => [
      name,
      new this.ort.Tensor('float32', data, shape),
    ]);
    // A run on a lost device never ends.
    const running = this.session.run(Object.fromEntries(feeds));
    const outputs = await Promise.race([running, ...(this.lost ? [this.lost] : [])]);
    return new Map(
      Object.entries(outputs).map(([name, { dims, data }]) => [name, tensor(dims, data as Float32Array<ArrayBuffer>)]),
    );
  }

  async release(): Promise<void> {
    await this.session.release();
    this.device?.destroy();
  }
}

/** Rejects when the device is lost other than by `destroy`. */
function lossOf(device: GPUDevice): Promise<never> {
  const lost = device.lost.then(({ reason, message }) => {
    // Its owner is done with it, and nobody waits any more.
    if (reason === 'destroyed') return new Promise<never>(() => {});
    const why = message ? ` (${message})` : '';
    throw new DeviceLostError(
      `The GPU stopped answering${why}. Try again; if it happens twice, choose a smaller size or fewer frames.`,
    );
  });
  // Nobody may be waiting when it happens.
  lost.catch(() => {});
  return lost;
}

type Files = readonly (readonly [location: string, data: Blob | Uint8Array])[];

/** The graph as it is, and files that ONNX Runtime reads tensor by tensor. */
function inPlace(graph: Graph, blobs: ReadonlyMap<string, Blob>, onRead: (bytes: number) => void) {
  const files: Files = [...blobs].map(([location, blob]) => [
    location,
    new VirtualBlob(blob.size, async (begin, end) => {
      onRead(end - begin);
      return new Uint8Array(await blob.slice(begin, end).arrayBuffer());
    }),
  ]);
  return { model: modelProto(graph), files };
}

/** Every tensor as a file of its own, read beforehand: one array of a whole checkpoint would be too large for a browser. */
async function apart(graph: Graph, blobs: ReadonlyMap<string, Blob>, onRead: (bytes: number) => void) {
  const files: (readonly [string, Uint8Array])[] = [];
  const initializers = new Map<string, Initializer>();
  for (const [name, initializer] of graph.initializers) {
    const { data } = initializer;
    if (data instanceof Uint8Array) {
      initializers.set(name, initializer);
      continue;
    }
    const bytes = await blobs
      .get(data.location)
      ?.slice(data.offset, data.offset + data.length)
      .arrayBuffer();
    if (!bytes) throw new Error(`The graph reads ${data.location}, which was not given.`);
    onRead(data.length);
    files.push([name, new Uint8Array(bytes)]);
    initializers.set(name, { ...initializer, data: { location: name, offset: 0, length: data.length } });
  }
  const { nodes, inputs, outputs } = graph;
  return { model: modelProto({ nodes, inputs, outputs, initializers }), files };
}

/** Rejects when it was not fed for some time. */
class Watchdog {
  readonly barked: Promise<never>;
  readonly #seconds: number;
  #bark: (reason: Error) => void = () => {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(seconds: number) {
    this.barked = new Promise((_, reject) => {
      this.#bark = reject;
    });
    this.#seconds = seconds;
    this.feed();
  }

  feed() {
    clearTimeout(this.#timer);
    const stalled = () =>
      this.#bark(new Error(`The model did not load: nothing was read for ${this.#seconds} seconds. Reload the page.`));
    this.#timer = setTimeout(stalled, this.#seconds * 1000);
  }

  rest() {
    clearTimeout(this.#timer);
  }
}
