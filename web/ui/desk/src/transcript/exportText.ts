/** A call's transcript as a text file: all its lines, fetched as far back as they go. */
import type { CallHandle, Segment } from '@earshot/client';
import { isolated, readable } from '../foreign.ts';

const PAGE = 500;

export interface Labels {
  speaker: Record<Segment['speaker'], string>;
  clock(timestamp: string): string;
}

/** Fetches what is missing, then every line that is final. */
export async function wholeText(call: CallHandle, labels: Labels): Promise<string[]> {
  while (call.hasOlder.get()) if ((await call.loadOlder(PAGE)) === 0) break;
  const lines: string[] = [];
  for (const id of call.segmentIds.get()) {
    const line = call.segment(id).get();
    if (line?.final) lines.push(asText(line, labels));
  }
  return lines;
}

function asText({ timestamp, speaker, text }: Segment, labels: Labels): string {
  return `[${labels.clock(timestamp)}] ${labels.speaker[speaker]}: ${isolated(text.replaceAll(/\s*\n\s*/g, ' '))}`;
}

/** Gives the text to the person as a file. */
export function download(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `${readable(name).replaceAll(/[^\p{L}\p{M}\p{N}._-]+/gu, '_')}.txt`;
  link.click();
  // The browser reads it in a later task.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
