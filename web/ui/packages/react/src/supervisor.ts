import { watchCalls } from '@earshot/client/supervisor';
import type { CallsFilter, CallView, Sync } from '@earshot/client';
import { useEffect, useMemo } from 'react';
import { useClient } from './provider.tsx';
import { useReadable } from './useReadable.ts';

export interface WatchedCalls {
  /** Live calls first; within each the one that began last first. */
  calls: readonly CallView[];
  sync: Sync;
  /** The code of a refusal that asking again does not change: `forbidden` for an agent. */
  refused: string | null;
}

/** The tenant's calls for a supervisor's wall, watched while the component is mounted. */
export function useWatchedCalls(filter: CallsFilter = {}): WatchedCalls {
  const client = useClient();
  const { status, agent_id } = filter;
  const handle = useMemo(
    () => watchCalls(client, { ...(status && { status }), ...(agent_id && { agent_id }) }),
    [client, status, agent_id],
  );
  useEffect(() => handle.retain(), [handle]);
  return {
    calls: useReadable(handle.calls),
    sync: useReadable(handle.sync),
    refused: useReadable(handle.refused),
  };
}
