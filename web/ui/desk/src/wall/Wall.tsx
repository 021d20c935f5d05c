/** A supervisor's wall: the tenant's live calls, and one of them read along. */
import { useConnection, useServerEvent, useWatchedCalls } from '@earshot/react';
import { useState, type ReactNode } from 'react';
import { ConnectionBanner } from '../ConnectionBanner.tsx';
import { Empty } from '../Empty.tsx';
import { Announcer } from '../Announcer.tsx';
import { Eye, Phone } from '../icons.tsx';
import { useToast } from '../toasts.tsx';
import { TopBar } from '../TopBar.tsx';
import { useIsGone } from '../useIsGone.ts';
import { useWords } from '../words/index.ts';
import { EVERYTHING, matches, type WallFilter } from './filter.ts';
import { FilterBar } from './FilterBar.tsx';
import { WallRows } from './WallRows.tsx';
import { Watched } from './Watched.tsx';

export default function Wall(): ReactNode {
  const words = useWords();
  const { calls, refused, sync } = useWatchedCalls();
  const [filter, setFilter] = useState<WallFilter>(EVERYTHING);
  const [watched, watch] = useState<string | null>(null);
  const toast = useToast();
  useServerEvent('error', (error) => toast(words.reasonOf(error)));
  const isGone = useIsGone();
  const isOld = isGone && sync !== 'live';
  const shown = calls.filter((call) => matches(call, filter));
  return (
    <div className="wall" data-watching={watched !== null} data-refused={refused !== null || undefined}>
      <TopBar>
        <span className="role-tag">{words.supervisor}</span>
      </TopBar>
      <ConnectionBanner isReadOnly />
      <main className="pane wall-list" aria-label={words.wall}>
        {refused === null ? (
          <>
            <FilterBar calls={calls} shown={shown.length} filter={filter} change={setFilter} />
            {shown.length > 0 ? (
              <WallRows calls={shown} watched={watched} watch={watch} isOld={isOld} />
            ) : (
              <Nothing isLive={sync === 'live'} isFiltered={calls.length > 0} reset={() => setFilter(EVERYTHING)} />
            )}
          </>
        ) : (
          <Empty icon={<Eye />} title={words.wallForbidden}>
            <p>{words.wallForbiddenText}</p>
            <a className="button" href="/">
              {words.toDesk}
            </a>
          </Empty>
        )}
      </main>
      {refused === null && (
        <section className="pane wall-watch" aria-label={words.readOnly}>
          {watched === null ? (
            <Empty icon={<Eye />} title={words.watchHint}>
              <p>{words.watchHintText}</p>
            </Empty>
          ) : (
            <Watched key={watched} callId={watched} leave={() => watch(null)} />
          )}
        </section>
      )}
      <Announcer callId={watched} />
    </div>
  );
}

function Nothing(props: { isLive: boolean; isFiltered: boolean; reset(): void }): ReactNode {
  const words = useWords();
  const isOnline = useConnection().status === 'online';
  if (props.isFiltered) {
    return (
      <Empty icon={<Phone />} title={words.noMatch}>
        <p>{words.noMatchText}</p>
        <button type="button" className="button" onClick={props.reset}>
          {words.resetFilter}
        </button>
      </Empty>
    );
  }
  if (!props.isLive) {
    return <Empty icon={<Phone />} title={isOnline ? words.fetching : words.notConnected} />;
  }
  return (
    <Empty icon={<Phone />} title={words.noCalls}>
      <p>{words.noCallsText}</p>
    </Empty>
  );
}
