/** Whose desk this is, and whether it is connected. */
import { useClient, useConnection, useOutbox } from '@earshot/react';
import type { ReactNode } from 'react';
import { Voice } from './icons.tsx';
import { connectionWords, countWords } from './words.ts';

export function TopBar(): ReactNode {
  const { agentId } = useClient();
  const connection = useConnection();
  const waiting = useOutbox().pending;
  const { text, tone } = connectionWords(connection, connection.isLost);
  return (
    <header className="top-bar">
      <h1 className="brand">
        <Voice /> Earshot
      </h1>
      <span className="top-bar-agent" title="Agent">
        {agentId}
      </span>
      {waiting > 0 && connection.status !== 'online' && (
        <span className="top-bar-waiting">
          {countWords(waiting, 'verdict', 'verdicts')} will be sent
        </span>
      )}
      <span className="connection" data-tone={tone} role="status">
        <span className="dot" aria-hidden="true" />
        {text}
      </span>
    </header>
  );
}
