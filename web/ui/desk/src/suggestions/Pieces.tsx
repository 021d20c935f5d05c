/**
 * The words of a document with its links. The server tells which ones may be followed; here it is
 * looked at once more, because what is wrong would run in our page. Beside the words stands where
 * they lead: somebody else wrote them.
 */
import type { wire } from '@earshot/client';
import type { ReactNode } from 'react';
import { readable } from '../foreign.ts';
import { useWords } from '../words/index.ts';
import { destinationOf, isSaidBy, type Destination } from './destination.ts';

/** `pieces`: absent where nothing in `text` leads anywhere. */
export function Pieces(props: { text: string; pieces: wire.TextPiece[] | undefined }): ReactNode {
  if (!props.pieces) return readable(props.text);
  return props.pieces.map(({ text, url }, place) => {
    const to = destinationOf(url);
    return to === null ? readable(text) : <Link key={place} text={readable(text)} to={to} />;
  });
}

function Link({ text, to }: { text: string; to: Destination }): ReactNode {
  const words = useWords();
  return (
    <>
      <a href={to.href} target="_blank" rel="noopener noreferrer" title={to.href}>
        <bdi>{text}</bdi>
        {to.isPage && <span className="sr-only"> {words.newTab}</span>}
      </a>
      {!isSaidBy(text, to) && (
        <>
          {' '}
          <bdi className="link-name">({to.name})</bdi>
        </>
      )}
    </>
  );
}
