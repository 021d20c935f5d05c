/** The lines of a call: those on the screen are rows of the page, the others wait. */
import { useCall, useFills, useTranscriptIds } from '@earshot/react';
import {
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { ArrowDown } from '../icons.tsx';
import { useShortcuts } from '../settings/useShortcuts.ts';
import { useToast } from '../toasts.tsx';
import { useWords } from '../words/index.ts';
import { NoLines } from './NoLines.tsx';
import { SearchBar } from './SearchBar.tsx';
import { TranscriptRow } from './TranscriptRow.tsx';
import { useFollow } from './useFollow.ts';
import { useOlder } from './useOlder.ts';
import type { Search } from './useSearch.ts';

/** A line that somebody asked to see; each asking is a new object. */
export interface Target {
  segment_id: string;
}

const TOP_PX = 16;
const TOP_WITH_OLDER_PX = 52;
/** So far back a line is looked for, in pages of what the wire allows. */
const MOST_PAGES = 20;
const PAGE = 500;

export function Transcript(props: {
  callId: string;
  target: Target | null;
  search: Search;
}): ReactNode {
  const { callId, target, search } = props;
  const words = useWords();
  const ids = useTranscriptIds(callId);
  const fills = useFills(callId);
  const filledAt = useMemo(() => new Map(fills.map((fill) => [fill.segment_id, fill])), [fills]);
  const { hasOlder, loadOlder } = useCall(callId);
  const { boxRef, rows, isEndSeen, isAtStart, newCount, toEnd } = useFollow(
    ids,
    hasOlder ? TOP_WITH_OLDER_PX : TOP_PX,
  );
  const older = useOlder(boxRef, hasOlder, loadOlder);
  const shown = useShownLine(ids, hasOlder, loadOlder, target, rows.scrollToIndex);
  const isArriving = useArrival(target);
  const { current } = search;
  useEffect(() => {
    const index = current === null ? -1 : ids.indexOf(current);
    if (index >= 0) rows.scrollToIndex(index);
    // Only when another finding is looked at: new lines must not pull the reader back.
  }, [current]);
  useShortcuts({ toEnd });
  return (
    <div className="transcript">
      {search.isOpen && <SearchBar search={search} />}
      <div
        ref={boxRef}
        className="transcript-scroll"
        role="region"
        aria-label={words.transcript}
        tabIndex={0} // so that the keyboard can scroll it
        onKeyDown={(event) => {
          // The browser's own way there ends where rows come in that are measured anew.
          const go = { Home: () => rows.scrollToIndex(0), End: toEnd }[event.key];
          if (!go || event.target !== event.currentTarget || hasModifier(event)) return;
          event.preventDefault();
          go();
        }}
      >
        <div className="transcript-lines">
          {ids.length === 0 && <NoLines callId={callId} />}
          <ol className="lines" style={{ paddingTop: rows.above, paddingBottom: rows.below }}>
            {ids.slice(rows.from, rows.to).map((id, place) => {
              const index = rows.from + place;
              return (
                <TranscriptRow
                  key={id}
                  callId={callId}
                  id={id}
                  before={ids[index - 1] ?? ''}
                  index={index}
                  fill={filledAt.get(id)?.count ?? 0}
                  mark={search.pattern}
                  isFound={current === id}
                  isShown={shown === id}
                  isArriving={isArriving}
                  measure={rows.measure}
                />
              );
            })}
          </ol>
        </div>
      </div>
      {hasOlder && isAtStart && (
        <button
          type="button"
          className="button older"
          disabled={older.isLoading}
          onClick={older.load}
        >
          {older.isLoading ? words.fetching : words.older}
        </button>
      )}
      {!isEndSeen && (
        <button type="button" className="button jump" onClick={toEnd}>
          <ArrowDown /> {newCount > 0 ? words.newLines(newCount) : words.toEnd}
        </button>
      )}
    </div>
  );
}

function hasModifier(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.altKey || event.metaKey || event.shiftKey;
}

/** Whether a line that was asked for is met for the first time since it was. */
function useArrival(target: Target | null): () => boolean {
  const met = useRef<Target | null>(null);
  return useCallback(() => {
    const isNew = met.current !== target;
    met.current = target;
    return isNew;
  }, [target]);
}

/** Brings a line that was asked for into view, fetching what is before until it is there. */
function useShownLine(
  ids: readonly string[],
  hasOlder: boolean,
  loadOlder: (limit?: number) => Promise<number>,
  target: Target | null,
  scrollTo: (index: number) => void,
): string | null {
  const [done, setDone] = useState<Target | null>(null);
  const [pages, setPages] = useState(0);
  const toast = useToast();
  const words = useWords();
  const index = target === null ? -1 : ids.lastIndexOf(target.segment_id);
  const isOpen = target !== null && target !== done;
  useEffect(() => {
    if (!isOpen || target === null) return;
    if (index >= 0) {
      scrollTo(index);
      setDone(target);
      setPages(0);
    } else if (hasOlder && pages < MOST_PAGES) {
      loadOlder(PAGE).then(
        () => setPages((n) => n + 1),
        () => setDone(target),
      );
    } else if (ids.length > 0) {
      toast(words.lineGone);
      setDone(target);
    }
  }, [isOpen, target, index, hasOlder, pages]);
  return index >= 0 && target !== null && target === done ? target.segment_id : null;
}
