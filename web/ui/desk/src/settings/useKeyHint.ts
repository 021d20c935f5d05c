/** Names a deed together with its key, so that shortcuts are learnt where they are needed. */
import type { Action } from './keys.ts';
import { useSettings } from './settings.ts';

/** The title of a control with its key behind it, while keys do something. */
export function useKeyHint(): (title: string, action: Action | undefined) => string {
  const { keys, keysOn } = useSettings();
  return (title, action) => (keysOn && action ? `${title} (${keys[action]})` : title);
}
