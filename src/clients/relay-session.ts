import {
  type HeaderList,
  packBytes,
  type RelayedAnswer,
  type RelayedRequest,
  unpackBytes,
} from '../api/relay-messages';

/** The part of a WebSocket that is needed here; its `binaryType` must be "arraybuffer". */
interface Socket {
  send(message: string | Uint8Array<ArrayBuffer>): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
}

/**
 * Answers the requests that a relay sends over a WebSocket. What a client no longer waits for is answered all the same: the
 * server throws it away.
 */
export function answerRelay(socket: Socket, answer: (request: Request) => Promise<Response>): void {
  /** Those whose body has not come yet. */
  const heads = new Map<number, RelayedRequest>();
  socket.addEventListener('message', ({ data }) => {
    if (typeof data === 'string') {
      const head = JSON.parse(data) as RelayedRequest;
      heads.set(head.id, head);
      return;
    }
    const { id, bytes } = unpackBytes(new Uint8Array(data as ArrayBuffer));
    const head = heads.get(id);
    heads.delete(id);
    if (head) void reply(socket, head, bytes, answer);
  });
}

async function reply(
  socket: Socket,
  head: RelayedRequest,
  body: Uint8Array<ArrayBuffer>,
  answer: (request: Request) => Promise<Response>,
): Promise<void> {
  const tell = (message: RelayedAnswer) => socket.send(JSON.stringify(message));
  const { id } = head;
  try {
    const response = await answer(requestOf(head, body));
    const headers: [string, string][] = [];
    response.headers.forEach((value, name) => {
      headers.push([name, value]);
    });
    tell({ type: 'head', id, status: response.status, headers });
    for (const reader = response.body?.getReader(); reader; ) {
      const part = await reader.read();
      if (part.done) break;
      socket.send(packBytes(id, part.value));
    }
    tell({ type: 'end', id });
  } catch {
    tell({ type: 'broken', id });
  }
}

function requestOf({ method, url, headers }: RelayedRequest, body: Uint8Array<ArrayBuffer>): Request {
  const request = new Request(url, {
    method,
    ...(body.length > 0 && method !== 'GET' && method !== 'HEAD' && { body }),
  });
  // A page's own Request drops what pages may not send, Origin and Content-Length among them; but these were sent by others.
  Object.defineProperty(request, 'headers', { value: new Headers(headers as HeaderList & [string, string][]) });
  return request;
}
