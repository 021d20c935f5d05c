/** The desk with its client; a token that was pasted makes a new one. */
import { EarshotProvider, useConnection } from '@earshot/react';
import { useState, type ReactNode } from 'react';
import { Desk } from './Desk.tsx';
import type { Source } from './obtainToken.ts';
import { agentFromAddress, createSeat, subjectOf, type Seat } from './session.ts';
import { SignIn } from './SignIn.tsx';
import { Toasts } from './toasts.tsx';

export function App({ search, source }: { search: string; source?: Source }): ReactNode {
  const [seat, setSeat] = useState<Seat>(() =>
    createSeat(source?.agentId ?? agentFromAddress(search), null, source?.getToken),
  );
  const signIn = (token: string): boolean => {
    const agentId = subjectOf(token);
    if (agentId !== null) setSeat(createSeat(agentId, token));
    return agentId !== null;
  };
  return (
    <EarshotProvider client={seat.client}>
      <Toasts>
        <Signed signIn={signIn} source={source} />
      </Toasts>
    </EarshotProvider>
  );
}

function Signed(props: {
  signIn(token: string): boolean;
  source: Source | undefined;
}): ReactNode {
  const connection = useConnection();
  return connection.status === 'auth-required' ? (
    <SignIn code={connection.code} signIn={props.signIn} source={props.source} />
  ) : (
    <Desk />
  );
}
