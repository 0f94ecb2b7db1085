import { create } from 'zustand';
import { persist } from 'zustand/middleware';

export const HUGGING_FACE = 'https://huggingface.co';

interface HubState {
  /** A read token of the user's account; '' without one. */
  readonly token: string;
  /** Whether the token may outlive this tab. */
  readonly remember: boolean;
  /** The host that models are fetched from; any other of the hub's layout will do. */
  readonly base: string;
  setToken(token: string): void;
  setRemember(remember: boolean): void;
  setBase(base: string): void;
}

/** Where models are downloaded from. The token is written to localStorage only where the user ticked that. */
export const useHub = create<HubState>()(
  persist(
    (set) => ({
      token: '',
      remember: false,
      base: HUGGING_FACE,
      setToken: (token) => set({ token: token.trim() }),
      setRemember: (remember) => set({ remember }),
      setBase: (base) => set({ base }),
    }),
    {
      name: 'stillmotion.hub',
      version: 1,
      partialize: ({ token, remember, base }) => ({ base, ...(remember && { token, remember }) }),
      merge: (saved, current) => {
        const { token, remember, base } = (saved ?? {}) as { token?: unknown; remember?: unknown; base?: unknown };
        return {
          ...current,
          ...(typeof base === 'string' && { base }),
          ...(remember === true && typeof token === 'string' && { token, remember }),
        };
      },
    },
  ),
);

/** What is wrong with a base address, in a sentence; undefined for one that can be asked. */
export function baseFault(base: string): string | undefined {
  const url = URL.parse(base);
  // A token must not cross a network in the clear; this machine's own servers are no network.
  const safe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && /^(localhost|127\.0\.0\.1)$/.test(url.hostname));
  return safe ? undefined : 'Give an address that begins with https://, such as https://huggingface.co.';
}
