/** @earshot/react: hooks over @earshot/client. The client is made outside and passed in. */
export { EarshotProvider, useClient } from './provider.tsx';
export { useConnection, type ConnectionView } from './useConnection.ts';
export {
  useCall,
  useCalls,
  useFeedback,
  useOutbox,
  useSegment,
  useServerEvent,
  useSuggestions,
  useSummary,
  useTranscriptIds,
  type CallState,
} from './hooks.ts';
export { useReadable } from './useReadable.ts';
