import type { ActiveModel, Animator } from '../api/deps';
import { blurPicture, openPicture } from '../clients/picture';
import { fetchPicture } from '../clients/web-picture';
import { titleOf } from './active-model';
import { useEngine } from './engine';
import { inGpuTurn } from './gpu';
import { makeMp4, readyEngine } from './make-mp4';
import { SAMPLES, sampleUrl } from './picture';
import { overallFraction } from './progress';

/** Makes the clips of REST clients with the model in use, in turn with the user's own. */
export const apiAnimator: Animator = {
  async model(): Promise<ActiveModel> {
    const { engine, open } = useEngine.getState();
    if (engine.state !== 'ready') await open();
    const { id, model } = readyEngine();
    return { id, title: titleOf(id), sizes: model.sizes, defaults: model.defaults };
  },

  openPicture: async (picture) => (await openPicture(picture, 'image')).blob,

  async samplePicture() {
    const [sample] = SAMPLES;
    const response = sample && (await fetch(sampleUrl(sample)).catch(() => undefined));
    if (!response?.ok) throw new Error('The sample picture could not be loaded. Send a picture.');
    return response.blob();
  },

  fetchPicture,

  animate: (picture, settings, blurred, onProgress) =>
    inGpuTurn('api', async () => {
      onProgress(0);
      await useEngine.getState().open();
      const blob = blurred ? await blurPicture(picture) : picture;
      return makeMp4(
        { name: 'image', blob },
        settings,
        (working) => {
          if (working.stage !== 'notice') onProgress(overallFraction(working));
        },
        // Nobody cancels it: who asked may have hung up, and finds the clip all the same.
        new AbortController().signal,
      );
    }),
};
