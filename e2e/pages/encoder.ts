import wasmUrl from '@ffmpeg/core/wasm?url';
import coreUrl from '@ffmpeg/core?url';
import { FFmpeg } from '@ffmpeg/ffmpeg';
import { transfer, wrap } from 'comlink';
import type { EncoderApi } from '../../workers/encoder/api';
import type { Frames } from '../../workers/inference/api';

/**
 * The encoder worker without the app around it. `testClip` draws, `encode` is the worker's own call, `probe` and `decode`
 * read an MP4 back with ffmpeg.
 */
const encoder = wrap<EncoderApi>(
  new Worker(new URL('../../workers/encoder/index.ts', import.meta.url), { type: 'module' }),
);

/** Red grows to the right, green downwards, blue with time: no frame resembles its neighbour turned, flipped or swapped. */
function testClip(width: number, height: number, numFrames: number, fps: number): Frames {
  const rgba = new Uint8Array(numFrames * height * width * 4);
  for (let i = 0; i < rgba.length; i += 4) {
    const pixel = i / 4;
    const x = pixel % width;
    const y = Math.floor(pixel / width) % height;
    const frame = Math.floor(pixel / (width * height));
    rgba.set([(255 * x) / width, (255 * y) / height, (255 * (frame + 1)) / (numFrames + 1), 255], i);
  }
  return { width, height, numFrames, fps, rgba };
}

function encode(frames: Frames, tags: { title?: string; comment?: string } = {}): Promise<Uint8Array<ArrayBuffer>> {
  return encoder.encodeMp4(transfer(frames, [frames.rgba.buffer]), tags);
}

/** What ffprobe says of the file's one stream. */
async function probe(mp4: Uint8Array): Promise<Record<string, string | number>> {
  const json = await withFFmpeg(mp4, 'out.json', (ffmpeg) =>
    ffmpeg.ffprobe(['-v', 'error', '-show_streams', '-of', 'json', 'clip.mp4', '-o', 'out.json']),
  );
  return JSON.parse(new TextDecoder().decode(json)).streams[0];
}

/** The frames as RGBA, one after the other. */
function decode(mp4: Uint8Array): Promise<Uint8Array> {
  return withFFmpeg(mp4, 'out.rgba', (ffmpeg) =>
    ffmpeg.exec(['-i', 'clip.mp4', '-f', 'rawvideo', '-pix_fmt', 'rgba', 'out.rgba']),
  );
}

async function withFFmpeg(mp4: Uint8Array, output: string, job: (ffmpeg: FFmpeg) => Promise<number>) {
  const ffmpeg = new FFmpeg();
  await ffmpeg.load({ coreURL: coreUrl, wasmURL: wasmUrl });
  await ffmpeg.writeFile('clip.mp4', mp4.slice());
  await job(ffmpeg);
  const bytes = (await ffmpeg.readFile(output)) as Uint8Array;
  ffmpeg.terminate();
  return bytes;
}

const encoderPageApi = { testClip, encode, probe, decode };
declare global {
  var encoderPage: typeof encoderPageApi;
}
globalThis.encoderPage = encoderPageApi;
