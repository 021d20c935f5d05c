/** What the client asks by HTTP. Loaded with the first such question. */
import type { Tokens } from './tokens.ts';
import type { Ack, CallList, DocumentView, WireError } from './wire.gen.ts';

export function fetchDocument(
  url: string,
  tokens: Tokens,
  docId: string,
  signal?: AbortSignal,
): Promise<Ack<DocumentView>> {
  return getJson(url, tokens, `documents/${encodeURIComponent(docId)}`, signal);
}

export function fetchEnded(
  url: string,
  tokens: Tokens,
  agentId: string,
  signal?: AbortSignal,
): Promise<Ack<CallList>> {
  const query = new URLSearchParams({ status: 'ended', agent_id: agentId });
  return getJson(url, tokens, `calls?${query}`, signal);
}

/** What went wrong on the way is an Error as on the wire. Rejects as `getToken` does. */
async function getJson<T>(
  url: string,
  tokens: Tokens,
  path: string,
  signal = new AbortController().signal,
): Promise<Ack<T>> {
  const token = await tokens.get(signal);
  let response: Response;
  try {
    const headers = { authorization: `Bearer ${token}` };
    response = await fetch(`${url}/v1/${path}`, { headers, signal });
  } catch {
    return refused('not_connected', 'Not connected', true);
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return { ok: true, data: body as T };
  const error = (body as { error?: WireError } | null)?.error ?? (body as WireError | null);
  if (typeof error?.code === 'string') return { ok: false, error };
  return refused('internal', `${response.status} from /v1/${path.split('?')[0]}`, response.status >= 500);
}

function refused(code: string, message: string, retryable: boolean): Ack<never> {
  return { ok: false, error: { code, message, retryable } };
}
