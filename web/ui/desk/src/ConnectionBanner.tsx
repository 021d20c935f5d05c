/** A strip that says what a broken connection means for the person in front of it. */
import { useConnection, type ConnectionView } from '@earshot/react';
import type { ReactNode } from 'react';
import { Banner } from './Banner.tsx';
import { SignedOutBanner } from './SignedOutBanner.tsx';
import { useSecond } from './useNow.ts';
import { useWords, wordFor } from './words/index.ts';

export function ConnectionBanner({ isReadOnly }: { isReadOnly?: boolean }): ReactNode {
  const connection = useConnection();
  const words = useWords();
  const again = (text: string): ReactNode => (
    <button type="button" className="button" onClick={connection.retryNow}>
      {text}
    </button>
  );
  if (connection.status === 'auth-required') return <SignedOutBanner isReadOnly={isReadOnly} />;
  if (connection.status === 'closed') {
    return (
      <Banner action={again(connection.reason === 'replaced' ? words.useHere : words.tryNow)}>
        {wordFor(words.closed, connection.reason)}
      </Banner>
    );
  }
  if (!connection.isLost) return null;
  return (
    <Banner action={again(words.tryNow)} ticking={<NextTry connection={connection} />}>
      {connection.status === 'offline' ? words.noNetwork : words.lost}{' '}
      {isReadOnly ? words.mayBeOldWall : words.mayBeOld}
    </Banner>
  );
}

function NextTry({ connection }: { connection: ConnectionView }): ReactNode {
  useSecond();
  const words = useWords();
  if (connection.status !== 'reconnecting') return null;
  const left = Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000));
  return <span className="banner-next">{words.tryingIn(left)}</span>;
}
