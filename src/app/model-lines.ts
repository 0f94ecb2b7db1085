import type { ModelId } from '../store/active-model';

/** What each model is, in a line, and what it weighs before it is here. */
export const MODEL_LINES: Readonly<Record<ModelId, { readonly line: string; readonly weight: string }>> = {
  'svd-nano': {
    line: 'Comes with the page and runs anywhere. It knows one motion: light and shade that pass over the picture.',
    weight: '',
  },
  svd: {
    line: 'Stability AI’s Stable Video Diffusion: 14 frames of 1024 × 576.',
    weight: 'About 4.5 GB',
  },
  'svd-xt': {
    line: 'The same, trained on for 25 frames of 1024 × 576: the one most people mean.',
    weight: 'About 4.5 GB',
  },
  'svd-xt-1-1': {
    line: 'SVD-XT trained on at one setting, 6 frames a second and motion 127, for steadier clips.',
    weight: 'About 4.5 GB',
  },
  'animatelcm-svd': {
    line: 'SVD-XT in 2 to 8 steps instead of 25, without guidance. A UNet alone: it borrows the rest from an SVD model.',
    weight: 'About 3 GB',
  },
};
