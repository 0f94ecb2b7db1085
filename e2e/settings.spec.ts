import { type FieldValues, SMALL } from './app';
import { expect, test } from './fixtures';
import { photograph, png } from './pictures';

const refusals: readonly { values: FieldValues; label: string; says: string | RegExp }[] = [
  { values: { Frames: 0 }, label: 'Frames', says: 'Give a whole number from 1 to 25.' },
  { values: { Frames: 26 }, label: 'Frames', says: 'Give a whole number from 1 to 25.' },
  { values: { Frames: '' }, label: 'Frames', says: 'Give a whole number from 1 to 25.' },
  { values: { Steps: 0 }, label: 'Steps', says: 'Give a whole number from 1 to 100.' },
  { values: { Width: 65, Height: 64 }, label: 'Width', says: /^Give a multiple of \d+, such as 64 or \d+\.$/ },
  { values: { 'Frames per second': 7.5 }, label: 'Frames per second', says: 'Give a whole number from 1 to 60.' },
  {
    values: { 'Guidance, first frame': 2, 'Guidance, last frame': 1 },
    label: 'Guidance, first frame',
    says: /guidance of 1 turns guidance off: lower this to 1, or raise that above 1\.$/,
  },
];

test.beforeEach(async ({ app }) => {
  await app.open('?backend=wasm');
  await app.drop(png('good.png', photograph(96, 96)));
  await app.choose(SMALL);
  await expect(app.animateButton).toBeEnabled();
});

for (const { values, label, says } of refusals) {
  test(`${JSON.stringify(values)} is refused beside its field, before anything runs`, async ({ app, page }) => {
    await app.choose(values);
    await expect(app.field(label)).toHaveAccessibleDescription(says);
    await expect(app.field(label)).toHaveAttribute('aria-invalid', 'true');
    await expect(app.animateButton).toBeDisabled();
    await expect(page.getByText('A setting needs mending first')).toBeVisible();

    await page.getByRole('button', { name: 'Back to the model’s own' }).click();
    await expect(app.animateButton).toBeEnabled();
  });
}

test('a setting that was mended makes a clip', async ({ app }) => {
  await app.choose({ Frames: 0, Steps: 0, 'Guidance, first frame': 2, 'Guidance, last frame': 1 });
  await expect(app.animateButton).toBeDisabled();
  // Guidance on: each step asks the network twice.
  await app.choose({ Frames: 2, Steps: 1, 'Guidance, first frame': 1, 'Guidance, last frame': 2 });
  await app.animate();
  await app.finished();
});

test('settings are kept from visit to visit', async ({ app, page }) => {
  await page.reload();
  await expect(app.field('Frames')).toHaveValue(String(SMALL.Frames));
  await expect(app.field('Width')).toHaveValue(String(SMALL.Width));
});

test('settings that someone damaged in storage are left out', async ({ app, page }) => {
  await page.evaluate(() => {
    const chosen = { width: 'x', height: 64, numFrames: 1e9, fps: 9, numInferenceSteps: -1, constructor: 1 };
    localStorage.setItem('stillmotion.settings', JSON.stringify({ state: { chosen }, version: 1 }));
  });
  await app.open('?backend=wasm');
  await expect(app.field('Frames per second')).toHaveValue('9');
  await expect(app.field('Frames')).toHaveValue('14');
});
