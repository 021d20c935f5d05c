/** A desk in a frame: what it shows while the page around it has nobody signed in. */
import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Entrance } from '../src/Entrance.tsx';
import { connected, serveEachTest, server, until } from './harness.tsx';

serveEachTest();

const CRM = 'https://crm.example';
const TOKEN = `e30.${btoa(JSON.stringify({ sub: 'ann' }))}.x`;
const around = { postMessage: vi.fn() };
/** What the page around answers; undefined: nothing. */
let answer: { token?: string; error?: string } | undefined;

beforeEach(() => {
  answer = { error: 'signed-out' };
  server.ways = { way: 'none', embedders: [CRM] };
  around.postMessage.mockReset().mockImplementation((question: { id: string }) => {
    if (answer) tell({ type: 'earshot:token', id: question.id, ...answer });
  });
  vi.spyOn(window, 'parent', 'get').mockReturnValue(around as unknown as Window & typeof globalThis);
});
afterEach(cleanup);

function tell(data: object): void {
  const event = { data, origin: CRM, source: around as unknown as Window };
  window.dispatchEvent(new MessageEvent('message', event));
}

describe('the page around the desk', () => {
  it('that says nobody is signed in is believed: no token is asked for', async () => {
    render(<Entrance search="" path="/" />);
    await screen.findByText('Nobody is signed in');
    expect(screen.queryByLabelText('Access token')).toBeNull();
    expect(server.handshakes).toHaveLength(0);
  });

  it('brings the desk back when it says that somebody is', async () => {
    render(<Entrance search="" path="/" />);
    await screen.findByText('Nobody is signed in');
    answer = { token: TOKEN };
    act(() => tell({ type: 'earshot:signed-in' }));
    await connected();
    expect(screen.getByTitle('Agent').textContent).toBe('ann');
  });

  it('is asked again when somebody comes back to the page', async () => {
    render(<Entrance search="" path="/" />);
    await screen.findByText('Nobody is signed in');
    answer = { token: TOKEN };
    act(() => void window.dispatchEvent(new Event('focus')));
    await connected();
  });

  it('that signs out while the desk works takes the desk away, and what was said with it', async () => {
    answer = { token: TOKEN };
    render(<Entrance search="" path="/" />);
    await connected();
    answer = { error: 'signed-out' };
    server.accepts = () => 'expired';
    act(() => server.close('expired'));
    await screen.findByText('Nobody is signed in');
    expect(screen.queryByRole('navigation')).toBeNull();
  });
});

describe('a server that does not answer', () => {
  it('is asked again, and nobody is asked for a token meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      server.ways = null;
      render(<Entrance search="" path="/" />);
      await screen.findByText('The server does not answer');
      server.ways = { way: 'development', embedders: [] };
      act(() => void vi.advanceTimersByTime(5_000));
    } finally {
      vi.useRealTimers();
    }
    await connected();
    await until(() => expect(screen.queryByText('The server does not answer')).toBeNull());
  });
});
