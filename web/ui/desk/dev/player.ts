/** Plays the made-up calls into a fake server, word by word. */
import type { FakeServer } from '../../packages/client/test/fakeServer.ts';
import { DIALOGUES, DOCUMENTS, type Dialogue, type Line } from './dialogues.ts';

const WORD_MS = 190;
const PAUSE_MS = 900;
const AGAIN_MS = 30_000;

/** `speed` 1 is speaking pace. */
export function play(server: FakeServer, speed: number): void {
  ended(server);
  for (const [place, dialogue] of DIALOGUES.entries())
    void playCall(server, place, dialogue, speed, 1);
}

function ended(server: FakeServer): void {
  const started_at = new Date(Date.now() - 3_600_000).toISOString();
  const call = server.call('call-0900');
  call.status({ customer: 'Hannah Weiss', started_at, agent_ids: ['agent-1'] });
  call.say({ segment_id: 'x1', text: 'Thank you, goodbye.', timestamp: started_at });
  call.status({ status: 'ended', duration: 341, ended_at: new Date().toISOString() });
  call.sumUp({
    reason: 'Asked why the bill of November is higher than usual.',
    steps: ['Found a discount that had ended in October.', 'Offered the loyalty discount.'],
    outcome: 'The customer took the offer; it begins with the next bill.',
    follow_ups: ['Send a confirmation by e-mail.'],
    source: 'model',
  });
  const dropped = server.call('call-0800');
  dropped.status({ customer: 'נועה לוי', started_at, agent_ids: ['agent-1'] });
  dropped.status({ status: 'ended', duration: 12, reason: 'abandoned', ended_at: started_at });
}

async function playCall(
  server: FakeServer,
  place: number,
  dialogue: Dialogue,
  speed: number,
  round: number,
): Promise<void> {
  const callId = `call-${round}0${place + 1}`;
  const started = Date.now() - (round === 1 ? dialogue.age * 1000 : 0);
  const call = server.call(callId);
  call.status({ customer: dialogue.customer, started_at: new Date(started).toISOString() });
  server.io.emit('call:assigned', { call_id: callId, call: call.view });
  for (const [index, line] of dialogue.lines.entries()) {
    // What was said before the page was opened is there at once.
    const isPast = round === 1 && (dialogue.isOnHold || index < dialogue.lines.length * 0.6);
    const at = isPast ? started + (index + 1) * 4_000 : Date.now();
    await say(server, callId, `${callId}-${index}`, line, at, isPast ? 0 : WORD_MS / speed);
    if (!isPast) await sleep(PAUSE_MS / speed);
  }
  if (dialogue.isOnHold) {
    call.status({ status: 'on_hold' });
    server.publish(callId);
  }
  await sleep(AGAIN_MS / speed);
  const duration = Math.floor((Date.now() - started) / 1000);
  call.status({ status: 'ended', ended_at: new Date().toISOString(), duration });
  server.publish(callId);
  await sleep(AGAIN_MS / speed);
  await playCall(server, place, dialogue, speed, round + 1);
}

async function say(
  server: FakeServer,
  callId: string,
  segment_id: string,
  line: Line,
  at: number,
  wordMs: number,
): Promise<void> {
  const timestamp = new Date(at).toISOString();
  const words = line.text
    .toLowerCase()
    .replace(/[.,?!]/g, '')
    .split(' ');
  for (let count = 1; wordMs > 0 && count <= words.length; count += 1) {
    const text = words.slice(0, count).join(' ');
    server.interim(callId, { segment_id, speaker: line.speaker, revision: count, text, timestamp });
    await sleep(wordMs);
  }
  const call = server.call(callId);
  call.say({ segment_id, speaker: line.speaker, text: line.text, timestamp });
  server.publish(callId);
  if (!line.suggest) return;
  const documents = line.suggest.documents.map((id, rank) => {
    const { words: matches, ...document } = DOCUMENTS[id] ?? { title: id, excerpt: '', words: [] };
    return { id, ...document, matches, relevance: [0.86, 0.61, 0.44][rank] ?? 0.3 };
  });
  await sleep(wordMs);
  const { summary } = line.suggest;
  call.suggest({ documents, summary, summary_kind: 'sentence', because: segment_id });
  server.publish(callId);
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
