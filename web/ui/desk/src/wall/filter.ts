/** Which calls of the wall are shown. */
import type { CallView } from '@earshot/client';
import { readable } from '../foreign.ts';

export interface WallFilter {
  words: string;
  state: 'all' | 'active' | 'on_hold' | 'attention';
  /** '' for every agent. */
  agent: string;
}

export const EVERYTHING: WallFilter = { words: '', state: 'all', agent: '' };

export function matches(call: CallView, { words, state, agent }: WallFilter): boolean {
  if (state === 'attention' && !needsAttention(call)) return false;
  if ((state === 'active' || state === 'on_hold') && call.status !== state) return false;
  if (agent !== '' && !call.agent_ids.includes(agent)) return false;
  if (words.trim() === '') return true;
  const text = [call.call_id, call.customer, call.last_line?.text, ...call.agent_ids].join(' ');
  const inText = readable(text).toLocaleLowerCase();
  return readable(words)
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => inText.includes(word));
}

/** Something is not as it should be: words or suggestions do not come, or they do not help. */
export function needsAttention({ health, verdicts }: CallView): boolean {
  const isIll = health !== undefined && (health.transcription !== 'ok' || health.suggestions !== 'ok');
  return isIll || (verdicts !== undefined && verdicts.unhelpful > verdicts.helpful);
}

/** Seconds after which a call is long, and very long. */
const LONG_S = 8 * 60;
const VERY_LONG_S = 15 * 60;

export function lengthOf(seconds: number): 'usual' | 'long' | 'very-long' {
  if (seconds >= VERY_LONG_S) return 'very-long';
  return seconds >= LONG_S ? 'long' : 'usual';
}
