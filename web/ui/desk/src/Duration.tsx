/** How long a call has lasted, ticking while it lives, right also when this clock is not. */
import type { CallView } from '@earshot/client';
import { useClient } from '@earshot/react';
import type { ReactNode } from 'react';
import { durationOf, formatDuration } from './time.ts';
import { useWords } from './words/index.ts';
import { useSecond } from './useNow.ts';

export function Duration({ call }: { call: CallView }): ReactNode {
  const client = useClient();
  const words = useWords();
  useSecond();
  return (
    <time className="duration" role="timer" aria-label={words.duration}>
      {formatDuration(durationOf(call, client.serverNow()))}
    </time>
  );
}
