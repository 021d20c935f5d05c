/** Clocks and durations as the desk shows them, in the language that was chosen. */
import type { CallView } from '@earshot/client';
import { useBrowserLanguages, useLanguage } from './words/index.ts';

/** 4:05, 1:04:05. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number): string => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** Whole seconds of a call; a living one runs to the server's now, held or not. */
export function durationOf(call: CallView, serverNow: number): number {
  if (call.status === 'ended') return call.duration;
  return Math.max(0, Math.floor((serverNow - Date.parse(call.started_at)) / 1000));
}

export interface Formats {
  /** 09:30:12. */
  clock(timestamp: string): string;
  /** 09:30. */
  hour(timestamp: string): string;
  /** The day of it, for when the hour does not say enough. */
  day(timestamp: string): string;
}

// h23, because `hour12: false` makes 24:05 of five past midnight in some languages.
const MINUTE = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const made = new Map<string, Formats>();

export function useFormats(): Formats {
  const language = useLanguage();
  // The browser may say more: en-GB writes dates another way than en.
  const own = useBrowserLanguages().find((tag) => tag.toLowerCase().startsWith(language));
  return formatsOf(own ?? language);
}

export function formatsOf(language: string): Formats {
  let formats = made.get(language);
  if (!formats) {
    formats = {
      clock: using(new Intl.DateTimeFormat(language, { ...MINUTE, second: '2-digit' })),
      hour: using(new Intl.DateTimeFormat(language, MINUTE)),
      day: using(new Intl.DateTimeFormat(language, { dateStyle: 'medium' })),
    };
    made.set(language, formats);
  }
  return formats;
}

function using(format: Intl.DateTimeFormat): (timestamp: string) => string {
  return (timestamp) => {
    const instant = Date.parse(timestamp);
    return Number.isNaN(instant) ? '' : format.format(instant);
  };
}
