import { useEffect, useState } from 'react';
import { isWorking, useGeneration } from '../store/generation';
import { usePicture } from '../store/picture';

/** Takes pictures that are dropped or pasted anywhere on the page. Returns whether something is being dragged over it. */
export function usePageDrop(): boolean {
  const [dragging, setDragging] = useState(false);

  useEffect(() => {
    const onDragOver = (event: DragEvent) => {
      // Words dragged into a field are none of ours.
      const types = event.dataTransfer?.types ?? [];
      if (!types.includes('Files') && !types.includes('text/uri-list')) return;
      // Without this the browser leaves the page and opens the file.
      event.preventDefault();
      setDragging(true);
    };
    const onDragLeave = (event: DragEvent) => {
      // Leaving one element for another is no leaving; only the page's edge has nothing beyond.
      if (!event.relatedTarget) setDragging(false);
    };
    const onDrop = (event: DragEvent) => {
      event.preventDefault();
      setDragging(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0) takeFiles(files);
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
  }, []);

  return dragging;
}

/** While a clip is made its picture stays in view; another one would belong to nothing on the page. */
export function takeFiles(files: readonly File[]) {
  const { chooseFiles, complain } = usePicture.getState();
  if (isWorking(useGeneration.getState().run))
    complain('A clip is being made. Cancel it or let it finish, then change the picture.');
  else void chooseFiles(files);
}
