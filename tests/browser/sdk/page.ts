/** The page of the scenarios: opens a client and tells what an application would show. */
import { createClient, UnauthorizedError, type Client } from '../../../web/ui/packages/client/src/index.ts';
import { watchFills, type Fills } from '../../../web/ui/packages/client/src/fills.ts';

declare global {
  interface Window {
    /** Null: somebody has to sign in. */
    tokenFor(agentId: string, reason: string): Promise<string | null>;
    earshot: typeof earshot;
  }
}

let client: Client;
let fills: Fills;
/** Every status of the connection, in order, and when it came. */
const statuses: { status: string; at: number }[] = [];
/** Every verdict that was shown of each document since the page was opened. */
const shown: Record<string, (boolean | null)[]> = {};

const earshot = {
  open(url: string, agentId: string, callId: string): void {
    client = createClient({
      url,
      agentId,
      async getToken({ reason }) {
        const token = await window.tokenFor(agentId, reason);
        if (token === null) throw new UnauthorizedError();
        return token;
      },
    });
    const { connection } = client;
    connection.subscribe(() => {
      statuses.push({ status: connection.get().status, at: Date.now() });
    });
    const call = client.call(callId);
    call.retain();
    fills = watchFills(client, callId);
    call.suggestions.subscribe(() => {
      for (const { id, helpful } of call.suggestions.get()) (shown[id] ??= []).push(helpful);
    });
    client.connect();
  },
  texts(callId: string): string[] {
    const call = client.call(callId);
    return call.segmentIds.get().map((id) => call.segment(id).get()?.text ?? '?');
  },
  give(callId: string, docId: string, helpful: boolean | null): string {
    return client.feedback(callId, docId, helpful).id;
  },
  status: () => client.connection.get(),
  statuses: () => statuses,
  shown: () => shown,
  fills: () => fills.get(),
  pending: () => client.outbox.get().length,
  /** How many items IndexedDB holds. */
  kept: () =>
    new Promise<number>((resolve, reject) => {
      const opening = indexedDB.open('earshot');
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const base = opening.result;
        if (!base.objectStoreNames.contains('items')) {
          base.close();
          resolve(0);
          return;
        }
        const counting = base.transaction('items').objectStore('items').count();
        counting.onsuccess = () => {
          base.close();
          resolve(counting.result);
        };
      };
    }),
  retryNow: () => client.retryNow(),
};
window.earshot = earshot;
