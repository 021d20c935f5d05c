/** Where a token comes from, and who is not asked and not listened to. */
import { UnauthorizedError } from '@earshot/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findSource, SilentError, type Way } from '../src/obtainToken.ts';

const CRM = 'https://crm.example';
const TOKEN = `e30.${btoa(JSON.stringify({ sub: 'ann' }))}.x`;
const NEVER = new AbortController().signal;
const asked: { path: string; init: RequestInit | undefined }[] = [];
let session: Response | null = null;

function serve(way: Way): void {
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => {
    asked.push({ path, init });
    if (path === '/sign-in/way') return Promise.resolve(Response.json(way));
    const body = { token: `page~${asked.length}`, agent_id: 'ann' };
    return Promise.resolve(session ?? Response.json(body));
  });
}

beforeEach(() => {
  asked.length = 0;
  session = null;
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('a session', () => {
  it('gives the first token once, and then new ones, with the header no other site can send', async () => {
    serve({ way: 'sign_in', embedders: [] });
    const source = await findSource();
    expect(source).toMatchObject({ way: 'sign_in', agentId: 'ann' });
    expect(await source.getToken?.({ reason: 'initial', signal: NEVER })).toBe('page~2');
    expect(await source.getToken?.({ reason: 'expired', signal: NEVER })).toBe('page~3');
    expect(asked[1]?.init).toMatchObject({ method: 'POST', headers: { 'x-earshot-page': '1' } });
    expect(asked.every(({ path }) => !path.includes('~'))).toBe(true);
  });

  it('that is over asks for a person, and a server that fails does not', async () => {
    serve({ way: 'sign_in', embedders: [] });
    const source = await findSource();
    session = new Response('{}', { status: 401 });
    const expired = { reason: 'expired', signal: NEVER } as const;
    await expect(source.getToken?.(expired)).rejects.toBeInstanceOf(UnauthorizedError);
    session = new Response('{}', { status: 503 });
    await expect(source.getToken?.(expired)).rejects.not.toBeInstanceOf(UnauthorizedError);
  });
});

describe('without sign-in', () => {
  it('the desk hears what to configure', async () => {
    serve({ way: 'none', embedders: [], message: 'set sign_in.issuer' });
    expect(await findSource()).toMatchObject({ way: 'none', message: 'set sign_in.issuer' });
  });
});

describe('in a frame', () => {
  const around = { postMessage: vi.fn() };

  beforeEach(() => {
    around.postMessage.mockReset();
    vi.spyOn(window, 'parent', 'get').mockReturnValue(around as unknown as Window & typeof globalThis);
    serve({ way: 'none', embedders: [CRM] });
  });

  function say(origin: string, source: unknown, more: object = {}): void {
    const [question] = around.postMessage.mock.calls.at(-1) as [{ id: string }];
    const data = { type: 'earshot:token', id: question.id, token: TOKEN, ...more };
    window.dispatchEvent(new MessageEvent('message', { data, origin, source: source as Window }));
  }

  it('the page around it gives the token, if the server named its origin', async () => {
    const found = findSource();
    await vi.waitFor(() => expect(around.postMessage).toHaveBeenCalled());
    expect(around.postMessage.mock.calls[0]?.[1]).toBe(CRM);
    say('https://evil.example', around, { token: 'e30.e30.evil' });
    say(CRM, window, { token: 'e30.e30.evil' });
    say(CRM, around, { id: 'another', token: 'e30.e30.evil' });
    say(CRM, around);
    const source = await found;
    expect(source).toMatchObject({ way: 'embedded', agentId: 'ann' });
    expect(await source.getToken?.({ reason: 'initial', signal: NEVER })).toBe(TOKEN);
  });

  it('an answer without a token says that nobody is signed in', async () => {
    const found = findSource();
    await vi.waitFor(() => expect(around.postMessage).toHaveBeenCalled());
    say(CRM, around, { token: undefined, error: 'signed-out' });
    await expect(found).rejects.toBeInstanceOf(UnauthorizedError);
  });

  it('silence is another thing than an answer', async () => {
    vi.useFakeTimers();
    try {
      const found = expect(findSource()).rejects.toBeInstanceOf(SilentError);
      await vi.advanceTimersByTimeAsync(10_000);
      await found;
    } finally {
      vi.useRealTimers();
    }
  });
});
