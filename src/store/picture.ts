import { create } from 'zustand';
import { type OpenedPicture, openPicture } from '../clients/picture';

export interface ChosenPicture extends OpenedPicture {
  /** Shows the picture; revoked when another takes its place. */
  readonly url: string;
}

export interface Sample {
  readonly file: string;
  readonly title: string;
}

/** Drawn by scripts/draw-samples.ts. */
export const SAMPLES: readonly Sample[] = [
  { file: 'lake.png', title: 'Lake at dusk' },
  { file: 'meadow.png', title: 'Meadow' },
  { file: 'candle.png', title: 'Candle' },
];

export const sampleUrl = ({ file }: Sample) => `${import.meta.env.BASE_URL}samples/${file}`;

interface PictureState {
  readonly picture: ChosenPicture | null;
  /** A file is being read. */
  readonly reading: boolean;
  /** What went wrong, or what should be known, about the last files; the picture is as it was when it is an error. */
  readonly notice: { readonly kind: 'error' | 'info'; readonly text: string } | null;
  /** Takes the first picture among the files. */
  chooseFiles(files: readonly File[]): Promise<void>;
  chooseSample(sample: Sample): Promise<void>;
  complain(text: string): void;
  dismiss(): void;
}

export const usePicture = create<PictureState>()((set, get) => {
  /** The files may come faster than they are read: only the last one counts. */
  let latest = 0;

  async function choose(read: () => Promise<OpenedPicture>, info?: string) {
    const turn = ++latest;
    set({ reading: true, notice: null });
    try {
      const opened = await read();
      if (turn !== latest) return;
      const previous = get().picture;
      set({
        picture: { ...opened, url: URL.createObjectURL(opened.blob) },
        notice: info ? { kind: 'info', text: info } : null,
      });
      if (previous) URL.revokeObjectURL(previous.url);
    } catch (error) {
      if (turn === latest) get().complain((error as Error).message);
    } finally {
      if (turn === latest) set({ reading: false });
    }
  }

  return {
    picture: null,
    reading: false,
    notice: null,

    async chooseFiles(files) {
      const file = files.find(({ type }) => type.startsWith('image/')) ?? files[0];
      if (!file) return get().complain('That held no file. Drop, paste or choose a picture file.');
      const info =
        files.length > 1 ? `One picture at a time: of ${files.length} files, “${file.name}” was taken.` : undefined;
      await choose(() => openPicture(file, file.name), info);
    },

    async chooseSample(sample) {
      await choose(async () => {
        const response = await fetch(sampleUrl(sample)).catch(() => undefined);
        if (!response?.ok) throw new Error('The sample could not be loaded. Check the connection, then try again.');
        return openPicture(await response.blob(), sample.title);
      });
    },

    complain: (text) => set({ notice: { kind: 'error', text } }),
    dismiss: () => set({ notice: null }),
  };
});
