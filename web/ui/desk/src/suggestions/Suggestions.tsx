/** What the call is about, and the documents that may answer it. */
import { useCall, useSuggestions, useSummary } from '@earshot/react';
import type { ReactNode } from 'react';
import { Empty } from '../Empty.tsx';
import { Page } from '../icons.tsx';
import { summaryWords } from '../words.ts';
import { SuggestionCard } from './SuggestionCard.tsx';

export function Suggestions({ callId }: { callId: string | null }): ReactNode {
  const cards = useSuggestions(callId);
  const { summary, summary_kind } = useSummary(callId);
  const { sync } = useCall(callId);
  return (
    <aside className="pane suggestions" aria-label="Suggested documents">
      {summary !== '' && (
        <section className="summary">
          <h2 className="section-title">{summaryWords(summary_kind)}</h2>
          <p>{summary}</p>
        </section>
      )}
      <h2 className="section-title">
        Documents {cards.length > 0 && <span className="count">{cards.length}</span>}
      </h2>
      {callId !== null && cards.length > 0 ? (
        <ul className="cards">
          {cards.map((card) => (
            <li key={card.id}>
              <SuggestionCard callId={callId} card={card} />
            </li>
          ))}
        </ul>
      ) : (
        sync !== 'syncing' && (
          <Empty icon={<Page />} title="Nothing suggested yet">
            <p>Documents that match what the customer says appear here.</p>
          </Empty>
        )
      )}
    </aside>
  );
}
