/** What the call is about, and the documents that may answer it. */
import {
  useAfterCall,
  useCall,
  useClient,
  useConnection,
  useSuggestions,
  useSummary,
} from '@earshot/react';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { readable } from '../foreign.ts';
import { useIsOld } from '../transcript/CallState.tsx';
import { assistanceWords, useWords } from '../words/index.ts';
import { AfterCall } from './AfterCall.tsx';
import { DocumentDialog } from './DocumentDialog.tsx';
import { NoCards } from './NoCards.tsx';
import { SuggestionCard } from './SuggestionCard.tsx';
import { useCardKeys } from './useCardKeys.ts';
import { useStill } from './useStill.ts';

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
  const list = useRef<HTMLUListElement>(null);
  const { cards, did } = useStill(useSuggestions(callId), list);
  const { summary, summary_kind } = useSummary(callId);
  const afterCall = useAfterCall(callId);
  const { sync, info, health, refused, hasDismissed } = useCall(callId);
  const [opened, open] = useState<{ id: string; title: string } | null>(null);
  useCardKeys(list);
  const isOld = useIsOld(callId);
  const isOnline = useConnection().status === 'online';
  const isKnown = callId !== null || isOnline; // without a connection, nothing is known of any call
  const assistance = health && !isOld ? assistanceWords(words, health) : null;
  const isLive = info !== null && info.status !== 'ended' && refused === null;
  return (
    <aside className="pane suggestions" aria-label={words.suggested}>
      {afterCall && <AfterCall summary={afterCall} />}
      {!afterCall && (summary !== '' || isLive) && (
        // Its place is kept from the beginning: cards that are aimed at must not move.
        <section className="summary" data-none={summary === '' || undefined}>
          <h2 className="section-title">{words.summary[summary_kind]}</h2>
          <p dir="auto">{summary === '' ? words.summaryAppears : readable(summary)}</p>
        </section>
      )}
      <div className="section-head">
        <h2 className="section-title">
          {words.documents} {cards.length > 0 && <span className="count">{cards.length}</span>}
        </h2>
        {isLive && assistance && (
          <p className="assistance" data-tone={assistance.tone} role="status">
            <span className="dot" aria-hidden="true" />
            {assistance.text}
          </p>
        )}
      </div>
      {isLive && assistance && assistance.why !== '' && (
        <p className="assistance-why">{assistance.why}</p>
      )}
      <ul className="cards" ref={list}>
        {callId !== null &&
          cards.map((card) => (
            <li key={card.id}>
              <SuggestionCard
                callId={callId}
                card={card}
                open={() => open(card)}
                showLine={props.showLine}
                isReadOnly={isReadOnly}
                did={(deed) => did(card.id, deed)}
              />
            </li>
          ))}
      </ul>
      {cards.length === 0 && isKnown && sync !== 'syncing' && refused === null && (
        <NoCards call={info} health={health} hasDismissed={hasDismissed} />
      )}
      {opened && callId !== null && (
        <DocumentDialog key={opened.id} document={opened} close={() => open(null)} />
      )}
    </aside>
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
