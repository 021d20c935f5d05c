// @vitest-environment node
/** The desk where there is no browser: imported and rendered, and nothing is opened. */
import net from 'node:net';
import { StrictMode, type ReactNode } from 'react';
import { renderToReadableStream, renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { App } from '../src/App.tsx';

const page = (path: string): ReactNode => (
  <StrictMode>
    <App search="?agent=agent-7" path={path} />
  </StrictMode>
);

beforeEach(() => {
  vi.spyOn(net.Socket.prototype, 'connect');
  vi.spyOn(globalThis, 'fetch');
});

afterEach(() => {
  expect(net.Socket.prototype.connect).not.toHaveBeenCalled();
  expect(globalThis.fetch).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

it('is rendered as it stands before its first connection', () => {
  expect(typeof document).toBe('undefined');
  const html = renderToString(page('/'));
  for (const said of ['agent-7', 'Connecting…', 'Not connected yet']) expect(html).toContain(said);
});

it('is rendered for supervisors too, who load the wall later', async () => {
  const stream = await renderToReadableStream(page('/supervisor'));
  await stream.allReady;
  expect(await new Response(stream).text()).toContain('Calls of all agents');
});
