/** A strip that says what a broken connection means for the person in front of it. */
import { useConnection, type ConnectionView } from '@earshot/react';
import type { ReactNode } from 'react';
import { useSecond } from './useNow.ts';
import { closedWords } from './words.ts';

export function ConnectionBanner(): ReactNode {
  const connection = useConnection();
  if (connection.status === 'closed') {
    return (
      <Banner action="Use it here" onAction={connection.retryNow}>
        {closedWords(connection.reason)}
      </Banner>
    );
  }
  if (!connection.isLost) return null;
  return (
    <Banner action="Try now" onAction={connection.retryNow}>
      <LostWords connection={connection} />
    </Banner>
  );
}

function Banner(props: { action: string; onAction(): void; children: ReactNode }): ReactNode {
  return (
    <div className="banner" role="status">
      <p>{props.children}</p>
      <button type="button" className="button" onClick={props.onAction}>
        {props.action}
      </button>
    </div>
  );
}

function LostWords({ connection }: { connection: ConnectionView }): ReactNode {
  useSecond();
  const keeps = 'What you see may be old. Verdicts you give now are kept and sent later.';
  if (connection.status === 'offline') return `This computer has no network. ${keeps}`;
  const left =
    connection.status === 'reconnecting' ? Math.ceil((connection.retryAt - Date.now()) / 1000) : 0;
  const next = left > 0 ? `Trying again in ${left} s.` : 'Trying again now.';
  return `The connection is lost. ${next} ${keeps}`;
}
