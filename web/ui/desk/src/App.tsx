/** The desk with its client; a token that was pasted makes a new one. */
import { EarshotProvider, useConnection } from '@earshot/react';
import { useState, type ReactNode } from 'react';
import { Desk } from './Desk.tsx';
import { agentFromAddress, createSeat, subjectOf, type Seat } from './session.ts';
import { SignIn } from './SignIn.tsx';
import { Toasts } from './toasts.tsx';

export function App({ search }: { search: string }): ReactNode {
  const [seat, setSeat] = useState<Seat>(() => createSeat(agentFromAddress(search), null));
  const signIn = (token: string): boolean => {
    const agentId = subjectOf(token);
    if (agentId !== null) setSeat(createSeat(agentId, token));
    return agentId !== null;
  };
  return (
    <EarshotProvider client={seat.client}>
      <Toasts>
        <Signed signIn={signIn} />
      </Toasts>
    </EarshotProvider>
  );
}

function Signed(props: { signIn(token: string): boolean }): ReactNode {
  const connection = useConnection();
  return connection.status === 'auth-required' ? (
    <SignIn code={connection.code} signIn={props.signIn} />
  ) : (
    <Desk />
  );
}
