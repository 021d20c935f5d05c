/** Clocks and durations as the desk shows them. */
import type { CallView } from '@earshot/client';

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

// h23, because `hour12: false` makes 24:05 of five past midnight in some languages.
const MINUTE = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const CLOCK = new Intl.DateTimeFormat(undefined, { ...MINUTE, second: '2-digit' });
const HOUR = new Intl.DateTimeFormat(undefined, MINUTE);
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

export function formatClock(timestamp: string): string {
  return formatted(CLOCK, timestamp);
}

/** 09:30. */
export function formatHour(timestamp: string): string {
  return formatted(HOUR, timestamp);
}

/** The day of it, for when the hour does not say enough. */
export function formatDay(timestamp: string): string {
  return formatted(DAY, timestamp);
}

function formatted(format: Intl.DateTimeFormat, timestamp: string): string {
  const instant = Date.parse(timestamp);
  return Number.isNaN(instant) ? '' : format.format(instant);
}
