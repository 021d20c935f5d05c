/** The fake server's HTTP: only what the client and the desk ask for. */
import type { RequestListener } from 'node:http';
import type { FakeServer } from './fakeServer.ts';

/** The few HTTP requests a browser makes: how to sign in, tokens (unless there are none), ended calls. */
export function httpOf(server: () => FakeServer): RequestListener {
  return (request, response) => {
    const { tokens, calls, requests, ways } = server();
    const views = [...calls.values()].map((call) => call.view);
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const found: Record<string, unknown> = {
      ...(tokens && { '/v1/tokens': { token: 'development-token', expires_at } }),
      '/sign-in/way': ways ?? undefined,
      '/v1/calls': { calls: views.filter((call) => call.status === 'ended') },
    };
    const path = (request.url ?? '').split('?')[0] ?? '';
    const body = found[path];
    response.on('finish', () => requests.push(path));
    const fault = path === '/sign-in/way' && ways === null ? 503 : 404;
    response.writeHead(body ? 200 : fault, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { code: 'not_found', message: 'No', retryable: false }));
  };
}
