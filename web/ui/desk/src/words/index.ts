/** The words of the language that was chosen: in the settings, or by the browser. */
import type { Connection, wire } from '@earshot/client';
import { useEffect, useSyncExternalStore } from 'react';
import { useSettings } from '../settings/settings.ts';
import { de } from './de.ts';
import { en, type Words } from './en.ts';

export type { Words } from './en.ts';

export const LANGUAGES = { en, de };
export type Language = keyof typeof LANGUAGES;

export function languageOf(chosen: Language | 'auto', offered: readonly string[]): Language {
  if (chosen !== 'auto') return chosen;
  for (const tag of offered) {
    const [primary] = tag.toLowerCase().split('-');
    if (primary === 'en' || primary === 'de') return primary;
  }
  return 'en';
}

export function useLanguage(): Language {
  return languageOf(useSettings().language, useBrowserLanguages());
}

/** What the browser asks for, best first. A server that renders the page knows none of it. */
export function useBrowserLanguages(): readonly string[] {
  const tags = useSyncExternalStore(onLanguages, browserLanguages, () => '');
  return tags === '' ? [] : tags.split(',');
}

/** As one string: the browser may make another array each time. */
const browserLanguages = (): string => (navigator.languages ?? []).join(',');

function onLanguages(changed: () => void): () => void {
  window.addEventListener('languagechange', changed);
  return () => window.removeEventListener('languagechange', changed);
}

/** Tells the browser which language the page speaks, for voices and hyphens. */
export function usePageLanguage(): void {
  const language = useLanguage();
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
}

export function useWords(): Words {
  return LANGUAGES[useLanguage()];
}

export interface Said {
  text: string;
  tone: 'good' | 'wait' | 'bad';
}

/** The connection, as a person would say it. A loss is said aloud only when it lasts. */
export function connectionWords(words: Words, connection: Connection, isLost: boolean): Said {
  const { status } = connection;
  if (status === 'reconnecting' && isLost) return { text: words.connectionLost, tone: 'bad' };
  const waits = status === 'idle' || status === 'connecting' || status === 'reconnecting';
  const tone = status === 'online' ? 'good' : waits ? 'wait' : 'bad';
  return { text: words.connection[status], tone };
}

/** How suggestions fare, and why; null while nothing was said of it. */
export function assistanceWords(words: Words, health: wire.CallHealth | null): Said & { why: string } {
  const state = health?.suggestions ?? 'ok';
  // The place of the cards says it at length.
  if (health?.why === 'no_documents') return { text: words.nothingToSuggest, tone: 'wait', why: '' };
  const why = health?.why ? words.why[health.why] : '';
  const tone = state === 'down' ? 'bad' : state === 'slow' || why !== '' ? 'wait' : 'good';
  return { text: words.assistance[state], tone, why };
}

/** The sentence for a code, or the one for any other. */
export function wordFor(table: { other: string } & Record<string, string>, code: string): string {
  return (Object.hasOwn(table, code) ? table[code] : undefined) ?? table.other;
}
