/** The desk or the wall with its client; a token that was pasted makes a new one. */
import { EarshotProvider, useConnection } from '@earshot/react';
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { Desk } from './Desk.tsx';
import type { Source } from './obtainToken.ts';
import { agentFromAddress, createSeat, subjectOf, type Role, type Seat } from './session.ts';
import { loadSettings } from './settings/settings.ts';
import { SignIn } from './SignIn.tsx';
import { SessionWay } from './settings/SignOut.tsx';
import { Toasts } from './toasts.tsx';
import { useLanguage } from './words/index.ts';

/** Agents' pages do not load it. */
const Wall = lazy(() => import('./wall/Wall.tsx'));

loadSettings();

export function App(props: { search: string; path?: string; source?: Source }): ReactNode {
  const { search, path = '/', source } = props;
  const role: Role = path.startsWith('/supervisor') ? 'supervisor' : 'agent';
  const [seat, setSeat] = useState<Seat>(() =>
    createSeat(source?.agentId ?? agentFromAddress(search, role), null, role, source?.getToken),
  );
  const language = useLanguage();
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const signIn = (token: string): boolean => {
    const agentId = subjectOf(token);
    if (agentId !== null) setSeat(createSeat(agentId, token));
    return agentId !== null;
  };
  return (
    <EarshotProvider client={seat.client}>
      <Toasts>
        <Signed role={role} signIn={signIn} source={source} />
      </Toasts>
    </EarshotProvider>
  );
}

function Signed(props: {
  role: Role;
  signIn(token: string): boolean;
  source: Source | undefined;
}): ReactNode {
  const connection = useConnection();
  if (connection.status === 'auth-required') {
    return <SignIn code={connection.code} signIn={props.signIn} source={props.source} />;
  }
  return (
    <SessionWay value={props.source?.way}>
      {props.role === 'agent' ? (
        <Desk />
      ) : (
        <Suspense>
          <Wall />
        </Suspense>
      )}
    </SessionWay>
  );
}
