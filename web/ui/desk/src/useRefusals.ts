/** Says which verdicts and dismissals were not taken, and why; also those of before a reload. */
import type { FailedItem } from '@earshot/client';
import { useOutbox } from '@earshot/react';
import { useEffect, useRef } from 'react';
import { useTitleOf } from './suggestions/Suggestions.tsx';
import { useToast } from './toasts.tsx';
import { useWords } from './words/index.ts';

export function useRefusals(): void {
  const { failed } = useOutbox();
  const toast = useToast();
  const words = useWords();
  const titleOf = useTitleOf();
  const told = useRef(new Set<FailedItem>());
  useEffect(() => {
    for (const item of failed) {
      if (told.current.has(item)) continue;
      told.current.add(item);
      const say = item.dismissed ? words.dismissalRefusal : words.refusal;
      toast(say(titleOf(item.call_id, item.doc_id), words.reasonOf(item.error)));
    }
  }, [failed, toast, words, titleOf]);
}
