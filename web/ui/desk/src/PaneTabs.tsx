/** In a narrow window the three places take turns; elsewhere these tabs are not shown. */
import { useCalls, useSuggestions } from '@earshot/react';
import type { ReactNode } from 'react';
import { useWords } from './words/index.ts';

export type Pane = 'calls' | 'transcript' | 'suggestions';

export function PaneTabs(props: {
  pane: Pane;
  setPane(pane: Pane): void;
  callId: string | null;
}): ReactNode {
  const words = useWords();
  const live = useCalls().filter((call) => call.status !== 'ended').length;
  const cards = useSuggestions(props.callId).length;
  const tabs: { pane: Pane; title: string; count: number }[] = [
    { pane: 'calls', title: words.calls, count: live },
    { pane: 'transcript', title: words.transcript, count: 0 },
    { pane: 'suggestions', title: words.documents, count: cards },
  ];
  return (
    <nav className="pane-tabs" aria-label={words.places}>
      {tabs.map(({ pane, title, count }) => (
        <button
          key={pane}
          type="button"
          aria-current={pane === props.pane ? 'page' : undefined}
          onClick={() => props.setPane(pane)}
        >
          {title}
          {count > 0 && <span className="count">{count}</span>}
        </button>
      ))}
    </nav>
  );
}
