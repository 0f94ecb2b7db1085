/**
 * How a request travels over the WebSocket between the server of `npm start` and the page that answers. Words go as JSON in
 * text messages, bytes as binary ones: the request's number (u32, big-endian), then the bytes.
 */

/** Where the page connects. Asked for without upgrade it is answered by 204, so that a page knows there is a relay. */
export const RELAY_PATH = '/relay';

/** Why the server closes the WebSocket of a page while another page, of another browser, answers. */
export const TAKEN = 4409;

export type HeaderList = readonly (readonly [name: string, value: string])[];

/** From the server; one binary message with the whole body follows, empty where there is none. */
export interface RelayedRequest {
  readonly id: number;
  readonly method: string;
  /** With the host that the client asked. */
  readonly url: string;
  readonly headers: HeaderList;
}

/** From the page: first the head, then the body in binary messages, then the end. */
export type RelayedAnswer =
  | { readonly type: 'head'; readonly id: number; readonly status: number; readonly headers: HeaderList }
  | { readonly type: 'end'; readonly id: number }
  /** The answer cannot be completed. */
  | { readonly type: 'broken'; readonly id: number };

export function packBytes(id: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(4 + bytes.length);
  new DataView(message.buffer).setUint32(0, id);
  message.set(bytes, 4);
  return message;
}

/** The bytes are a view of the message, not a copy. */
export function unpackBytes(message: Uint8Array<ArrayBuffer>): {
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
} {
  const id = new DataView(message.buffer, message.byteOffset, message.byteLength).getUint32(0);
  return { id, bytes: message.subarray(4) };
}
