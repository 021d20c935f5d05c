/** The few HTTP requests of the client; refusals are RequestErrors as on the socket. */
import { isWireError, notConnected, RequestError } from './errors.ts';
import type { CallList } from './wire.gen.ts';

export async function fetchEndedCalls(
  url: string,
  token: string,
  agentId: string,
  signal?: AbortSignal,
): Promise<CallList> {
  const query = new URLSearchParams({ status: 'ended', agent_id: agentId });
  return getJson<CallList>(`${url}/v1/calls?${query}`, token, signal);
}

async function getJson<T>(url: string, token: string, signal?: AbortSignal): Promise<T> {
  let response: Response;
  try {
    const headers = { authorization: `Bearer ${token}` };
    response = await fetch(url, { headers, ...(signal && { signal }) });
  } catch {
    throw notConnected();
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body as T;
  const error = typeof body === 'object' && body && 'error' in body ? body.error : body;
  if (isWireError(error)) throw new RequestError(error);
  const message = `${response.status} from ${new URL(response.url || url).pathname}`;
  throw new RequestError({ code: 'internal', message, retryable: response.status >= 500 });
}
