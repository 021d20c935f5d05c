/** Where each event of the server goes. Owns no state of its own. */
import type { CallList } from './callList.ts';
import type { CallEvent, CallStore } from './callStore.ts';
import type { CallRegistry } from './calls.ts';
import type { ConnectionMachine } from './connection.ts';
import type { ServerEvent } from './link.ts';
import type { Outbox } from './outbox.ts';
import type { Subscriber } from './subscriber.ts';

export interface Destinations {
  agentId: string;
  machine: ConnectionMachine;
  list: CallList;
  registry: CallRegistry;
  subscriber: Subscriber;
  outbox: Outbox;
  /** The call's store changed by a snapshot or an event of its log. */
  applied(store: CallStore): void;
}

export function dispatch(to: Destinations, event: ServerEvent): void {
  switch (event.name) {
    case 'session:closing':
      return to.machine.closing(event.body.code, event.body.reconnect, event.body.after_ms);
    case 'session:expiring':
      return to.machine.expiring();
    case 'call:assigned':
      if (event.body.call) to.list.merge([event.body.call]);
      return to.subscriber.assigned(event.body.call_id);
    case 'call:unassigned':
      to.list.remove(event.body.call_id);
      return to.subscriber.unassigned(event.body.call_id);
    case 'calls:changed':
    case 'error':
      return;
    default: {
      const store = to.registry.peek(event.body.call_id);
      if (store && to.subscriber.wants(store.callId)) onCallEvent(to, store, event);
    }
  }
}

function onCallEvent(to: Destinations, store: CallStore, event: CallEvent): void {
  if (event.name === 'call:health') return store.health.set(event.body);
  if (event.name === 'call:watchers') return store.watchers.set(event.body.watchers);
  const found = store.receive(event);
  if (found !== 'next') return to.subscriber.heard(store.callId, found);
  if (event.name === 'feedback:update') {
    const { agent_id, dismissed } = event.body;
    if (dismissed || agent_id === to.agentId) to.outbox.heard(event.body);
  }
  to.applied(store);
}
