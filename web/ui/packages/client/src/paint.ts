/**
 * @earshot/client/paint: how long a line took from its stamp until the screen had painted it,
 * told to the server now and then: the only place where the whole way is measured.
 */
import type { Client } from './api.ts';

/** Between two reports. */
export const REPORT_MS = 10_000;
/** Of one report; what is over is not measured. */
const MOST_SAMPLES = 100;
/** A line older than this was not live: a producer's own clock, or a long replay. */
const LIVE_MS = 60_000;

/** Measure and report until the returned undo is called. */
export function reportPaint(client: Client): () => void {
  let stamps: number[] = [];
  let samples: number[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  function painted(shown: number[]): void {
    const now = client.serverNow();
    const taken = shown.map((at) => now - at).filter((ms) => ms >= 0 && ms < LIVE_MS);
    samples = [...samples, ...taken].slice(0, MOST_SAMPLES);
    if (samples.length > 0) timer ??= setTimeout(report, REPORT_MS);
  }

  function report(): void {
    timer = undefined;
    const paint_ms = samples;
    samples = [];
    client.request('client:report', { paint_ms }).catch(() => undefined); // may be lost
  }

  const stop = client.on('transcription:update', ({ timestamp }) => {
    if (typeof document === 'undefined' || document.visibilityState !== 'visible') return;
    if (stamps.length >= MOST_SAMPLES) return;
    if (stamps.push(Date.parse(timestamp)) > 1) return;
    // Listeners hear in the coming frame; the task after it comes when it is painted.
    requestAnimationFrame(() => {
      const shown = stamps;
      stamps = [];
      setTimeout(() => painted(shown), 0);
    });
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
