/** What the compiler promises to applications: read by `npm run typecheck`, never run. */
import { expectTypeOf } from 'vitest';
import { createClient, type Client, type Connection, type Mutation, type Segment } from '../src/index.ts';
import type { CallView, Req, Res, VerdictReceipt } from '../src/index.ts';

declare const client: Client;

// A client needs an agent and a way to a token, and nothing else.
expectTypeOf(createClient({ agentId: 'a', getToken: async () => 't' })).toEqualTypeOf<Client>();
// @ts-expect-error without getToken
createClient({ agentId: 'a' });
// @ts-expect-error a misspelt option
createClient({ agentId: 'a', getToken: async () => 't', retries: 3 });

// Commands and events come from the wire, request and answer together.
expectTypeOf(client.request('doc:feedback', {} as Req<'doc:feedback'>)).toEqualTypeOf<
  Promise<VerdictReceipt>
>();
expectTypeOf<Res<'calls:watch'>['calls']>().toEqualTypeOf<CallView[]>();
// @ts-expect-error no such command
void client.request('doc:feedbak', {});
// @ts-expect-error call_id is missing
void client.request('call:subscribe', {});
client.on('transcription:update', (line) => {
  expectTypeOf(line).toEqualTypeOf<Segment>();
  expectTypeOf(line.speaker).toEqualTypeOf<'agent' | 'customer'>();
});
// @ts-expect-error no such event
client.on('transcript', () => undefined);

// A verdict is yes, no, or taken back.
expectTypeOf(client.feedback('c', 'd', null)).toEqualTypeOf<Mutation<VerdictReceipt>>();
// @ts-expect-error not a verdict
client.feedback('c', 'd', 'yes');

// The connection is one of a few states, and only the waiting ones say since when.
const state: Connection = client.connection.get();
if (state.status === 'reconnecting') expectTypeOf(state.retryAt).toBeNumber();
// @ts-expect-error an online connection does not wait
if (state.status === 'online') void state.retryAt;
// @ts-expect-error readables are read, not set
client.connection.set({ status: 'online' });
