import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App';
import { useApiHost } from './store/api-host';
import { useEngine } from './store/engine';

// Reads the model's configs and chooses the backend at once: the form needs both, and neither needs a picture.
// A failure is the engine's state, which the page shows.
useEngine
  .getState()
  .open()
  .catch(() => {});

void useApiHost.getState().start();

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root.');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
