/** A strip that says what a broken connection means for the person in front of it. */
import { useConnection, type ConnectionView } from '@earshot/react';
import type { ReactNode } from 'react';
import { useSecond } from './useNow.ts';
import { useWords, wordFor } from './words/index.ts';

export function ConnectionBanner({ isReadOnly }: { isReadOnly?: boolean }): ReactNode {
  const connection = useConnection();
  const words = useWords();
  if (connection.status === 'closed') {
    return (
      <Banner
        action={connection.reason === 'replaced' ? words.useHere : words.tryNow}
        onAction={connection.retryNow}
      >
        {wordFor(words.closed, connection.reason)}
      </Banner>
    );
  }
  if (!connection.isLost) return null;
  return (
    <Banner
      action={words.tryNow}
      onAction={connection.retryNow}
      ticking={<NextTry connection={connection} />}
    >
      {connection.status === 'offline' ? words.noNetwork : words.lost}{' '}
      {isReadOnly ? words.mayBeOldWall : words.mayBeOld}
    </Banner>
  );
}

function Banner(props: {
  action: string;
  onAction(): void;
  /** Changes every second, so it is not read aloud. */
  ticking?: ReactNode;
  children: ReactNode;
}): ReactNode {
  return (
    <div className="banner">
      <p role="status">{props.children}</p>
      {props.ticking}
      <button type="button" className="button" onClick={props.onAction}>
        {props.action}
      </button>
    </div>
  );
}

function NextTry({ connection }: { connection: ConnectionView }): ReactNode {
  useSecond();
  const words = useWords();
  if (connection.status !== 'reconnecting') return null;
  const left = Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000));
  return <span className="banner-next">{words.tryingIn(left)}</span>;
}
