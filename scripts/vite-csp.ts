import type { Plugin } from 'vite';

/**
 * What the built page may load: its own files, and nothing of any other host. Written into the page, since a static host
 * sends no headers. The development server goes without: React's refresh needs an inline script.
 */
const POLICY = [
  "default-src 'none'",
  // ONNX Runtime and ffmpeg are WebAssembly.
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
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
