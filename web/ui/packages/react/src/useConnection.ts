import type { Connection } from '@earshot/client';
import { useEffect, useState } from 'react';
import { useClient } from './provider.tsx';
import { useReadable } from './useReadable.ts';

/** Reconnecting for longer than this is worth saying aloud; most losses heal before it. */
const LOST_AFTER_MS = 5_000;

export type ConnectionView = Connection & {
  /** Gone for much longer than usual. */
  isLost: boolean;
  retryNow(): void;
};

export function useConnection(): ConnectionView {
  const client = useClient();
  const connection = useReadable(client.connection);
  const since = 'since' in connection ? connection.since : null;
  const isLost = useElapsed(since, LOST_AFTER_MS);
  return { ...connection, isLost, retryNow: client.retryNow };
}

/** True once `ms` have passed since an instant; null is never. */
function useElapsed(since: number | null, ms: number): boolean {
  const [elapsed, setElapsed] = useState<number | null>(null);
  useEffect(() => {
    if (since === null) return undefined;
    // Never longer than `ms`, though the clock was set back meanwhile.
    const left = Math.min(ms, Math.max(0, since + ms - Date.now()));
    const timer = setTimeout(() => setElapsed(since), left);
    return () => clearTimeout(timer);
  }, [since, ms]);
  return since !== null && elapsed === since;
}
