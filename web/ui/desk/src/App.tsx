/** The desk or the wall with its client; a token that was pasted makes a new one. */
import { EarshotProvider, useConnection, useSession } from '@earshot/react';
import { lazy, Suspense, useEffect, useState, type ReactNode } from 'react';
import { subjectOf } from './claims.ts';
import { Desk } from './Desk.tsx';
import { forgetToken, keepToken, keptToken } from './keptToken.ts';
import { signOut, type Source } from './obtainToken.ts';
import { agentFromAddress, createSeat, type Role, type Seat } from './session.ts';
import { loadSettings } from './settings/settings.ts';
import { WayOut, type Leave } from './settings/SignOut.tsx';
import { SignIn } from './SignIn.tsx';
import { SignInContext } from './signInWay.ts';
import { Toasts } from './toasts.tsx';
import { usePageLanguage } from './words/index.ts';
import { WrongRole } from './WrongRole.tsx';

/** Agents' pages do not load it. */
const Wall = lazy(() => import('./wall/Wall.tsx'));

loadSettings();

export function App(props: {
  search: string;
  path?: string;
  source?: Source;
  /** The page around this one has nobody signed in any more. */
  signedOut?(): void;
}): ReactNode {
  const { search, path = '/', source, signedOut } = props;
  const role: Role = path.startsWith('/supervisor') ? 'supervisor' : 'agent';
  const unpasted = (): Seat =>
    createSeat(source?.agentId ?? agentFromAddress(search, role), null, role, source?.getToken);
  const [seat, setSeat] = useState<Seat>(() => seatOfKept(source) ?? unpasted());
  usePageLanguage();
  const signIn = (token: string): boolean => {
    const agentId = subjectOf(token);
    if (agentId === null) return false;
    keepToken(token);
    setSeat(seat.paste(token, agentId));
    return true;
  };
  const leave = (): void => {
    forgetToken();
    setSeat(unpasted());
  };
  return (
    <EarshotProvider client={seat.client}>
      <SignInContext.Provider value={{ ...seat, source, signIn }}>
        <Toasts key={seat.number}>
          <Signed
            role={role}
            leave={source?.way === 'sign_in' ? signOut : seat.isPasted ? leave : null}
            signedOut={source?.way === 'embedded' ? signedOut : undefined}
          />
        </Toasts>
      </SignInContext.Provider>
    </EarshotProvider>
  );
}

/** What was pasted before a reload; where tokens come from elsewhere, none was. */
function seatOfKept(source: Source | undefined): Seat | null {
  if (source?.way === 'sign_in' || source?.way === 'embedded') return null;
  const token = keptToken();
  const agentId = token === null ? null : subjectOf(token);
  return agentId === null ? null : createSeat(agentId, token);
}

function Signed(props: {
  role: Role;
  leave: Leave;
  signedOut: (() => void) | undefined;
}): ReactNode {
  const { role, leave, signedOut } = props;
  const connection = useConnection();
  const session = useSession();
  const isOut = connection.status === 'auth-required';
  useEffect(() => {
    if (!isOut) return;
    forgetToken(); // it was not taken, or has ended
    signedOut?.();
  }, [isOut, signedOut]);
  if (isOut && signedOut) return null;
  // Who was at work keeps what is on the screen, and is told above it.
  if (isOut && session === null) return <SignIn code={connection.code} />;
  return (
    <WayOut value={leave}>
      {session?.role === 'producer' ? (
        <WrongRole />
      ) : role === 'agent' ? (
        <Desk />
      ) : (
        <Suspense>
          <Wall />
        </Suspense>
      )}
    </WayOut>
  );
}
