/**
 * What a person chose for this browser: language, appearance, what is read aloud, keys. Kept in
 * localStorage, because it is no secret and none of the server's; anything ill there is ignored.
 */
import { useSyncExternalStore } from 'react';
import { DEFAULT_KEYS, type Action } from './keys.ts';

export interface Settings {
  language: 'auto' | 'en' | 'de';
  theme: 'auto' | 'light' | 'dark';
  announce: 'off' | 'customer' | 'all';
  keysOn: boolean;
  keys: Record<Action, string>;
}

export const DEFAULTS: Settings = {
  language: 'auto',
  theme: 'auto',
  announce: 'off',
  keysOn: true,
  keys: DEFAULT_KEYS,
};

const PLACE = 'earshot.settings';
const ALLOWED = {
  language: ['auto', 'en', 'de'],
  theme: ['auto', 'light', 'dark'],
  announce: ['off', 'customer', 'all'],
} as const;

const listeners = new Set<() => void>();
let settings = DEFAULTS;

/** Reads what is kept; called when the page begins, and when another tab changed it. */
export function loadSettings(): void {
  settings = settingsFrom(kept());
  show();
  listeners.forEach((listener) => listener());
}

export function changeSettings(change: Partial<Settings>): void {
  settings = { ...settings, ...change };
  try {
    localStorage.setItem(PLACE, JSON.stringify(settings));
  } catch {
    // Private windows may refuse: the choice then lasts as long as the page.
  }
  show();
  listeners.forEach((listener) => listener());
}

export function useSettings(): Settings {
  return useSyncExternalStore(subscribe, currentSettings, currentSettings);
}

export function currentSettings(): Settings {
  return settings;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Settings from whatever was kept: what is not one keeps its default. */
export function settingsFrom(text: string | null): Settings {
  let found: Record<string, unknown>;
  try {
    found = Object(JSON.parse(text ?? '{}')) as Record<string, unknown>;
  } catch {
    return DEFAULTS;
  }
  const made: Settings = { ...DEFAULTS, keysOn: found['keysOn'] !== false };
  for (const name of ['language', 'theme', 'announce'] as const) {
    const allowed: readonly unknown[] = ALLOWED[name];
    if (allowed.includes(found[name])) Object.assign(made, { [name]: found[name] });
  }
  const keys = Object(found['keys']) as Record<string, unknown>;
  made.keys = { ...DEFAULT_KEYS };
  for (const action of Object.keys(DEFAULT_KEYS) as Action[]) {
    const key = keys[action];
    if (typeof key === 'string' && key.length > 0 && key.length < 20) made.keys[action] = key;
  }
  return made;
}

function kept(): string | null {
  try {
    return localStorage.getItem(PLACE);
  } catch {
    return null;
  }
}

function show(): void {
  if (typeof document === 'undefined') return;
  const { dataset } = document.documentElement;
  if (settings.theme === 'auto') delete dataset['theme'];
  else dataset['theme'] = settings.theme;
}

if (typeof window !== 'undefined') {
  window.addEventListener('storage', ({ key }) => {
    if (key === PLACE) loadSettings();
  });
}
