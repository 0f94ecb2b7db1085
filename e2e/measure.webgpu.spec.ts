import { expect, test } from './fixtures';
import type {} from './pages/inference';

// SwiftShader compiles its shaders on the CPU, which other work may share.
test.setTimeout(4 * 60_000);

for (const backend of ['webgpu', 'wasm'] as const) {
  test(`the machine is measured on ${backend}, and a model is judged by it`, async ({ page, pageUrl }) => {
    await page.goto(pageUrl('inference'));
    const { measured, verdict, seconds } = await page.evaluate((wanted) => inferencePage.measure(wanted), backend);
    console.log(`Measured ${backend} in ${seconds.toFixed(1)} s: ${JSON.stringify(measured.machine.flops)}`);

    expect(measured.info.backend).toBe(backend);
    expect(measured.machine).toMatchObject({ backend, dtype: 'float32' });
    expect(measured.machine.maxTensorBytes).toBeGreaterThan(2 ** 27);
    for (const speed of Object.values(measured.machine.flops)) expect(speed).toBeGreaterThan(1e6);
    // SVD-XT in float32 has 6 GB of weights in its UNet alone.
    expect(verdict.fits).toBe(false);
    expect(verdict.seconds).toBeGreaterThan(3600);
  });
}
