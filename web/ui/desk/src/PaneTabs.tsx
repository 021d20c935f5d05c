/** In a narrow window the three places take turns; elsewhere these tabs are not shown. */
import { useCalls, useSuggestions } from '@earshot/react';
import type { ReactNode } from 'react';

export type Pane = 'calls' | 'transcript' | 'suggestions';

export function PaneTabs(props: {
  pane: Pane;
  setPane(pane: Pane): void;
  callId: string | null;
}): ReactNode {
  const live = useCalls().filter((call) => call.status !== 'ended').length;
  const cards = useSuggestions(props.callId).length;
  const tabs: { pane: Pane; title: string; count: number }[] = [
    { pane: 'calls', title: 'Calls', count: live },
    { pane: 'transcript', title: 'Transcript', count: 0 },
    { pane: 'suggestions', title: 'Documents', count: cards },
  ];
  return (
    <nav className="pane-tabs" aria-label="Places of the desk">
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
