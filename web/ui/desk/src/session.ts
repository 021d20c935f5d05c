/**
 * Who this desk is for and where its token comes from. In development the server gives one to
 * anybody; elsewhere a person pastes one. Never in the address; keptToken.ts says what is kept.
 */
import { createClient, UnauthorizedError, type Client, type wire } from '@earshot/client';
import type { GetToken } from './obtainToken.ts';

export type Role = 'agent' | 'supervisor';

const DEVELOPMENT: Record<Role, string> = { agent: 'agent-1', supervisor: 'supervisor-1' };

export function agentFromAddress(search: string, role: Role = 'agent'): string {
  return new URLSearchParams(search).get('agent') || DEVELOPMENT[role];
}

export interface Seat {
  agentId: string;
  client: Client;
  isPasted: boolean;
  /** The same person goes on with a token that was pasted, and from now on only with such. */
  paste(token: string): Seat;
}

/** A client for one person. `pasted` null: `given`'s tokens, else the development server's. */
export function createSeat(
  agentId: string,
  pasted: string | null,
  role: Role = 'agent',
  given: GetToken | null = null,
): Seat {
  const source = given ?? developmentToken(agentId, role);
  let isFresh = pasted !== null;
  const getToken: GetToken = (context) => {
    if (pasted === null) return source(context);
    // It is good until the server says otherwise.
    if (!isFresh && context.reason !== 'initial') return Promise.reject(new UnauthorizedError());
    isFresh = false;
    return Promise.resolve(pasted);
  };
  const client = createClient({ agentId, getToken });
  const paste = (token: string): Seat => {
    pasted = token;
    isFresh = true;
    client.retryNow();
    return { agentId, client, isPasted: true, paste };
  };
  return { agentId, client, isPasted: pasted !== null, paste };
}

function developmentToken(agentId: string, role: Role): GetToken {
  return async ({ signal }) => {
    const response = await fetch('/v1/tokens', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ agent_id: agentId, role } satisfies wire.TokenBody),
      signal,
    });
    // Not in development, or not for this agent: asking again would not help.
    if (response.status >= 400 && response.status < 500) throw new UnauthorizedError();
    if (!response.ok) throw new Error(`${response.status} from /v1/tokens`);
    return ((await response.json()) as wire.Token).token;
  };
}
