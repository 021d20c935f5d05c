/**
 * Where this desk's token comes from, by what the server says of itself: a session of somebody
 * who signed in, the page around this one (a CRM that frames the desk), or, in development, the
 * server. docs/sign-in.md describes all three. Nothing is kept: each token is asked for anew.
 */
import { UnauthorizedError, type createClient } from '@earshot/client';
import { subjectOf } from './claims.ts';

export type GetToken = Parameters<typeof createClient>[0]['getToken'];

/** What `/sign-in/way` answers. */
export interface Way {
  way: 'sign_in' | 'development' | 'none';
  embedders: string[];
  message?: string;
}

/** `null` agent: the development server gives a token for any. */
export interface Source {
  way: Way['way'] | 'embedded';
  agentId: string | null;
  getToken: GetToken | null;
  message?: string;
}

const ANSWER_MS = 10_000; // of the page around this one

/** The page around this one was asked, and did not answer. */
export class SilentError extends Error {}

/** Asks once, when the page opens. A server that cannot say is taken for one in development. */
export async function findSource(signal?: AbortSignal): Promise<Source> {
  const way = await ask(signal);
  if (window.parent !== window && way.embedders.length > 0) {
    const getToken: GetToken = (context) => askAround(way.embedders, context);
    const asked = new AbortController();
    const token = await getToken({ reason: 'initial', signal: signal ?? asked.signal });
    return { way: 'embedded', agentId: subjectOf(token), getToken: first(token, getToken) };
  }
  if (way.way !== 'sign_in') {
    const source: Source = { way: way.way, agentId: null, getToken: null };
    return way.message === undefined ? source : { ...source, message: way.message };
  }
  const getToken: GetToken = async ({ signal: aborted }) => (await askSession(aborted)).token;
  try {
    const begun = await askSession(signal);
    return { way: 'sign_in', agentId: begun.agent_id, getToken: first(begun.token, getToken) };
  } catch (problem) {
    if (!(problem instanceof UnauthorizedError)) throw problem;
    return { way: 'sign_in', agentId: null, getToken };
  }
}

/** Ends the session; the browser goes where it may end it at the provider too. */
export async function signOut(): Promise<void> {
  const response = await fetch('/sign-out', { method: 'POST', headers: OWN_PAGE });
  if (!response.ok) throw new Error(`${response.status} from /sign-out`);
  window.location.assign(((await response.json()) as { at: string }).at);
}

const OWN_PAGE = { 'x-earshot-page': '1' };

async function ask(signal?: AbortSignal): Promise<Way> {
  const response = await fetch('/sign-in/way', signal ? { signal } : {});
  if (response.status >= 500) throw new Error(`${response.status} from /sign-in/way`);
  if (!response.ok) return { way: 'development', embedders: [] };
  return (await response.json()) as Way;
}

async function askSession(signal?: AbortSignal): Promise<{ token: string; agent_id: string }> {
  const response = await fetch('/sign-in/token', {
    method: 'POST',
    headers: OWN_PAGE,
    ...(signal ? { signal } : {}),
  });
  if (response.status === 401 || response.status === 403) throw new UnauthorizedError();
  if (!response.ok) throw new Error(`${response.status} from /sign-in/token`);
  return (await response.json()) as { token: string; agent_id: string };
}

/** Only the page around this one is asked, and only of an origin that the server named. */
function askAround(
  embedders: string[],
  { reason, signal }: Parameters<GetToken>[0],
): Promise<string> {
  const id = crypto.getRandomValues(new Uint32Array(4)).join('-'); // plain http has no randomUUID
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      window.removeEventListener('message', hear);
      signal.removeEventListener('abort', abort);
      clearTimeout(timer);
      settle();
    };
    const hear = (event: MessageEvent): void => {
      if (event.source !== window.parent || !embedders.includes(event.origin)) return;
      const said = event.data as { type?: unknown; id?: unknown; token?: unknown } | null;
      if (said?.type !== 'earshot:token' || said.id !== id) return;
      const { token } = said;
      end(() => (typeof token === 'string' ? resolve(token) : reject(new UnauthorizedError())));
    };
    const abort = (): void => end(() => reject(new Error('not wanted any more')));
    const late = (): void => end(() => reject(new SilentError('the page around this one is silent')));
    const timer = setTimeout(late, ANSWER_MS);
    window.addEventListener('message', hear);
    signal.addEventListener('abort', abort);
    for (const origin of embedders) {
      window.parent.postMessage({ type: 'earshot:get-token', id, reason }, origin);
    }
  });
}

/** The token that is there already, then new ones. */
function first(token: string, getToken: GetToken): GetToken {
  let unused: string | null = token;
  return (context) => {
    const given = unused;
    unused = null;
    return given !== null && context.reason === 'initial' ? Promise.resolve(given) : getToken(context);
  };
}
