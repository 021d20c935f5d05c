/** Searching the lines of a call; all of them, so the earlier ones are fetched first. */
import { useCall, useClient, useTranscriptIds } from '@earshot/react';
import { useEffect, useMemo, useState } from 'react';
import { readable } from '../foreign.ts';
import { patternFor } from '../suggestions/marks.ts';
import { useToast } from '../toasts.tsx';
import { useWords } from '../words/index.ts';

export interface Search {
  isOpen: boolean;
  /** How often it was opened: the field takes the focus each time. */
  openings: number;
  words: string;
  /** What is marked; null: nothing is looked for. */
  pattern: RegExp | null;
  /** The lines in which it stands, first to last. */
  found: readonly string[];
  /** The line that is looked at. */
  current: string | null;
  isLoading: boolean;
  open(): void;
  close(): void;
  look(words: string): void;
  step(by: number): void;
}

const PAGE = 500;

export function useSearch(callId: string): Search {
  const client = useClient();
  const ids = useTranscriptIds(callId);
  const { hasOlder, loadOlder } = useCall(callId);
  const toast = useToast();
  const fault = useWords().olderFailed;
  const [isOpen, setOpen] = useState(false);
  const [openings, count] = useState(0);
  const [isLoading, setLoading] = useState(false);
  const [words, setWords] = useState('');
  const [chosen, choose] = useState<string | null>(null);

  useEffect(() => {
    if (!isOpen || !hasOlder || isLoading) return;
    setLoading(true);
    // A page at a time; a failed one is tried again with the next opening.
    loadOlder(PAGE).then(
      () => setLoading(false),
      () => {
        setLoading(false);
        setOpen(false);
        toast(fault);
      },
    );
  }, [isOpen, hasOlder, isLoading, loadOlder, toast, fault]);

  const pattern = useMemo(() => (isOpen ? patternFor(readable(words)) : null), [isOpen, words]);
  const found = useMemo(() => {
    if (!pattern) return [];
    const call = client.call(callId);
    return ids.filter((id) => readable(call.segment(id).get()?.text ?? '').search(pattern) >= 0);
  }, [pattern, ids, client, callId]);
  // The newest finding first: it is nearest to what is being said.
  const current = chosen !== null && found.includes(chosen) ? chosen : (found.at(-1) ?? null);

  useEffect(() => {
    // It stays looked at, also when what is said now has the word too.
    if (chosen !== current) choose(current);
  }, [chosen, current]);

  return {
    isOpen,
    openings,
    words,
    pattern,
    found,
    current,
    isLoading,
    open() {
      setOpen(true);
      count((n) => n + 1);
    },
    close() {
      setOpen(false);
      setLoading(false);
    },
    look(next) {
      setWords(next);
      choose(null);
    },
    step(by) {
      const at = current === null ? 0 : found.indexOf(current);
      choose(found[(at + by + found.length) % Math.max(1, found.length)] ?? null);
    },
  };
}
