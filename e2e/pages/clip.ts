import { encodeMp4 } from '../../src/clients/encoder';
import { generate, openModel } from '../../src/clients/inference';
import { siteModel } from '../../src/clients/models';
import { cropPicture, openPicture } from '../../src/clients/picture';
import type { Settings } from '../../src/pipelines/settings';
import type { Progress } from '../../workers/inference/api';

/** Something that happened on the way to a clip, and when, in seconds from the start. */
export interface Mark {
  readonly at: number;
  readonly what: 'opened' | 'frames' | 'mp4' | Progress;
}

/** One clip made as the app makes it, by its own clients and workers without the app around them; every mark on the way. */
async function makeClip(pictureUrl: string, chosen: Partial<Settings>) {
  const start = performance.now();
  const marks: Mark[] = [];
  const mark = (what: Mark['what']) => void marks.push({ at: (performance.now() - start) / 1000, what });
  const { signal } = new AbortController();

  const source = await siteModel();
  const { backend, model } = await openModel(source);
  mark('opened');
  const settings = { ...model.defaults, ...chosen };
  const picture = await openPicture(await (await fetch(pictureUrl)).blob(), pictureUrl);
  const frames = await generate(source, await cropPicture(picture, settings), settings, mark, signal);
  mark('frames');
  const mp4 = await encodeMp4(frames, {}, signal);
  mark('mp4');
  return { backend, model, settings, marks, bytes: mp4.size };
}

const clipPageApi = { makeClip };
declare global {
  var clipPage: typeof clipPageApi;
}
globalThis.clipPage = clipPageApi;
