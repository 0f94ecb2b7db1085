import { useEffect, useState } from 'react';
import type { KnownModelId } from '../checkpoints/known-models';
import { droppedFiles, type LocalChoice } from '../clients/local-files';
import { looksLikeModel } from '../clients/model-drop';
import { isWorking, useGeneration } from '../store/generation';
import { useIncoming } from '../store/incoming';
import { usePicture } from '../store/picture';
import { goTo, type PageId } from './page';

/** Something is being dragged over the page, perhaps over a model's card. */
export interface Dragging {
  readonly over: string | undefined;
}

/** Takes pictures and model files that are dropped anywhere on any page, and pictures that are pasted. */
export function usePageDrop(page: PageId): Dragging | null {
  const [dragging, setDragging] = useState<Dragging | null>(null);

  useEffect(() => {
    const onDragOver = (event: DragEvent) => {
      // Words dragged into a field are none of ours.
      const types = event.dataTransfer?.types ?? [];
      if (!types.includes('Files') && !types.includes('text/uri-list')) return;
      // Without this the browser leaves the page and opens the file.
      event.preventDefault();
      const over = cardUnder(event);
      setDragging((before) => (before && before.over === over ? before : { over }));
    };
    const onDragLeave = (event: DragEvent) => {
      // Leaving one element for another is no leaving; only the page's edge has nothing beyond.
      if (!event.relatedTarget) setDragging(null);
    };
    const onDrop = (event: DragEvent) => {
      event.preventDefault();
      setDragging(null);
      const transfer = event.dataTransfer;
      if (transfer?.types.includes('Files')) void takeDrop(droppedFiles(transfer), page, cardUnder(event));
      else usePicture.getState().complain('That was no file. Save the picture first, then drop the file here.');
    };
    const onPaste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      const intoField = event.target instanceof HTMLInputElement;
      if (files.length > 0) takeFiles(files);
      else if (!intoField)
        usePicture.getState().complain('The clipboard holds no picture. Copy one, then paste again.');
    };

    window.addEventListener('dragover', onDragOver);
    window.addEventListener('dragleave', onDragLeave);
    window.addEventListener('drop', onDrop);
    window.addEventListener('paste', onPaste);
    return () => {
      window.removeEventListener('dragover', onDragOver);
      window.removeEventListener('dragleave', onDragLeave);
      window.removeEventListener('drop', onDrop);
      window.removeEventListener('paste', onPaste);
    };
  }, [page]);

  return dragging;
}

/** A picture goes to the stage and a model to the models, whichever page it was dropped on. */
async function takeDrop(dropped: Promise<LocalChoice[]>, page: PageId, card: string | undefined) {
  const choices = await dropped.catch((error: Error) => error);
  if (choices instanceof Error) return usePicture.getState().complain(choices.message);
  const pictures = choices.every(({ file }) => file.type.startsWith('image/'));
  if (page === 'models' ? !pictures : await looksLikeModel(choices)) {
    goTo('models');
    await useIncoming.getState().look(Promise.resolve(choices), card as KnownModelId | undefined);
  } else {
    goTo('animate');
    takeFiles(choices.map(({ file }) => file));
  }
}

/** The model whose card the pointer is over. */
const cardUnder = ({ target }: DragEvent): string | undefined =>
  target instanceof Element ? target.closest<HTMLElement>('[data-model]')?.dataset.model : undefined;

/** While a clip is made its picture stays in view; another one would belong to nothing on the page. */
export function takeFiles(files: readonly File[]) {
  const { chooseFiles, complain } = usePicture.getState();
  if (isWorking(useGeneration.getState().run))
    complain('A clip is being made. Cancel it or let it finish, then change the picture.');
  else void chooseFiles(files);
}
