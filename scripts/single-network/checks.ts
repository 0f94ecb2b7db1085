import type { BackendInfo } from '../../workers/inference/api';
import type { Gpu } from '../browser/lab';

/**
 * Says in a sentence what cannot work, before gigabytes are written.
 *
 * @throws Error
 */
export function checkBackend({ backend, device, dtype: best }: BackendInfo, gpu: Gpu, dtype: BackendInfo['dtype']) {
  if (backend === 'webgpu' && gpu === 'real' && /swiftshader|llvmpipe|lavapipe/i.test(device)) {
    throw new Error(`--gpu real: Chromium offers only ${device}, an emulated GPU. Its page chrome://gpu says why.`);
  }
  if (dtype === 'float16' && best !== 'float16') {
    throw new Error(
      backend === 'wasm'
        ? 'The wasm backend computes in float32. Leave --dtype out, or say --dtype float32.'
        : `The GPU (${device}) has no shader-f16, so a float16 graph cannot run on it. Use --dtype float32, or another GPU.`,
    );
  }
}
