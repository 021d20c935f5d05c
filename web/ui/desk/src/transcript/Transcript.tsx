/** The lines of a call. Stays at the end unless somebody scrolled up to read. */
import { useCall, useTranscriptIds } from '@earshot/react';
import { useState, type ReactNode } from 'react';
import { Empty } from '../Empty.tsx';
import { ArrowDown, Voice } from '../icons.tsx';
import { useToast } from '../toasts.tsx';
import { countWords } from '../words.ts';
import { TranscriptRow } from './TranscriptRow.tsx';
import { useStickToEnd } from './useStickToEnd.ts';

export function Transcript({ callId }: { callId: string }): ReactNode {
  const ids = useTranscriptIds(callId);
  const { sync, hasOlder, loadOlder } = useCall(callId);
  const { boxRef, linesRef, newCount, isAtEnd, toEnd, holdPlace } = useStickToEnd(ids);
  return (
    <div className="transcript">
      <div
        ref={boxRef}
        className="transcript-scroll"
        role="region"
        aria-label="Transcript"
        tabIndex={0} // so that the keyboard can scroll it
      >
        <div ref={linesRef} className="transcript-lines">
          {hasOlder && <Older load={loadOlder} before={holdPlace} />}
          {ids.length === 0 && sync === 'live' && (
            <Empty icon={<Voice />} title="Nothing said yet">
              <p>Words appear here while they are spoken.</p>
            </Empty>
          )}
          <ol className="lines">
            {ids.map((id, place) => (
              <TranscriptRow key={id} callId={callId} id={id} before={ids[place - 1] ?? ''} />
            ))}
          </ol>
        </div>
      </div>
      {!isAtEnd && (
        <button type="button" className="button jump" onClick={toEnd}>
          <ArrowDown /> {newCount > 0 ? countWords(newCount, 'new', 'new') : 'To the end'}
        </button>
      )}
    </div>
  );
}

function Older(props: { load(): Promise<number>; before(): void }): ReactNode {
  const [isLoading, setLoading] = useState(false);
  const toast = useToast();
  const load = async (): Promise<void> => {
    setLoading(true);
    props.before();
    try {
      await props.load();
    } catch {
      toast('Earlier lines could not be fetched. Try again.');
    } finally {
      setLoading(false);
    }
  };
  return (
    <button type="button" className="button older" disabled={isLoading} onClick={() => void load()}>
      {isLoading ? 'Fetching…' : 'Show earlier lines'}
    </button>
  );
}
