import { watchFills, type Fill } from '@earshot/client/fills';
import { useEffect, useState } from 'react';
import { useCallHandle } from './hooks.ts';
import { useClient } from './provider.tsx';

const NONE: readonly Fill[] = [];

/** Where lines begin that were said while this page was not connected, and how many. */
export function useFills(callId: string | null): readonly Fill[] {
  const client = useClient();
  useCallHandle(callId);
  const [found, setFound] = useState<{ of: string; fills: readonly Fill[] } | null>(null);
  useEffect(() => {
    if (callId === null) return undefined;
    const fills = watchFills(client, callId);
    const undo = fills.subscribe(() => setFound({ of: callId, fills: fills.get() }));
    return () => {
      undo();
      fills.stop();
    };
  }, [client, callId]);
  return found && found.of === callId ? found.fills : NONE;
}
