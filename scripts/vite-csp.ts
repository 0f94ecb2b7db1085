import type { Plugin } from 'vite';

/**
 * What the built page may load: its own files, and of other hosts only what is fetched as data, at the user's word. Written
 * into the page, since a static host sends no headers. The development server goes without: React's refresh needs an inline
 * script.
 */
const POLICY = [
  "default-src 'none'",
  // ONNX Runtime and ffmpeg are WebAssembly.
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  // Models are fetched from any host of the hub's layout that the user names; hosts on this machine speak plain http.
  "connect-src 'self' https: http://127.0.0.1:* http://localhost:*",
  "img-src 'self' blob:",
  'media-src blob:',
  "style-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Adds the Content-Security-Policy to every page of a build. */
export function contentSecurityPolicy(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      { tag: 'meta', injectTo: 'head-prepend', attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY } },
    ],
  };
}
