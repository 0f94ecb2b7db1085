import type { Plugin, PreviewServer, ViteDevServer } from 'vite';
import { Relay } from './relay.ts';

/** Lets programs on this machine call the REST APIs that the open tab answers: `npm start` and `npm run dev` relay them. */
export function restRelay(): Plugin {
  const attach = ({ httpServer, middlewares }: PreviewServer | ViteDevServer) => {
    if (!httpServer) return;
    const relay = new Relay();
    httpServer.on('upgrade', (request, socket, head) => relay.upgrade(request, socket, head));
    middlewares.use((request, response, next) => {
      if (!relay.handle(request, response)) next();
    });
  };
  return { name: 'stillmotion-rest-relay', configureServer: attach, configurePreviewServer: attach };
}
