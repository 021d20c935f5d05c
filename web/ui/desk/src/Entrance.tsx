/**
 * What stands before the desk: where its token comes from, and what a person sees while that is
 * being asked, or when the page around this one has nobody signed in.
 */
import { UnauthorizedError } from '@earshot/client';
import { useCallback, useEffect, useLayoutEffect, useState, type ReactNode } from 'react';
import { App } from './App.tsx';
import { Card } from './Card.tsx';
import { findSource, SilentError, type Source } from './obtainToken.ts';
import { usePageLanguage, useWords } from './words/index.ts';

/** `signed_out`: the page around this one said so; `silent`: it says nothing. */
export type Trouble = 'signed_out' | 'silent' | 'unreachable';

const AGAIN_MS = 5_000; // after a server that did not answer

export function Entrance(props: { search: string; path: string }): ReactNode {
  const [source, setSource] = useState<Source | null>(null);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [tries, setTries] = useState(0);
  const again = useCallback(() => setTries((n) => n + 1), []);
  useEffect(() => {
    const asked = new AbortController();
    findSource(asked.signal).then(setSource, (problem: unknown) => {
      if (!asked.signal.aborted) setTrouble(troubleOf(problem));
    });
    return () => asked.abort();
  }, [tries]);
  const signedOut = useCallback(() => {
    setSource(null);
    setTrouble('signed_out');
  }, []);
  if (source) return <App {...props} source={source} signedOut={signedOut} />;
  return trouble === null ? <Opening /> : <Outside trouble={trouble} again={again} />;
}

function troubleOf(problem: unknown): Trouble {
  if (problem instanceof UnauthorizedError) return 'signed_out';
  return problem instanceof SilentError ? 'silent' : 'unreachable';
}

function Opening(): ReactNode {
  usePageLanguage();
  const words = useWords();
  return (
    <Card isLate>
      <p role="status">{words.connection.connecting}</p>
    </Card>
  );
}

/** Nothing to do here but wait: the desk comes by itself when there is somebody to show it to. */
export function Outside({ trouble, again }: { trouble: Trouble; again(): void }): ReactNode {
  usePageLanguage();
  const words = useWords();
  const { title, text } = words.outside[trouble];
  // Before the words can be seen: whoever reads them may be back in the same moment.
  useLayoutEffect(() => {
    if (trouble === 'unreachable') {
      const timer = setInterval(again, AGAIN_MS);
      window.addEventListener('online', again);
      return () => {
        clearInterval(timer);
        window.removeEventListener('online', again);
      };
    }
    // Whoever went to sign in comes back to this page, or the page around it says so.
    const hear = (event: MessageEvent): void => {
      const said = event.data as { type?: unknown } | null;
      if (event.source === window.parent && said?.type === 'earshot:signed-in') again();
    };
    window.addEventListener('message', hear);
    window.addEventListener('focus', again);
    return () => {
      window.removeEventListener('message', hear);
      window.removeEventListener('focus', again);
    };
  }, [trouble, again]);
  return (
    <Card>
      <div role="status">
        <h2>{title}</h2>
        <p>{text}</p>
      </div>
      <button type="button" className="button" onClick={again}>
        {words.tryNow}
      </button>
    </Card>
  );
}
