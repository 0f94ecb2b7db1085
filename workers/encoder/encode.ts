import wasmUrl from '@ffmpeg/core/wasm?url';
import coreUrl from '@ffmpeg/core?url';
import { FFmpeg } from '@ffmpeg/ffmpeg';
import type { Frames } from '../inference/api';

/** Words to write into the file; `title` and `comment` are what players and file managers show. */
export interface Tags {
  readonly title?: string;
  readonly comment?: string;
}

/** The clip could not be encoded; the message is a sentence for people, with ffmpeg's last lines where it spoke. */
export class EncodingError extends Error {
  override readonly name = 'EncodingError';
}

/** ffmpeg's wasm has 32 MB, and its first load may come over a slow line. */
const LOAD_TIMEOUT_SECONDS = 120;

const INPUT = 'frames.rgba';
const OUTPUT = 'clip.mp4';

/**
 * Encodes a clip as MP4: H.264 of yuv420p in bt709 and TV range, faststart. The same frames and tags give the same bytes.
 * 4:2:0 holds even sizes only, so an odd width or height loses its last column or row. Takes `frames.rgba` over: its
 * buffer is detached afterwards.
 *
 * @throws EncodingError if the frames are not a clip (1 to 100 frames, 1 to 60 frames per second, whole numbers), if
 *   ffmpeg does not start, or if it fails
 */
export async function encodeMp4(frames: Frames, tags: Tags): Promise<Uint8Array<ArrayBuffer>> {
  checkFrames(frames);
  const log: string[] = [];
  const ffmpeg = new FFmpeg();
  ffmpeg.on('log', ({ message }) => {
    // Emscripten's farewell, after success too.
    if (message !== 'Aborted()') log.push(message);
  });
  try {
    await load(ffmpeg);
    await ffmpeg.writeFile(INPUT, frames.rgba);
    const status = await ffmpeg.exec(ffmpegArguments(frames, tags));
    if (status !== 0) throw new Error(`it ended with status ${status}`);
    return (await ffmpeg.readFile(OUTPUT)) as Uint8Array<ArrayBuffer>;
  } catch (error) {
    if (error instanceof EncodingError) throw error;
    // @ffmpeg/ffmpeg rejects with strings as often as with errors.
    const reason = error instanceof Error ? error.message : String(error);
    throw new EncodingError([`ffmpeg could not encode the clip: ${reason}.`, ...log.slice(-5)].join('\n'));
  } finally {
    // Wasm memory never shrinks: a fresh ffmpeg for each clip (0.25 s) gives it back.
    ffmpeg.terminate();
  }
}

function checkFrames({ width, height, numFrames, fps, rgba }: Frames): void {
  const isWithin = (value: number, low: number, high: number) =>
    Number.isInteger(value) && value >= low && value <= high;
  if (!isWithin(width, 2, Number.MAX_SAFE_INTEGER) || !isWithin(height, 2, Number.MAX_SAFE_INTEGER)) {
    throw new EncodingError(`A clip's width and height are whole pixels, at least 2 by 2, not ${width} by ${height}.`);
  }
  if (!isWithin(numFrames, 1, 100)) throw new EncodingError(`A clip has 1 to 100 frames, not ${numFrames}.`);
  if (!isWithin(fps, 1, 60)) throw new EncodingError(`A clip has 1 to 60 whole frames per second, not ${fps}.`);
  const expected = numFrames * height * width * 4;
  if (rgba.length !== expected) {
    throw new EncodingError(
      `${numFrames} frames of ${width} by ${height} pixels are ${expected} bytes of RGBA, not ${rgba.length}.`,
    );
  }
}

/** Loads the core, or gives up: if its worker's script fails, `load` never settles. */
async function load(ffmpeg: FFmpeg): Promise<void> {
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    const message = `ffmpeg did not start within ${LOAD_TIMEOUT_SECONDS} seconds. Reload the page and try again.`;
    watchdog = setTimeout(() => reject(new EncodingError(message)), LOAD_TIMEOUT_SECONDS * 1000);
  });
  try {
    await Promise.race([ffmpeg.load({ coreURL: coreUrl, wasmURL: wasmUrl }), silence]);
  } finally {
    clearTimeout(watchdog);
  }
}

function ffmpegArguments({ width, height, fps }: Frames, { title, comment }: Tags): string[] {
  return [
    ...['-f', 'rawvideo', '-pix_fmt', 'rgba', '-video_size', `${width}x${height}`, '-framerate', `${fps}`, '-i', INPUT],
    // Without out_color_matrix the scaler would convert to bt601, whatever the tags below say.
    ...['-vf', 'crop=trunc(iw/2)*2:trunc(ih/2)*2,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18'],
    ...['-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709', '-color_range', 'tv'],
    ...(title === undefined ? [] : ['-metadata', `title=${title}`]),
    ...(comment === undefined ? [] : ['-metadata', `comment=${comment}`]),
    ...['-movflags', '+faststart+use_metadata_tags', '-fflags', '+bitexact', OUTPUT],
  ];
}
