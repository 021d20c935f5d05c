/**
 * Reads finished lines aloud through a screen reader: never interim text, never more often than
 * every few seconds, and only what was chosen in the settings. The transcript itself is silent,
 * because its rows come and go with the scrolling.
 */
import type { Segment } from '@earshot/client';
import { useServerEvent } from '@earshot/react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { isolated } from './foreign.ts';
import { useSettings } from './settings/settings.ts';
import { useWords } from './words/index.ts';

export const ANNOUNCE_MS = 3_000;
/** Of one message; more would only be talked over. */
const MOST_LINES = 4;

export function Announcer({ callId }: { callId: string | null }): ReactNode {
  const { announce } = useSettings();
  const words = useWords();
  const waiting = useRef<Segment[]>([]);
  const [message, say] = useState('');

  useServerEvent('transcription:update', (line) => {
    if (announce === 'off' || !line.final || line.call_id !== callId) return;
    if (announce === 'customer' && line.speaker !== 'customer') return;
    waiting.current.push(line);
  });

  useEffect(() => {
    waiting.current = [];
    say('');
    if (announce === 'off') return undefined;
    let timer: ReturnType<typeof setTimeout>;
    const look = (): void => {
      // Not an interval: one that was late would be followed too soon.
      timer = setTimeout(look, ANNOUNCE_MS);
      const lines = waiting.current;
      if (lines.length === 0) return;
      waiting.current = [];
      const left = lines.length - MOST_LINES;
      const said = lines
        .slice(-MOST_LINES)
        .map(({ speaker, text }) => `${words.speaker[speaker]}: ${isolated(text)}`);
      say([...said, ...(left > 0 ? [words.andMore(left)] : [])].join(' '));
    };
    timer = setTimeout(look, ANNOUNCE_MS);
    return () => clearTimeout(timer);
  }, [announce, callId, words]);

  return (
    <div className="sr-only announcer" aria-live="polite" aria-atomic="true">
      {message}
    </div>
  );
}
