/** A suggested document: what it says, why it is here, and the agent's verdict on it. */
import type { Suggestion } from '@earshot/client';
import { useDismiss, useFeedback, useSeen, useSegment } from '@earshot/react';
import { useEffect, useMemo, type ReactNode } from 'react';
import { isolated, readable } from '../foreign.ts';
import { IconButton, IconLink } from '../IconButton.tsx';
import { Copy, Cross, OutwardLink, Page, Quote, ThumbDown, ThumbUp, Undo } from '../icons.tsx';
import { useKeyHint } from '../settings/useKeyHint.ts';
import { useToast } from '../toasts.tsx';
import { useWords } from '../words/index.ts';
import { copyText } from './copyText.ts';
import { destinationOf } from './destination.ts';
import { Marked } from './Marked.tsx';
import { shortened, wordsPattern } from './marks.ts';

/** What a button is called is read aloud whole; the line itself is a click away. */
const BECAUSE_CHARS = 200;

interface CardProps {
  callId: string;
  card: Suggestion;
  /** The whole document. */
  open(): void;
  showLine(segmentId: string): void;
  isReadOnly: boolean;
  /** It was judged or put away. */
  did(deed: { helpful: boolean | null } | 'dismissed'): void;
}

export function SuggestionCard(props: CardProps): ReactNode {
  const { callId, card, isReadOnly } = props;
  const words = useWords();
  const seen = useSeen(callId);
  const percent = words.percent(card.relevance);
  const pattern = useMemo(() => wordsPattern(card.matches?.map(readable)), [card.matches]);
  useEffect(() => {
    if (!isReadOnly) seen(card.id, 'shown');
  }, [seen, card.id, isReadOnly]);
  const open = (): void => {
    if (!isReadOnly) seen(card.id, 'opened');
    props.open();
  };
  return (
    <article
      className="card"
      data-verdict={card.helpful ?? undefined}
      aria-label={isolated(card.title)}
      tabIndex={-1} // where a shortcut goes
    >
      <header className="card-head">
        <h3 className="card-title">
          <button type="button" className="card-open" dir="auto" data-do="read" onClick={open}>
            {readable(card.title)}
          </button>
        </h3>
        <span className="relevance" title={`${words.relevance} ${percent}`}>
          <span className="relevance-track" aria-hidden="true">
            <span className="relevance-bar" style={{ width: `${card.relevance * 100}%` }} />
          </span>
          <span className="sr-only">{words.relevance} </span>
          {percent}
        </span>
      </header>
      <p className="card-excerpt" dir="auto">
        <Marked text={card.excerpt} pattern={pattern} />
      </p>
      <Because callId={callId} segmentId={card.because} showLine={props.showLine} />
      <footer className="card-foot">
        {!isReadOnly && <Verdict {...props} />}
        <CardTools {...props} open={open} seen={(action) => !isReadOnly && seen(card.id, action)} />
      </footer>
    </article>
  );
}

/** The line that led here, as a link to it. */
function Because(props: {
  callId: string;
  segmentId: string;
  showLine(segmentId: string): void;
}): ReactNode {
  const words = useWords();
  const hint = useKeyHint();
  const segment = useSegment(props.callId, props.segmentId);
  if (props.segmentId === '') return null;
  return (
    <button
      type="button"
      className="because"
      data-do="line"
      title={hint(words.showLine, 'line')}
      onClick={() => props.showLine(props.segmentId)}
    >
      <Quote />
      <span>
        <span className="because-label">{words.becauseOf}</span>{' '}
        {segment ? (
          <bdi>
            <q>{shortened(readable(segment.text), BECAUSE_CHARS)}</q>
          </bdi>
        ) : (
          words.showLine
        )}
      </span>
    </button>
  );
}

function CardTools(
  props: CardProps & { seen(action: 'copied'): void },
): ReactNode {
  const { card, callId, isReadOnly } = props;
  const words = useWords();
  const toast = useToast();
  const dismiss = useDismiss(callId);
  const source = destinationOf(card.url);
  const copy = async (): Promise<void> => {
    const isCopied = await copyText(
      [readable(card.title), readable(card.excerpt), card.url].filter(Boolean).join('\n'),
    );
    if (isCopied) props.seen('copied');
    toast(isCopied ? words.copied : words.notCopied, isCopied ? 'good' : 'bad');
  };
  return (
    <div className="card-tools">
      {source?.isPage && (
        <IconLink
          label={`${words.source}: ${isolated(card.title)} ${words.newTab}`}
          title={`${words.source}: ${source.name}`}
          href={source.href}
        >
          <OutwardLink />
        </IconLink>
      )}
      <IconButton label={words.openLong(card.title)} title={words.open} does="read" onClick={props.open}>
        <Page />
      </IconButton>
      <IconButton
        label={`${words.copy}: ${isolated(card.title)}`}
        title={words.copy}
        does="copy"
        onClick={() => void copy()}
      >
        <Copy />
      </IconButton>
      {!isReadOnly && (
        <IconButton
          label={`${words.dismiss}: ${isolated(card.title)}`}
          title={words.dismiss}
          does="dismiss"
          onClick={() => {
            props.did('dismissed');
            // A refusal is told by the desk, from the outbox.
            dismiss(card.id).settled.catch(() => undefined);
          }}
        >
          <Cross />
        </IconButton>
      )}
    </div>
  );
}

function Verdict({ callId, card, did }: CardProps): ReactNode {
  const feedback = useFeedback(callId);
  const words = useWords();
  const hint = useKeyHint();
  const { helpful } = card;
  // A refusal is told by the desk, from the outbox: a verdict may be older than this page.
  const give = (verdict: boolean | null): void => {
    did({ helpful: verdict });
    feedback(card.id, verdict).settled.catch(() => undefined);
  };
  return (
    <div className="verdict" data-pending={card.pending || undefined}>
      <button
        type="button"
        className="button quiet good"
        data-do="helpful"
        title={hint(words.helpful, 'helpful')}
        aria-pressed={helpful === true}
        onClick={() => give(helpful === true ? null : true)}
      >
        <ThumbUp /> {words.helpful}
      </button>
      <button
        type="button"
        className="button quiet bad"
        data-do="unhelpful"
        aria-pressed={helpful === false}
        aria-label={words.unhelpful}
        title={hint(words.unhelpful, 'unhelpful')}
        onClick={() => give(helpful === false ? null : false)}
      >
        <ThumbDown /> {helpful === false && <span className="verdict-word">{words.unhelpful}</span>}
      </button>
      {helpful !== null && (
        <button
          type="button"
          className="button quiet undo"
          data-do="undo"
          aria-label={words.undo}
          title={hint(words.undo, 'undo')}
          onClick={() => give(null)}
        >
          <Undo /> <span className="verdict-word">{words.undo}</span>
        </button>
      )}
    </div>
  );
}
