/** One line. Who speaks is told by side, label and colour; text is always only text. */
import type { Segment } from '@earshot/client';
import { useSegment } from '@earshot/react';
import { memo, useCallback, useEffect, useRef, type ReactNode } from 'react';
import { Marked } from '../suggestions/Marked.tsx';
import { useFormats } from '../time.ts';
import { useWords } from '../words/index.ts';

/** A pause after which the same speaker is named again. */
const NAMED_AGAIN_MS = 60_000;

export const TranscriptRow = memo(function TranscriptRow(props: {
  callId: string;
  id: string;
  /** The line above, '' for none. */
  before: string;
  index: number;
  /** So many lines from here on came in after a lost connection. */
  fill: number;
  /** What the search marks. */
  mark: RegExp | null;
  isFound: boolean;
  /** Somebody asked to see this line. */
  isShown: boolean;
  /** True once for each asking: the focus comes here then, and not when the row comes back. */
  isArriving(): boolean;
  measure(id: string, row: HTMLLIElement | null): void;
}): ReactNode {
  const segment = useSegment(props.callId, props.id);
  const before = useSegment(props.callId, props.before);
  const words = useWords();
  const { clock } = useFormats();
  const row = useRef<HTMLLIElement | null>(null);
  const { id, measure, isShown, isArriving } = props;
  // The same function each time: another would have the row observed anew in every render.
  const place = useCallback(
    (element: HTMLLIElement | null) => {
      row.current = element;
      measure(id, element);
    },
    [id, measure],
  );
  useEffect(() => {
    if (isShown && isArriving()) row.current?.focus({ preventScroll: true });
  }, [isShown, isArriving]);
  if (!segment) return null;
  const isNamed = !before || props.fill > 0 || !continues(before, segment);
  return (
    <li
      ref={place}
      className="row"
      aria-posinset={props.index + 1}
      tabIndex={isShown ? -1 : undefined}
    >
      {props.fill > 0 && <p className="filled">{words.filled(props.fill)}</p>}
      <div
        className="line"
        data-speaker={segment.speaker}
        data-named={isNamed || undefined}
        data-final={segment.final}
        data-found={props.isFound || undefined}
        data-shown={isShown || undefined}
      >
        {isNamed && (
          <div className="line-head">
            <span className="line-speaker">{words.speaker[segment.speaker]}</span>
            <time className="line-time" dateTime={segment.timestamp}>
              {clock(segment.timestamp)}
            </time>
          </div>
        )}
        <p className="line-text" dir="auto">
          <Marked text={segment.text} pattern={props.mark} />
          {!segment.final && <span className="sr-only"> {words.stillSpeaking}</span>}
        </p>
      </div>
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
