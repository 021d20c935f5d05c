/**
 * A Vite plugin: the desk without a server. Puts a fake Earshot behind the dev and the preview
 * server, with the content-security policy the real one has, and plays made-up calls.
 *
 * FAKE=NAME: one of the states in states.ts, such as nodocuments, lost or refuse. /supervisor has
 * a wall, with FAKE_CALLS calls of other agents (24). FAKE_SPEED=4: four times speaking pace.
 */
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';
import { FakeServer } from '../../packages/client/test/fakeServer.ts';
import { documentOf } from './documents.ts';
import { play } from './player.ts';
import { STATES } from './states.ts';
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
  const name = process.env['FAKE'] ?? 'calls';
  const state = STATES[name];
  if (!state) {
    const known = Object.entries(STATES).map(([one, { what }]) => `  ${one.padEnd(12)} ${what}`);
    throw new Error(`FAKE=${name}: there is no such state. There are:\n${known.join('\n')}`);
  }
  const server = new FakeServer(http);
  middlewares.use('/sign-in/way', (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ way: 'development', embedders: [] }));
  });
  middlewares.use('/v1', (request, response) => answer(server, name, request, response));
  const isEmpty = name === 'empty';
  if (!isEmpty) play(server, Number(process.env['FAKE_SPEED'] ?? 1));
  hangWall(server, isEmpty ? 0 : Number(process.env['FAKE_CALLS'] ?? 24));
  state.enter(server);
}

function answer(
  server: FakeServer,
  state: string,
  { url = '' }: IncomingMessage,
  response: ServerResponse,
): void {
  const reply = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const [, place, id = ''] = (url.split('?')[0] ?? '').split('/');
  const document = place === 'documents' ? documentOf(decodeURIComponent(id)) : undefined;
  if (place === 'tokens' && state !== 'signin') {
    reply(200, { token: 'fake.token.', expires_at: new Date(Date.now() + 3_600_000) });
  } else if (place === 'calls') {
    const calls = [...server.calls.values()].map((call) => call.view);
    reply(200, { calls: calls.filter((call) => call.status === 'ended') });
  } else if (document && state === 'unopened') {
    reply(503, { code: 'unavailable', message: 'The store does not answer', retryable: true });
  } else if (document) {
    reply(200, document);
  } else {
    reply(404, { code: 'not_found', message: 'Not here', retryable: false });
  }
}
