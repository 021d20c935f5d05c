/**
 * The client in React's context. Mounting connects it, unmounting disconnects it; StrictMode's
 * and hot reload's quick unmount and mount keep the socket.
 */
import type { Client } from '@earshot/client';
import { reportPaint } from '@earshot/client/paint';
import { createContext, useContext, useEffect, type ReactNode } from 'react';

const ClientContext = createContext<Client | null>(null);

export interface ProviderProps {
  /** Made outside of React, so that no render makes a second one. */
  client: Client;
  /** Tell the server how long lines take until they are painted. Default true. */
  reportsPaint?: boolean;
  children?: ReactNode;
}

export function EarshotProvider(props: ProviderProps): ReactNode {
  const { client, reportsPaint = true, children } = props;
  useEffect(() => use(client), [client]);
  useEffect(() => (reportsPaint ? reportPaint(client) : undefined), [client, reportsPaint]);
  return <ClientContext.Provider value={client}>{children}</ClientContext.Provider>;
}

export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error('This hook needs an <EarshotProvider client={…}> above it');
  return client;
}

/** How many mounted providers each client has. */
const used = new WeakMap<Client, number>();

/** Connects with the first; disconnects a moment after the last, unless it is mounted again. */
function use(client: Client): () => void {
  const before = used.get(client) ?? 0;
  used.set(client, before + 1);
  if (before === 0) client.connect();
  return () => {
    used.set(client, (used.get(client) ?? 1) - 1);
    setTimeout(() => {
      if (used.get(client) === 0) client.disconnect();
    }, 0);
  };
}
