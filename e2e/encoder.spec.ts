import { BufferSource, Input, MP4 } from 'mediabunny';
import { expect, test } from './fixtures';
import { topLevelBoxes } from './mp4';
import type {} from './pages/encoder';

test.beforeEach(async ({ page, pageUrl }) => {
  await page.goto(pageUrl('encoder'));
});

test('frames become an MP4 that an independent reader understands', async ({ page }) => {
  const mp4 = await page.evaluate(() =>
    encoderPage.encode(encoderPage.testClip(68, 36, 14, 7), { title: 'Möwe 🎬', comment: 'seed 42, "25" steps' }),
  );

  const input = new Input({ source: new BufferSource(mp4), formats: [MP4] });
  expect(await input.getMimeType()).toMatch(/^video\/mp4; codecs="avc1\./);
  const video = await input.getPrimaryVideoTrack();
  expect(video).toMatchObject({ codec: 'avc', displayWidth: 68, displayHeight: 36 });
  expect(await video?.computePacketStats()).toMatchObject({ packetCount: 14, averagePacketRate: 7 });
  expect(await input.getMetadataTags()).toMatchObject({ title: 'Möwe 🎬', comment: 'seed 42, "25" steps' });
});

test('a player may start before the last byte: moov lies before mdat', async ({ page }) => {
  const mp4 = await page.evaluate(() => encoderPage.encode(encoderPage.testClip(64, 64, 3, 25)));
  expect(topLevelBoxes(mp4)).toEqual(['ftyp', 'moov', 'free', 'mdat']);
});

test('colours are 4:2:0 in bt709 and TV range, and say so', async ({ page }) => {
  const stream = await page.evaluate(async () =>
    encoderPage.probe(await encoderPage.encode(encoderPage.testClip(64, 64, 2, 60))),
  );
  expect(stream).toMatchObject({
    codec_name: 'h264',
    pix_fmt: 'yuv420p',
    color_space: 'bt709',
    color_primaries: 'bt709',
    color_transfer: 'bt709',
    color_range: 'tv',
    r_frame_rate: '60/1',
    nb_frames: '2',
  });
});

test('frames come back as they went in, in their order', async ({ page }) => {
  const meanError = await page.evaluate(async () => {
    const clip = () => encoderPage.testClip(128, 72, 25, 7);
    const sent = clip().rgba;
    const received = await encoderPage.decode(await encoderPage.encode(clip()));
    return sent.reduce((sum, value, i) => sum + Math.abs(value - (received[i] ?? Number.NaN)), 0) / sent.length;
  });
  // In levels of 255; 1.6 as measured, 5.5 with bt601 under bt709's tags, and frames one place off would add 2.4.
  expect(meanError).toBeLessThan(2);
});

test('the same frames and tags give the same bytes', async ({ page }) => {
  const [first, second] = await page.evaluate(async () => {
    const once = () => encoderPage.encode(encoderPage.testClip(96, 64, 14, 7), { title: 'twice' });
    return [await once(), await once()] as const;
  });
  expect(Buffer.compare(first, second)).toBe(0);
});

test('one frame is a clip, and so are a hundred', async ({ page }) => {
  for (const numFrames of [1, 100]) {
    const stream = await page.evaluate(
      async (count) => encoderPage.probe(await encoderPage.encode(encoderPage.testClip(64, 36, count, 24))),
      numFrames,
    );
    expect(stream.nb_frames).toBe(String(numFrames));
  }
});

test('an odd width and height lose their last column and row', async ({ page }) => {
  const stream = await page.evaluate(async () =>
    encoderPage.probe(await encoderPage.encode(encoderPage.testClip(67, 35, 2, 7))),
  );
  expect(stream).toMatchObject({ width: 66, height: 34 });
});

const refusals = [
  { change: { rgba: new Uint8Array(5) }, message: '2 frames of 64 by 36 pixels are 18432 bytes of RGBA, not 5.' },
  { change: { numFrames: 0 }, message: 'A clip has 1 to 100 frames, not 0.' },
  { change: { numFrames: 101 }, message: 'A clip has 1 to 100 frames, not 101.' },
  { change: { fps: 7.5 }, message: 'A clip has 1 to 60 whole frames per second, not 7.5.' },
  { change: { width: 1 }, message: "A clip's width and height are whole pixels, at least 2 by 2, not 1 by 36." },
];
for (const { change, message } of refusals) {
  test(`refused with a sentence: ${message}`, async ({ page }) => {
    const error = await page.evaluate(
      (wrong) =>
        encoderPage
          .encode({ ...encoderPage.testClip(64, 36, 2, 7), ...wrong })
          .catch(({ name, message }: Error) => ({ name, message })),
      change,
    );
    expect(error).toEqual({ name: 'EncodingError', message });
  });
}

test('what ffmpeg itself refuses is told in its own last words', async ({ page }) => {
  const error = await page.evaluate(() =>
    encoderPage.encode(encoderPage.testClip(16390, 2, 1, 7)).catch(({ name, message }: Error) => ({ name, message })),
  );
  expect(error).toMatchObject({ name: 'EncodingError' });
  expect(error).toMatchObject({ message: expect.stringMatching(/^ffmpeg could not encode the clip: .*\n.*16390x2/s) });
});

test('a core that cannot be fetched is an EncodingError, and the next clip works', async ({ page, context }) => {
  await context.route('**/ffmpeg-core*.wasm', (route) => route.abort());
  const error = await page.evaluate(() =>
    encoderPage.encode(encoderPage.testClip(64, 36, 2, 7)).catch(({ name }: Error) => ({ name })),
  );
  expect(error).toEqual({ name: 'EncodingError' });
  await context.unrouteAll();
  const mp4 = await page.evaluate(() => encoderPage.encode(encoderPage.testClip(64, 36, 2, 7)));
  expect(mp4.length).toBeGreaterThan(0);
});
