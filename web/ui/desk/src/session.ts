/**
 * Who this desk is for and where its token comes from. In development the server gives one to
 * anybody; elsewhere a person pastes one. Never in the address; keptToken.ts says what is kept.
 */
import {
  createClient,
  UnauthorizedError,
  type Client,
  type TokenReason,
  type wire,
} from '@earshot/client';
import { tenantOf } from './claims.ts';
import type { GetToken } from './obtainToken.ts';

export type Role = 'agent' | 'supervisor';

const DEVELOPMENT: Record<Role, string> = { agent: 'agent-1', supervisor: 'supervisor-1' };

export function agentFromAddress(search: string, role: Role = 'agent'): string {
  return new URLSearchParams(search).get('agent') || DEVELOPMENT[role];
}

export interface Seat {
  /** Another one for each person. */
  number: number;
  agentId: string;
  client: Client;
  isPasted: boolean;
  /** The pasted token was not taken at all; false also when it has ended. */
  isRefused(): boolean;
  /**
   * Goes on with a token that was pasted, and from now on only with such. Who was here before
   * goes on where they were; for somebody else everything is new.
   */
  paste(token: string, sub: string): Seat;
}

let seats = 0;

/** A client for one person. `pasted` null: `given`'s tokens, else the development server's. */
export function createSeat(
  agentId: string,
  pasted: string | null,
  role: Role = 'agent',
  given: GetToken | null = null,
): Seat {
  const source = given ?? developmentToken(agentId, role);
  let isFresh = pasted !== null;
  let why: TokenReason = 'initial';
  const getToken: GetToken = (context) => {
    if (pasted === null) return source(context);
    // It is good until the server says otherwise.
    why = context.reason;
    if (!isFresh && why !== 'initial') return Promise.reject(new UnauthorizedError());
    isFresh = false;
    return Promise.resolve(pasted);
  };
  const client = createClient({ agentId, getToken });
  const same = { number: (seats += 1), agentId, client, isRefused: () => why === 'rejected' };
  const paste = (token: string, sub: string): Seat => {
    const isSame = sub === agentId && tenantOf(token) === tenantOf(pasted);
    if (!isSame) return createSeat(sub, token);
    pasted = token;
    isFresh = true;
    client.retryNow();
    return { ...same, isPasted: true, paste };
  };
  return { ...same, isPasted: pasted !== null, paste };
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
