import type { BackendInfo } from './api';
import { threadCount } from './runtime';

/** Where networks will run. */
export interface Backend {
  readonly info: BackendInfo;
  /** A fresh device; only on WebGPU. */
  readonly device?: () => Promise<GPUDevice>;
  /** No single tensor may be larger. */
  readonly maxTensorBytes: number;
  /** Memory that a clip may take unless the user says otherwise. */
  readonly defaultBudgetBytes: number;
}

/**
 * WebGPU does not tell how much memory there is, and 8 GB is what graphics cards for video have at least. Filling the GPU
 * until it refuses would tell, but what refuses first may be the user's desktop.
 */
const GPU_BUDGET_BYTES = 8 * 2 ** 30;

/** wasm addresses no more, whatever the machine has. */
const WASM_HEAP_BYTES = 4 * 2 ** 30;

/**
 * Chooses the fastest backend that works here: WebGPU on a real GPU, in float16 where it can, else wasm. A software adapter
 * loses against wasm by far (measured: 23 to 120 times), so it is used only when asked for.
 *
 * @param wanted the user's choice, where there is one
 * @throws Error if WebGPU is wanted and not there
 */
export async function chooseBackend(wanted?: BackendInfo['backend']): Promise<Backend> {
  if (wanted === 'wasm') return wasm('It was asked for.');
  const adapter = await requestAdapter();
  if (adapter && (wanted === 'webgpu' || !isSoftware(adapter))) return webgpu(adapter);
  if (wanted === 'webgpu') {
    throw new Error(
      navigator.gpu
        ? 'WebGPU was asked for, but this browser finds no GPU for it. See chrome://gpu, or open the page without ?backend=webgpu.'
        : 'WebGPU was asked for, but this browser has none. Use Chrome 113 or newer, or open the page without ?backend=webgpu.',
    );
  }
  if (adapter)
    return wasm('The only GPU that this browser offers is emulated in software, which is slower than the CPU itself.');
  return wasm(
    navigator.gpu
      ? 'This browser has WebGPU but finds no GPU that it trusts. chrome://gpu says why.'
      : 'This browser has no WebGPU. Chrome or Edge 113 and newer have it on most computers with a GPU.',
  );
}

function webgpu(adapter: GPUAdapter): Backend {
  const half = adapter.features.has('shader-f16');
  const { description, vendor, architecture } = adapter.info;
  return {
    device: requestDevice,
    defaultBudgetBytes: GPU_BUDGET_BYTES,
    maxTensorBytes: Math.min(adapter.limits.maxBufferSize, adapter.limits.maxStorageBufferBindingSize),
    info: {
      backend: 'webgpu',
      dtype: half ? 'float16' : 'float32',
      device: description || [vendor, architecture].filter(Boolean).join(' ') || 'GPU',
      reason: half
        ? 'This browser offers a GPU that computes in half precision.'
        : 'This browser offers a GPU. It has no half precision (shader-f16), so single precision is used: slower, and twice the memory.',
    },
  };
}

function wasm(reason: string): Backend {
  const threads = threadCount();
  return {
    defaultBudgetBytes: WASM_HEAP_BYTES,
    maxTensorBytes: WASM_HEAP_BYTES,
    info: {
      backend: 'wasm',
      dtype: 'float32',
      device: `CPU, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      reason,
    },
  };
}

const isSoftware = ({ info }: GPUAdapter): boolean =>
  info.isFallbackAdapter ||
  /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(`${info.architecture} ${info.description}`);

/** Limits that decide how large a tensor or a workgroup may be. A device gets WebGPU's small defaults unless it asks. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies (keyof GPUSupportedLimits)[];

const requestAdapter = async () => navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' });

/**
 * A device with all that the adapter can give and a network can use, from a fresh adapter: one adapter gives one device.
 * Not the feature `subgroups`: with it ONNX Runtime 1.30's attention is wrong at subgroup size 4 and drifts in float16
 * (measured).
 *
 * @throws Error if the GPU gives none, which happens after several crashes in a row
 */
async function requestDevice(): Promise<GPUDevice> {
  const adapter = await requestAdapter();
  if (!adapter) {
    throw new Error(
      'The browser no longer offers its GPU, as it does after several crashes. Restart the browser to get it back.',
    );
  }
  const requiredFeatures: GPUFeatureName[] = adapter.features.has('shader-f16') ? ['shader-f16'] : [];
  const requiredLimits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]]));
  return adapter.requestDevice({ requiredFeatures, requiredLimits });
}
