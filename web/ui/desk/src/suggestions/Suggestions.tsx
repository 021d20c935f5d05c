/** What the call is about, and the documents that may answer it. */
import { useAfterCall, useCall, useClient, useSuggestions, useSummary } from '@earshot/react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Empty } from '../Empty.tsx';
import { Page } from '../icons.tsx';
import { assistanceWords, useWords } from '../words/index.ts';
import { AfterCall } from './AfterCall.tsx';
import { DocumentDialog } from './DocumentDialog.tsx';
import { SuggestionCard } from './SuggestionCard.tsx';
import { useCardKeys } from './useCardKeys.ts';

export interface SuggestionsProps {
  callId: string | null;
  /** Bring a line of the transcript into view. */
  showLine(segmentId: string): void;
  /** A supervisor judges nothing. */
  isReadOnly?: boolean;
}

export function Suggestions(props: SuggestionsProps): ReactNode {
  const { callId, isReadOnly = false } = props;
  const words = useWords();
  const cards = useSuggestions(callId);
  const { summary, summary_kind } = useSummary(callId);
  const afterCall = useAfterCall(callId);
  const { sync, info } = useCall(callId);
  const [opened, open] = useState<{ id: string; title: string } | null>(null);
  const list = useRef<HTMLUListElement>(null);
  useCardKeys(list);
  const isLive = info !== null && info.status !== 'ended';
  return (
    <aside className="pane suggestions" aria-label={words.suggested}>
      {afterCall && <AfterCall summary={afterCall} />}
      {summary !== '' && !afterCall && (
        <section className="summary">
          <h2 className="section-title">{words.summary[summary_kind]}</h2>
          <p dir="auto">{summary}</p>
        </section>
      )}
      <div className="section-head">
        <h2 className="section-title">
          {words.documents} {cards.length > 0 && <span className="count">{cards.length}</span>}
        </h2>
        {isLive && <Assistance callId={callId} />}
      </div>
      {callId !== null && cards.length > 0 ? (
        <ul className="cards" ref={list}>
          {cards.map((card) => (
            <li key={card.id}>
              <SuggestionCard
                callId={callId}
                card={card}
                open={() => open(card)}
                showLine={props.showLine}
                isReadOnly={isReadOnly}
              />
            </li>
          ))}
        </ul>
      ) : (
        sync !== 'syncing' && (
          <Empty icon={<Page />} title={words.nothingSuggested}>
            <p>{words.nothingSuggestedText}</p>
          </Empty>
        )
      )}
      {opened && callId !== null && (
        <DocumentDialog key={opened.id} document={opened} close={() => open(null)} />
      )}
    </aside>
  );
}

/** How assistance fares, in a word; why, when it is not at its best. */
function Assistance({ callId }: { callId: string | null }): ReactNode {
  const words = useWords();
  const { health } = useCall(callId);
  if (!health) return null;
  const { text, tone, why } = assistanceWords(words, health);
  return (
    <p className="assistance" data-tone={tone} role="status">
      <span className="dot" aria-hidden="true" />
      <span>
        {text}
        {why !== '' && <small>{why}</small>}
      </span>
    </p>
  );
}

/** The title of a suggested document, for messages about it. */
export function useTitleOf(): (callId: string, docId: string) => string {
  const client = useClient();
  const titles = useRef(new Map<string, string>());
  useEffect(
    () =>
      client.on('ai:suggestion', ({ documents }) => {
        for (const { id, title } of documents) titles.current.set(id, title);
      }),
    [client],
  );
  return (callId, docId) => {
    const shown = client.call(callId).suggestions.get();
    const card = shown.find(({ id }) => id === docId);
    return card?.title ?? titles.current.get(docId) ?? docId;
  };
}
