/** Every sentence the desk says, in one place: exact, short, without blame. */
import type { Connection, Sync, wire } from '@earshot/client';

export const STATUS_WORDS: Record<wire.CallView['status'], string> = {
  active: 'Live',
  on_hold: 'On hold',
  ended: 'Ended',
};

export const SPEAKER_WORDS: Record<wire.TranscriptionUpdate['speaker'], string> = {
  customer: 'Customer',
  agent: 'Agent',
};

export interface Said {
  text: string;
  tone: 'good' | 'wait' | 'bad';
}

/** A sentence is the customer's own; a title or a model's line is about it. */
export function summaryWords(kind: wire.AiSuggestion['summary_kind']): string {
  return kind === 'sentence' ? 'Customer said' : 'In short';
}

/** The connection, as a person would say it. */
export function connectionWords(connection: Connection, isLost: boolean): Said {
  switch (connection.status) {
    case 'idle':
    case 'connecting':
      return { text: 'Connecting…', tone: 'wait' };
    case 'online':
      return { text: 'Connected', tone: 'good' };
    case 'reconnecting':
      return isLost
        ? { text: 'Connection lost', tone: 'bad' }
        : { text: 'Reconnecting…', tone: 'wait' };
    case 'offline':
      return { text: 'No network', tone: 'bad' };
    case 'auth-required':
      return { text: 'Signed out', tone: 'bad' };
    case 'closed':
      return { text: 'Disconnected', tone: 'bad' };
  }
}

const CLOSED_WORDS: Partial<Record<string, string>> = {
  replaced: 'This desk was opened in another place, which took over.',
  revoked: 'Your access was taken back. Ask your administrator.',
  forbidden: 'This account may not use the desk.',
};

export function closedWords(reason: string): string {
  return CLOSED_WORDS[reason] ?? 'The server ended this session.';
}

export function healthWords(health: wire.CallHealth | null): string[] {
  const said: string[] = [];
  if (health?.transcription === 'silent') said.push('No words are coming in');
  if (health?.transcription === 'down') said.push('Transcription is down');
  if (health?.suggestions === 'slow') said.push('Suggestions are late');
  if (health?.suggestions === 'down') said.push('Suggestions are down');
  return said;
}

export function syncWords(sync: Sync): string | null {
  if (sync === 'syncing') return 'Catching up…';
  return sync === 'stale' ? 'Not up to date' : null;
}

export function countWords(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Why a verdict was not taken. */
export function refusalWords(title: string, message: string): string {
  return `Your verdict on “${title}” was not saved: ${message}.`.replace(/\.\.$/, '.');
}
