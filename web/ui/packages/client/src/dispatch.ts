/** Where each event of the server goes. Owns no state of its own. */
import type { CallList } from './callList.ts';
import type { CallRegistry } from './calls.ts';
import type { ConnectionMachine } from './connection.ts';
import type { ServerEvent } from './link.ts';
import type { Outbox } from './outbox.ts';

export interface Destinations {
  agentId: string;
  machine: ConnectionMachine;
  list: CallList;
  registry: CallRegistry;
  outbox: Outbox;
}

export function dispatch(to: Destinations, event: ServerEvent): void {
  switch (event.name) {
    case 'session:closing':
      return to.machine.closing(event.body);
    case 'session:expiring':
      return to.machine.expiring();
    case 'call:assigned':
      if (event.body.call) to.list.merge([event.body.call]);
      return to.registry.assigned(event.body.call_id);
    case 'call:unassigned':
      to.list.remove(event.body.call_id);
      return to.registry.unassigned(event.body.call_id);
    case 'calls:changed':
    case 'error':
      return;
    case 'feedback:update':
      if (event.body.dismissed || event.body.agent_id === to.agentId) to.outbox.heard(event.body);
  }
  to.registry.receive(event);
}
