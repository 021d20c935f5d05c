/** The few HTTP requests of the client; refusals are RequestErrors as on the socket. */
import { isWireError, notConnected, RequestError } from './errors.ts';

/** `path` begins with /v1. */
export async function getJson<T>(
  url: string,
  path: string,
  token: string,
  signal: AbortSignal,
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` }, signal });
  } catch {
    throw notConnected();
  }
  const body: unknown = await response.json().catch(() => null);
  if (response.ok) return body as T;
  const error = typeof body === 'object' && body && 'error' in body ? body.error : body;
  if (isWireError(error)) throw new RequestError(error);
  const message = `${response.status} from ${path.split('?')[0]}`;
  throw new RequestError({ code: 'internal', message, retryable: response.status >= 500 });
}
