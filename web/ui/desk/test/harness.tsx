/** The whole desk on a page whose origin is a real Socket.IO server. */
import { cleanup, configure, render, screen, waitFor } from '@testing-library/react';
import { StrictMode } from 'react';
import { afterEach, beforeEach, vi } from 'vitest';
import { UNTIL_MS } from '../../packages/client/test/harness.ts';
import type { FakeCall } from '../../packages/client/test/fakeCall.ts';
import { startFakeServer, type FakeServer } from '../../packages/client/test/fakeServer.ts';
import { App } from '../src/App.tsx';
import { loadSettings } from '../src/settings/settings.ts';

export let server: FakeServer;
let stop: () => Promise<void>;

// A machine that does other things too is no fault of the desk's.
configure({ asyncUtilTimeout: UNTIL_MS });

/** A page without layout has rows nevertheless: the transcript asks how tall its box is. */
const BOX_PX = 2_000;

/** In every file: a server before each test, nothing left after it. */
export function serveEachTest(): void {
  beforeEach(() => {
    for (const size of ['offsetHeight', 'clientHeight'] as const) {
      vi.spyOn(HTMLElement.prototype, size, 'get').mockImplementation(function (this: HTMLElement) {
        return this.classList.contains('row') ? 40 : BOX_PX;
      });
    }
    // A connection that was cut is away for a quarter of a second, never for no time at all.
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    localStorage.clear();
    sessionStorage.clear();
    loadSettings();
  });
  beforeEach(async () => {
    const started = await startFakeServer();
    ({ server, stop } = started);
    const { happyDOM } = window as unknown as { happyDOM: { setURL(url: string): void } };
    happyDOM.setURL(started.url);
  });
  afterEach(async () => {
    cleanup();
    vi.restoreAllMocks();
    await stop();
  });
}

export function open(search = ''): void {
  render(<App search={search} />, { wrapper: StrictMode });
}

export async function opened(): Promise<void> {
  open();
  await connected();
}

/** Connected, and the one HTTP request that follows is answered: nothing is left in the air. */
export async function connected(): Promise<void> {
  await screen.findByText('Connected');
  await until(() => {
    if (!server.requests.includes('/v1/calls')) throw new Error('no list of ended calls yet');
  });
}

export function until<T>(check: () => T): Promise<T> {
  return waitFor(check, { timeout: UNTIL_MS, interval: 5 });
}

export function callOf(
  id: string,
  customer: string,
  started_at = '2026-01-01T00:00:00.000Z',
): FakeCall {
  const call = server.call(id);
  call.status({ customer, started_at });
  return call;
}

export const main = (): HTMLElement => screen.getByRole('main');
export const list = (): HTMLElement => screen.getByRole('navigation', { name: 'Calls' });
