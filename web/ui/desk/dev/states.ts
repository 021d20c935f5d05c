/**
 * The states of the desk that no ordinary call comes into, each by the name that FAKE gives it.
 * A state stands in the way of a fake server that plays its calls as always.
 */
import type { wire } from '@earshot/client';
import { refuse, type FakeServer } from '../../packages/client/test/fakeServer.ts';

const SOON_MS = 8_000;
const AWAY_MS = 25_000;
type Ill = Omit<wire.CallHealth, 'call_id'>;

export const STATES: Record<string, { what: string; enter(server: FakeServer): void }> = {
  calls: { what: 'calls, cards, a summary after a call (the ordinary one)', enter: () => undefined },
  empty: { what: 'no call yet', enter: () => undefined },
  signin: { what: 'a token is asked for; any one is taken', enter: () => undefined },
  quiet: { what: 'nothing is suggested yet', enter: unsuggested },
  nodocuments: {
    what: 'the knowledge base is empty',
    enter: (server) => ill(server, { transcription: 'ok', suggestions: 'down', why: 'no_documents' }),
  },
  down: {
    what: 'suggestions are down',
    enter: (server) => ill(server, { transcription: 'ok', suggestions: 'down', why: 'store_away' }),
  },
  slow: {
    what: 'suggestions are late',
    enter: (server) => telling(server, { transcription: 'ok', suggestions: 'slow', why: 'overloaded' }),
  },
  words: {
    what: 'documents are found by words alone',
    enter: (server) => ill(server, { transcription: 'ok', suggestions: 'ok', why: 'words_only' }),
  },
  silent: {
    what: 'no words come in',
    enter: (server) => telling(server, { transcription: 'silent', suggestions: 'ok' }),
  },
  watched: { what: 'two supervisors read along', enter: watched },
  refuse: {
    what: 'no verdict is taken: a toast',
    enter: (server) => server.answers.set('doc:feedback', () => refuse('call_ended')),
  },
  lost: { what: 'the connection is lost, and comes back', enter: lost },
  expired: { what: 'the session ends in the middle of the work', enter: expired },
  replaced: { what: 'another place took over', enter: replaced },
  unopened: { what: 'no document can be opened', enter: () => undefined },
  supervisor: { what: 'a supervisor came to an agent’s desk', enter: (server) => void (server.role = 'supervisor') },
  producer: { what: 'a token that opens no desk', enter: (server) => void (server.role = 'producer') },
  forbidden: {
    what: 'the wall is not for this person',
    enter: (server) => server.answers.set('calls:watch', () => refuse('forbidden')),
  },
};

function unsuggested(server: FakeServer): void {
  server.routes.push((event) => (event.name === 'ai:suggestion' ? [] : [event]));
  server.behave((_name, _body, _socket, next) => {
    for (const call of server.calls.values()) {
      for (const event of call.events) {
        if (event.name === 'ai:suggestion') Object.assign(event.body, { documents: [], summary: '', summary_kind: 'none' });
      }
    }
    return next();
  });
}

/** To each who follows a call, a moment after the answer. */
function telling(server: FakeServer, health: Ill): void {
  server.behave((name, body, socket, next) => {
    const { call_id } = body;
    if (name === 'call:subscribe') setTimeout(() => socket.emit('call:health', { call_id, ...health }), 100);
    return next();
  });
}

function ill(server: FakeServer, health: Ill): void {
  unsuggested(server);
  telling(server, health);
}

function watched(server: FakeServer): void {
  const watchers = ['lena.hoffmann', 'marcus.adeyemi'].map((agent_id) => ({ agent_id, role: 'supervisor' }));
  server.behave((name, { call_id }, socket, next) => {
    if (name === 'call:subscribe') setTimeout(() => socket.emit('call:watchers', { call_id, watchers }), 100);
    return next();
  });
}

function lost(server: FakeServer): void {
  let isAway = false;
  server.io.use((_socket, next) => (isAway ? next(new Error('away')) : next()));
  const turn = (): void => {
    isAway = !isAway;
    if (isAway) server.cut();
    setTimeout(turn, isAway ? AWAY_MS : SOON_MS);
  };
  setTimeout(turn, SOON_MS);
}

function expired(server: FakeServer): void {
  setTimeout(() => {
    server.accepts = () => 'expired';
    server.cut();
  }, SOON_MS);
}

function replaced(server: FakeServer): void {
  setTimeout(() => server.close('replaced'), SOON_MS);
}
