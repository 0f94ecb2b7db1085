import { create } from 'zustand';
import { createApi } from '../api/api';
import { DEFAULT_MIRROR } from '../api/deps';
import {
  type ApiKey,
  firstKey,
  jobRecords,
  keyRecords,
  meterRecord,
  readMirror,
  renewKey,
} from '../clients/api-records';
import { resultFiles } from '../clients/api-results';
import { offerToRelay, type RelayState } from '../clients/relay';
import { apiAnimator } from './api-animator';

/** Held by the tab that answers, for as long as it lives. */
const LOCK = 'stillmotion-api';
const LOGGED = 20;

/** A request that this tab was asked. */
export interface LoggedRequest {
  readonly number: number;
  readonly method: string;
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Of the answer; null until there is one. */
  readonly status: number | null;
  readonly milliseconds: number | null;
}

interface ApiHostState {
  /** Which tab of this browser answers: one at a time, and the next when that one is closed. */
  readonly answering: 'here' | 'elsewhere' | 'unknown';
  readonly relay: RelayState;
  readonly key: ApiKey | null;
  /** The last requests, the latest first. */
  readonly log: readonly LoggedRequest[];
  /** Why nothing is answered, in a sentence. */
  readonly fault: string | null;
  /** Answers REST requests from when no other tab does. Never rejects. */
  start(): Promise<void>;
  /** Makes another key; the old one is refused from now on. */
  renew(): Promise<void>;
}

export const useApiHost = create<ApiHostState>()((set, get) => {
  let count = 0;

  async function logged(request: Request, answer: (request: Request) => Promise<Response>): Promise<Response> {
    const number = ++count;
    const at = Date.now();
    const entry = { number, method: request.method, path: new URL(request.url).pathname, at };
    const note = (status: number | null) => {
      const milliseconds = status === null ? null : Date.now() - at;
      const others = get().log.filter((other) => other.number !== number);
      const log = [...others, { ...entry, status, milliseconds }].sort((a, b) => b.number - a.number);
      set({ log: log.slice(0, LOGGED) });
    };
    note(null);
    const response = await answer(request);
    note(response.status);
    return response;
  }

  /** While the lock is held. */
  async function host(): Promise<void> {
    const answer = createAnswer();
    set({ answering: 'here' });
    await offerToRelay(
      (request) => logged(request, answer),
      (relay) => set({ relay }),
    );
  }

  return {
    answering: 'unknown',
    relay: 'none',
    key: null,
    log: [],
    fault: null,

    async start() {
      try {
        set({ key: await firstKey() });
        const { held } = await navigator.locks.query();
        if (held?.some(({ name }) => name === LOCK)) set({ answering: 'elsewhere' });
        await navigator.locks.request(LOCK, async () => {
          await host();
          // The lock goes with the tab.
          await new Promise(() => {});
        });
      } catch (error) {
        set({ fault: `This browser does not let the page answer REST requests. (${(error as Error).message})` });
      }
    },

    async renew() {
      const { key } = get();
      if (key) set({ key: await renewKey(key) });
    },
  };
});

/** The APIs on this browser's stores and GPU. */
function createAnswer(): (request: Request) => Promise<Response> {
  let mirror = DEFAULT_MIRROR;
  const answer = createApi({
    jobs: jobRecords,
    results: resultFiles,
    keys: keyRecords,
    meter: meterRecord,
    animator: apiAnimator,
    mirror: () => mirror,
    now: Date.now,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  });
  return async (request) => {
    // Any tab may have changed them.
    mirror = await readMirror().catch(() => mirror);
    return answer(request);
  };
}
