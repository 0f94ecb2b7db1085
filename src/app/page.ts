import { useSyncExternalStore } from 'react';

/** The pages of the app, by the hash of their addresses: one document, so that a run goes on while the user looks around. */
export const PAGES = [
  { id: 'animate', hash: '#animate', label: 'Animate' },
  { id: 'models', hash: '#models', label: 'Models' },
  { id: 'api', hash: '#api', label: 'API' },
] as const;

export type PageId = (typeof PAGES)[number]['id'];

/** The page that the address names; no hash, and any other, is the first page's. */
export function usePage(): PageId {
  return useSyncExternalStore(onHashChange, pageOfAddress);
}

/** Goes to a page as a link would, so that the back button returns; nowhere from the page itself. */
export function goTo(id: PageId): void {
  const page = PAGES.find((page) => page.id === id);
  if (page && pageOfAddress() !== id) location.hash = page.hash;
}

function onHashChange(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

const pageOfAddress = (): PageId => PAGES.find(({ hash }) => hash === location.hash)?.id ?? 'animate';
