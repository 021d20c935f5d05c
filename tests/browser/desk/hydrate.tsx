/** The desk as a server renders it (in Node), and as a browser takes that over. */
import { StrictMode, type ReactNode } from 'react';
import { hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { App } from '../../../web/ui/desk/src/App.tsx';

const page = (search: string): ReactNode => (
  <StrictMode>
    <App search={search} path="/" />
  </StrictMode>
);

export const rendered = (search: string): string => renderToString(page(search));

declare global {
  interface Window {
    /** What React complained about. */
    mismatches: string[];
    /** An element of the server's that must still be there. */
    brand: Element | null;
  }
}

if (typeof document !== 'undefined') {
  const root = document.getElementById('desk')!;
  window.mismatches = [];
  window.brand = root.querySelector('.brand');
  hydrateRoot(root, page(location.search), {
    onRecoverableError: (problem) => window.mismatches.push(String(problem)),
  });
}
