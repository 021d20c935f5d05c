'use client';
/** @earshot/react: hooks over @earshot/client. The client is made outside and passed in. */
export { EarshotProvider, useClient, type ProviderProps } from './provider.tsx';
export { useConnection, type ConnectionView } from './useConnection.ts';
export {
  useAfterCall,
  useCall,
  useCallHandle,
  useCalls,
  useHealth,
  useSegment,
  useServerEvent,
  useSession,
  useSuggestions,
  useSummary,
  useTranscriptIds,
  useWatchers,
  type CallState,
} from './hooks.ts';
export { useDismiss, useFeedback, useOutbox, useSeen, type OutboxView } from './feedback.ts';
export { useFills } from './fills.ts';
export { useWatchedCalls, type WatchedCalls } from './supervisor.ts';
export { useReadable } from './useReadable.ts';
