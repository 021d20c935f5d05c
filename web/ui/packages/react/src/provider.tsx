/** The client in React's context. Mounting connects it, unmounting disconnects it. */
import type { Client } from '@earshot/client';
import { createContext, useContext, useEffect, type ReactNode } from 'react';

const ClientContext = createContext<Client | null>(null);

export function EarshotProvider(props: { client: Client; children: ReactNode }): ReactNode {
  const { client, children } = props;
  useEffect(() => {
    client.connect();
    return () => client.disconnect();
  }, [client]);
  return <ClientContext.Provider value={client}>{children}</ClientContext.Provider>;
}

export function useClient(): Client {
  const client = useContext(ClientContext);
  if (!client) throw new Error('This hook needs an <EarshotProvider client={…}> above it');
  return client;
}
