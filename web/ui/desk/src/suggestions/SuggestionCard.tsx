/** A suggested document, and the agent's verdict on it. */
import { RequestError, type Suggestion } from '@earshot/client';
import { useFeedback } from '@earshot/react';
import type { ReactNode } from 'react';
import { OutwardLink, ThumbDown, ThumbUp } from '../icons.tsx';
import { useToast } from '../toasts.tsx';
import { refusalWords } from '../words.ts';
import { piecesOf } from './marks.ts';

export function SuggestionCard(props: { callId: string; card: Suggestion }): ReactNode {
  const { callId, card } = props;
  const percent = Math.round(card.relevance * 100);
  return (
    <article className="card" data-verdict={card.helpful ?? undefined} aria-label={card.title}>
      <header className="card-head">
        <h3 className="card-title">
          <Title card={card} />
        </h3>
        <span className="relevance" title={`Relevance ${percent}%`}>
          <span className="relevance-track" aria-hidden="true">
            <span className="relevance-bar" style={{ width: `${percent}%` }} />
          </span>
          <span className="sr-only">Relevance </span>
          {percent}%
        </span>
      </header>
      <p className="card-excerpt" dir="auto">
        {piecesOf(card.excerpt, card.matches).map((piece, place) =>
          piece.isMatch ? <mark key={place}>{piece.text}</mark> : piece.text,
        )}
      </p>
      <Verdict callId={callId} card={card} />
    </article>
  );
}

function Title({ card }: { card: Suggestion }): ReactNode {
  if (!isWebAddress(card.url)) return card.title;
  const last = card.title.lastIndexOf(' ') + 1;
  return (
    <a href={card.url} target="_blank" rel="noopener noreferrer">
      {card.title.slice(0, last)}
      <span className="card-title-end">
        {card.title.slice(last)} <OutwardLink />
      </span>
      <span className="sr-only"> (opens in a new tab)</span>
    </a>
  );
}

function Verdict({ callId, card }: { callId: string; card: Suggestion }): ReactNode {
  const feedback = useFeedback(callId);
  const toast = useToast();
  const give = (helpful: boolean | null): void => {
    feedback(card.id, helpful).settled.catch((problem: unknown) => {
      const why = problem instanceof RequestError ? problem.message : 'it could not be sent';
      toast(refusalWords(card.title, why));
    });
  };
  const { helpful } = card;
  return (
    <footer className="verdict" data-pending={card.pending || undefined}>
      <button
        type="button"
        className="button quiet good"
        aria-pressed={helpful === true}
        onClick={() => give(helpful === true ? null : true)}
      >
        <ThumbUp /> Helpful
      </button>
      <button
        type="button"
        className="button quiet bad"
        aria-pressed={helpful === false}
        onClick={() => give(helpful === false ? null : false)}
      >
        <ThumbDown /> Not helpful
      </button>
      {helpful !== null && (
        <button type="button" className="button quiet undo" onClick={() => give(null)}>
          Undo
        </button>
      )}
    </footer>
  );
}

/** Anything else, such as javascript:, is not made a link. */
function isWebAddress(url: string | undefined): url is string {
  return url !== undefined && /^https?:\/\//i.test(url);
}
