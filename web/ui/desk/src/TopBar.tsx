/** Whose desk this is, whether it is connected, and the settings. */
import { useClient, useConnection, useOutbox } from '@earshot/react';
import { useState, type ReactNode } from 'react';
import { IconButton } from './IconButton.tsx';
import { Sliders, Voice } from './icons.tsx';
import { SettingsDialog } from './settings/SettingsDialog.tsx';
import { useShortcuts } from './settings/useShortcuts.ts';
import { usePageTitle } from './usePageTitle.ts';
import { connectionWords, useWords } from './words/index.ts';

export function TopBar({ children }: { children?: ReactNode }): ReactNode {
  const { agentId } = useClient();
  const words = useWords();
  const connection = useConnection();
  const waiting = useOutbox().pending;
  const [isOpen, setOpen] = useState(false);
  useShortcuts({ settings: () => setOpen(true) });
  usePageTitle();
  const { text, tone } = connectionWords(words, connection, connection.isLost);
  return (
    <header className="top-bar">
      <h1 className="brand">
        <Voice /> <span className="brand-name">Earshot</span>
      </h1>
      {children}
      <span className="top-bar-agent" title={words.agentOfDesk}>
        {agentId}
      </span>
      {waiting > 0 && connection.status !== 'online' && (
        <span className="top-bar-waiting">{words.waiting(waiting)}</span>
      )}
      <span className="connection" data-tone={tone} role="status">
        <span className="dot" aria-hidden="true" />
        {text}
      </span>
      <IconButton label={words.settings} does="settings" onClick={() => setOpen(true)}>
        <Sliders />
      </IconButton>
      {isOpen && <SettingsDialog close={() => setOpen(false)} />}
    </header>
  );
}
