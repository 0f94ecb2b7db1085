import { RELAY_PATH, TAKEN } from '../api/relay-messages';
import { answerRelay } from './relay-session';

/** Whether programs outside the browser are answered: none where this server has no relay, taken by another browser. */
export type RelayState = 'none' | 'connecting' | 'connected' | 'taken';

/** Hosts that `npm start` and `npm run dev` serve at. Elsewhere nothing is asked for. */
const OWN_HOSTS = new Set(['127.0.0.1', 'localhost']);
/** Milliseconds before it is tried again. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 15_000;

/** Offers this page to the relay of the server that it came from, if there is one, and again whenever that comes back. */
export async function offerToRelay(
  answer: (request: Request) => Promise<Response>,
  onState: (state: RelayState) => void,
): Promise<void> {
  if (!OWN_HOSTS.has(location.hostname)) return onState('none');
  const response = await fetch(RELAY_PATH).catch(() => undefined);
  if (response?.status !== 204) return onState('none');
  let wait = FIRST_WAIT;
  const connect = () => {
    const socket = new WebSocket(new URL(RELAY_PATH, location.href.replace(/^http/, 'ws')));
    socket.binaryType = 'arraybuffer';
    answerRelay(socket, answer);
    socket.addEventListener('open', () => {
      wait = FIRST_WAIT;
      onState('connected');
    });
    socket.addEventListener('close', ({ code }) => {
      onState(code === TAKEN ? 'taken' : 'connecting');
      if (code === TAKEN) wait = LONGEST_WAIT;
      setTimeout(connect, wait);
      wait = Math.min(2 * wait, LONGEST_WAIT);
    });
  };
  onState('connecting');
  connect();
}
