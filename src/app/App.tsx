import './theme.css';
import './App.css';
import { useEffect, useRef } from 'react';
import { AnimatePage } from './AnimatePage';
import { ApiPage } from './ApiPage';
import { Footer } from './Footer';
import { Masthead } from './Masthead';
import { ModelsPage } from './ModelsPage';
import { type PageId, usePage } from './page';
import { usePageDrop } from './usePageDrop';
import { useTitle } from './useTitle';

export function App() {
  const page = usePage();
  useTitle(page);
  const dragging = usePageDrop(page);
  useFocusOnReturn(page);
  return (
    <>
      <Masthead />
      {/* Hidden, not gone: a clip goes on playing and a form stays open while the user looks at the models. */}
      <AnimatePage hidden={page !== 'animate'} dragging={dragging !== null} />
      {page === 'models' && <ModelsPage dragging={dragging} />}
      {page === 'api' && <ApiPage />}
      <Footer />
    </>
  );
}

/** Going back to the first page moves focus there too; its `main` was hidden and could not do it itself. */
function useFocusOnReturn(page: PageId) {
  const before = useRef(page);
  useEffect(() => {
    if (before.current !== page && page === 'animate') document.querySelector('main')?.focus({ preventScroll: true });
    before.current = page;
  }, [page]);
}
