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

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});

export function formatClock(timestamp: string): string {
  const instant = Date.parse(timestamp);
  return Number.isNaN(instant) ? '' : CLOCK.format(instant);
}
