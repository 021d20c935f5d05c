/**
 * A Vite plugin: the desk without a server. Puts a fake Earshot behind the dev and the preview
 * server, with the content-security policy the real one has, and plays made-up calls.
 *
 * /supervisor has a wall of them, beside calls of other agents: FAKE_CALLS of them (24).
 * FAKE=empty: no call. FAKE=signin: no tokens. FAKE=refuse: no verdict is taken. FAKE_SPEED=4: four times speaking pace.
 */
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';
import { FakeServer, refuse } from '../../packages/client/test/fakeServer.ts';
import { play } from './player.ts';
import { hangWall } from './wall.ts';

const POLICY = "default-src 'self'";

export function fakeEarshot(): Plugin {
  return {
    name: 'fake-earshot',
    configureServer: ({ httpServer, middlewares }) => begin(httpServer as HttpServer, middlewares),
    configurePreviewServer: ({ httpServer, middlewares }) => {
      middlewares.use((_request, response, next) => {
        response.setHeader('content-security-policy', POLICY);
        next();
      });
      begin(httpServer as HttpServer, middlewares);
    },
  };
}

function begin(http: HttpServer, middlewares: Connect.Server): void {
  const server = new FakeServer(http);
  const mode = process.env['FAKE'] ?? 'calls';
  middlewares.use('/sign-in/way', (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ way: 'development', embedders: [] }));
  });
  middlewares.use('/v1', (request, response) => answer(server, mode, request, response));
  if (mode === 'refuse') server.answers.set('doc:feedback', () => refuse('call_ended'));
  if (mode !== 'calls' && mode !== 'refuse') return hangWall(server, 0);
  play(server, Number(process.env['FAKE_SPEED'] ?? 1));
  hangWall(server, Number(process.env['FAKE_CALLS'] ?? 24));
}

function answer(
  server: FakeServer,
  mode: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const reply = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  if (request.url?.startsWith('/tokens') && mode !== 'signin') {
    reply(200, { token: 'fake.token.', expires_at: new Date(Date.now() + 3_600_000) });
  } else if (request.url?.startsWith('/calls')) {
    const calls = [...server.calls.values()].map((call) => call.view);
    reply(200, { calls: calls.filter((call) => call.status === 'ended') });
  } else {
    reply(404, { code: 'not_found', message: 'Not here', retryable: false });
  }
}
