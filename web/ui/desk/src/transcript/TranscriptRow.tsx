/** One line. Who speaks is told by side, label and colour; text is always only text. */
import type { Segment } from '@earshot/client';
import { useSegment } from '@earshot/react';
import { memo, type ReactNode } from 'react';
import { formatClock } from '../time.ts';
import { SPEAKER_WORDS } from '../words.ts';

/** A pause after which the same speaker is named again. */
const NAMED_AGAIN_MS = 60_000;

export const TranscriptRow = memo(function TranscriptRow(props: {
  callId: string;
  id: string;
  /** The line above, '' for none. */
  before: string;
}): ReactNode {
  const segment = useSegment(props.callId, props.id);
  const before = useSegment(props.callId, props.before);
  if (!segment) return null;
  const isNamed = !before || !continues(before, segment);
  return (
    <li
      className="line"
      data-speaker={segment.speaker}
      data-named={isNamed || undefined}
      data-final={segment.final}
    >
      {isNamed && (
        <div className="line-head">
          <span className="line-speaker">{SPEAKER_WORDS[segment.speaker]}</span>
          <time className="line-time">{formatClock(segment.timestamp)}</time>
        </div>
      )}
      <p className="line-text" dir="auto">
        {segment.text}
        {!segment.final && <span className="sr-only"> (still speaking)</span>}
      </p>
    </li>
  );
});

function continues(before: Segment, segment: Segment): boolean {
  const pause = Date.parse(segment.timestamp) - Date.parse(before.timestamp);
  return (
    before.speaker === segment.speaker &&
    before.participant === segment.participant &&
    pause < NAMED_AGAIN_MS
  );
}
