/** Why the transcript is empty. */
import { useCall } from '@earshot/react';
import type { ReactNode } from 'react';
import { Empty } from '../Empty.tsx';
import { Voice } from '../icons.tsx';
import { useWords, wordFor } from '../words/index.ts';

export function NoLines({ callId }: { callId: string }): ReactNode {
  const words = useWords();
  const { sync, refused, info } = useCall(callId);
  if (refused !== null) {
    return (
      <Empty icon={<Voice />} title={words.notFollowed}>
        <p>{wordFor(words.refused, refused)}</p>
      </Empty>
    );
  }
  if (sync !== 'live') return null;
  const isOver = info?.status === 'ended';
  return (
    <Empty icon={<Voice />} title={isOver ? words.nothingWasSaid : words.nothingSaid}>
      <p>{isOver ? words.nothingWasSaidText : words.wordsAppear}</p>
    </Empty>
  );
}
