/**
 * What the browser's tab says of a desk that stands behind other windows: how many calls are live,
 * and that the connection is lost. Never a name: titles are kept in the browser's history.
 */
import { useCalls, useConnection } from '@earshot/react';
import { useEffect } from 'react';
import { connectionWords, useWords } from './words/index.ts';

const NAME = 'Earshot';

export function usePageTitle(): void {
  const words = useWords();
  const connection = useConnection();
  const live = useCalls().filter((call) => call.status !== 'ended').length;
  const { text, tone } = connectionWords(words, connection, connection.isLost);
  const before = tone === 'bad' ? `${text} · ` : live > 0 ? `(${live}) ` : '';
  useEffect(() => {
    document.title = `${before}${NAME}`;
  }, [before]);
}
