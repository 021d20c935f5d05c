/** One call of the list. A live one is followed, so that its last words are there. */
import type { CallRow } from '@earshot/client';
import { useCall, useSegment, useTranscriptIds } from '@earshot/react';
import type { ReactNode } from 'react';
import { Duration } from '../Duration.tsx';
import { readable } from '../foreign.ts';
import { useFormats } from '../time.ts';
import { useWords } from '../words/index.ts';

export function CallItem(props: { call: CallRow; isChosen: boolean; choose(): void }): ReactNode {
  const { call, isChosen, choose } = props;
  const words = useWords();
  const { day, hour } = useFormats();
  return (
    <button
      type="button"
      className="call-item"
      data-status={call.status}
      aria-current={isChosen ? 'true' : undefined}
      onClick={choose}
    >
      <span className="call-item-name" dir="auto">
        {readable(call.customer ?? call.call_id)}
      </span>
      {call.status === 'ended' && (
        <time
          className="call-item-start"
          dateTime={call.started_at}
          title={words.beganOn(day(call.started_at))}
        >
          {hour(call.started_at)}
        </time>
      )}
      <Duration call={call} />
      {call.status !== 'ended' && (
        <span className="call-item-words">
          <LastWords callId={call.call_id} />
        </span>
      )}
      {call.reason === 'abandoned' && (
        <span className="call-item-words">{words.abandoned}</span>
      )}
      {call.status === 'on_hold' && <span className="tag">{words.status.on_hold}</span>}
    </button>
  );
}

function LastWords({ callId }: { callId: string }): ReactNode {
  const words = useWords();
  const last = useTranscriptIds(callId).at(-1) ?? '';
  const segment = useSegment(callId, last);
  if (!segment) return <NothingSaid callId={callId} />;
  return (
    <>
      <span className="call-item-speaker" data-speaker={segment.speaker}>
        {words.speaker[segment.speaker]}:
      </span>{' '}
      <bdi>{readable(segment.text)}</bdi>
    </>
  );
}

/** Only of a call whose lines would be here. */
function NothingSaid({ callId }: { callId: string }): ReactNode {
  const words = useWords();
  return useCall(callId).sync === 'live' && <span className="faint">{words.nothingSaid}</span>;
}
