/** The calls, one row each: who, how long, what was said last, how it fares. */
import type { CallView } from '@earshot/client';
import { useClient } from '@earshot/react';
import { memo, useState, type ReactNode } from 'react';
import { readable } from '../foreign.ts';
import { ThumbDown, ThumbUp } from '../icons.tsx';
import { useShortcuts } from '../settings/useShortcuts.ts';
import { durationOf, formatDuration } from '../time.ts';
import { useSecond } from '../useNow.ts';
import { useWords, type Words } from '../words/index.ts';
import { lengthOf, needsAttention } from './filter.ts';
import { useRowWindow } from './useRowWindow.ts';

export function WallRows(props: {
  calls: readonly CallView[];
  watched: string | null;
  watch(callId: string): void;
  /** The connection is lost: nothing is claimed of how a call stands now. */
  isOld: boolean;
}): ReactNode {
  const { calls, watched, watch, isOld } = props;
  const words = useWords();
  const [focused, setFocused] = useState<string | null>(null);
  const indexOf = (id: string | null): number =>
    id === null ? -1 : calls.findIndex((call) => call.call_id === id);
  const { boxRef, rows, after, reveal } = useRowWindow(calls.length, indexOf(focused));
  const step = (by: number): void => {
    const at = indexOf(watched);
    const to = at < 0 ? 0 : Math.min(calls.length - 1, Math.max(0, at + by));
    const next = calls[to];
    if (!next) return;
    watch(next.call_id);
    reveal(to);
  };
  useShortcuts({ nextCall: () => step(1), previousCall: () => step(-1) });
  return (
    <div className="wall-rows" ref={boxRef} data-old={isOld || undefined}>
      <div className="wall-head" aria-hidden="true">
        <span>{words.customer}</span>
        <span>{words.agent}</span>
        <span>{words.duration}</span>
        <span>{words.lastLine}</span>
        <span>{words.health}</span>
        <span>{words.verdicts}</span>
      </div>
      <ul
        style={{ paddingBottom: after }}
        onBlur={({ currentTarget, relatedTarget }) => {
          // Going to another row, that one must still be there when the focus arrives.
          if (!currentTarget.contains(relatedTarget)) setFocused(null);
        }}
      >
        {rows.map(({ index, before }) => {
          const call = calls[index];
          if (!call) return null;
          return (
            <li
              key={call.call_id}
              style={{ marginTop: before }}
              aria-setsize={calls.length}
              aria-posinset={index + 1}
              onFocus={() => setFocused(call.call_id)}
            >
              <WallRow call={call} isWatched={call.call_id === watched} watch={watch} isOld={isOld} />
            </li>
          );
        })}
      </ul>
    </div>
  );
}

const WallRow = memo(function WallRow(props: {
  call: CallView;
  isWatched: boolean;
  watch(callId: string): void;
  isOld: boolean;
}): ReactNode {
  const { call, isWatched, watch, isOld } = props;
  const words = useWords();
  const { last_line: line, verdicts } = call;
  return (
    <button
      type="button"
      className="wall-row"
      data-status={call.status}
      data-attention={(!isOld && needsAttention(call)) || undefined}
      aria-current={isWatched ? 'true' : undefined}
      onClick={() => watch(call.call_id)}
    >
      <span className="wall-customer">
        <span className="dot" aria-hidden="true" />
        <span className="sr-only">{isOld ? words.sync.stale : words.status[call.status]}</span>
        <span className="wall-name" dir="auto">
          {readable(call.customer ?? call.call_id)}
        </span>
      </span>
      <span className="wall-agent">{call.agent_ids.join(', ')}</span>
      <WallDuration call={call} />
      <span className="wall-line">
        {line ? (
          <>
            <span className="call-item-speaker" data-speaker={line.speaker}>
              {words.speaker[line.speaker]}:
            </span>{' '}
            <span className="wall-text" dir="auto">
              {readable(line.text)}
            </span>
          </>
        ) : (
          <span className="faint">{words.nothingSaid}</span>
        )}
      </span>
      {isOld ? <span className="wall-health">–</span> : <Health call={call} words={words} />}
      <span className="wall-verdicts">
        <Count of={verdicts?.helpful ?? 0} say={words.helpfulCount} tone="good" />
        <Count of={verdicts?.unhelpful ?? 0} say={words.unhelpfulCount} tone="bad" />
      </span>
    </button>
  );
});

function WallDuration({ call }: { call: CallView }): ReactNode {
  const client = useClient();
  useSecond();
  const seconds = durationOf(call, client.serverNow());
  return (
    <span className="duration" data-length={lengthOf(seconds)}>
      {formatDuration(seconds)}
    </span>
  );
}

function Health({ call, words }: { call: CallView; words: Words }): ReactNode {
  const { health, status } = call;
  if (status === 'on_hold') {
    return (
      <span className="wall-health" data-tone="wait">
        {words.status.on_hold}
      </span>
    );
  }
  const ills = [
    health ? words.transcription[health.transcription] : null,
    health && health.suggestions !== 'ok' ? words.assistance[health.suggestions] : null,
  ].filter((ill) => ill !== null);
  return (
    <span
      className="wall-health"
      data-tone={ills.length > 0 ? 'bad' : 'good'}
      title={ills.join(', ') || undefined}
    >
      {ills.length > 0 ? ills.join(', ') : words.healthFine}
    </span>
  );
}

function Count(props: { of: number; tone: string; say(n: number): string }): ReactNode {
  return (
    <span className="wall-count" data-tone={props.tone} data-none={props.of === 0 || undefined}>
      {props.tone === 'good' ? <ThumbUp /> : <ThumbDown />}
      <span aria-hidden="true">{props.of}</span>
      <span className="sr-only">{props.say(props.of)}</span>
    </span>
  );
}
