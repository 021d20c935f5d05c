/** Keys to deeds. Each part of the desk says what it can do; the newest one that can does it. */
import { useEffect, useRef } from 'react';
import { actionOf, isForUs, type Action } from './keys.ts';
import { currentSettings } from './settings.ts';

type Deeds = Partial<Record<Action, () => void>>;

const parts: { current: Deeds }[] = [];

function onKey(event: KeyboardEvent): void {
  const { keys, keysOn } = currentSettings();
  if (!keysOn || !isForUs(event)) return;
  const action = actionOf(keys, event.key);
  if (!action) return;
  const deed = parts.findLast(({ current }) => current[action])?.current[action];
  if (!deed) return;
  event.preventDefault();
  deed();
}

export function useShortcuts(deeds: Deeds): void {
  const part = useRef(deeds);
  useEffect(() => {
    part.current = deeds;
  });
  useEffect(() => {
    if (parts.length === 0) document.addEventListener('keydown', onKey);
    parts.push(part);
    return () => {
      parts.splice(parts.indexOf(part), 1);
      if (parts.length === 0) document.removeEventListener('keydown', onKey);
    };
  }, []);
}
