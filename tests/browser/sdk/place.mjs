// What the scenarios share: a page with the client on it, tokens, the producer's side of a call.
import { createHmac, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

/** Bounds a failure only: what is waited for is there at once on a machine that has time. */
const BOUND_MS = 60_000;
/** Refusals of one request, one after the other, and of all requests the share: what is more is no
 * machine that stood still for a moment. */
const [MOST_IN_A_ROW, MOST_REFUSED] = [8, 0.1];
/** What was asked, and the codes of what was refused and may be asked again. */
const asked = { count: 0, refusals: [] };
export const fromUi = createRequire(resolve('web/ui/package.json'));
const ui = resolve('web/ui');

/** A page of its own origin on which `window.earshot` is the client. */
export async function servePage() {
  const { rolldown } = fromUi('rolldown');
  const bundle = await rolldown({
    input: resolve('tests/browser/sdk/page.ts'),
    logLevel: 'silent',
    resolve: {
      conditionNames: ['earshot-source', 'browser', 'import'],
      modules: [resolve(ui, 'node_modules')],
    },
  });
  const { output } = await bundle.generate({ format: 'esm' });
  const files = new Map(output.map((chunk) => [`/${chunk.fileName}`, chunk.code]));
  const html = '<!doctype html><title>client</title><script type="module" src="/page.js"></script>';
  const server = createServer(({ url }, response) => {
    const code = files.get(url);
    response.setHeader('content-type', code ? 'text/javascript' : 'text/html');
    response.end(code ?? html);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A development token: HS256, ends in `lives` seconds. */
export function mint(sub, role = 'agent', lives = 3600, tenant = 'default') {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub, role, tenant, iat: now, exp: now + lives };
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  const signed = createHmac('sha256', process.env.JWT_SECRET).update(body).digest('base64url');
  return `${body}.${signed}`;
}

/** What may be judged: they answer what `suggest` makes the customer say. */
export const DOCUMENTS = ['d1', 'd2', 'd3'];

/** Throws when more was refused than passes with a moment. */
export function judgeRefusals() {
  const { count, refusals } = asked;
  if (refusals.length > Math.max(MOST_IN_A_ROW, MOST_REFUSED * count)) {
    throw new Error(`${refusals.length} of ${count} requests were refused: ${refusals}`);
  }
}

/** Asks as a producer should: again after a refusal that passes. All that is asked has ids. */
function asking(server, token) {
  return async (method, path, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = body && JSON.stringify(body);
    for (let refused = 1; ; refused += 1) {
      asked.count += 1;
      const response = await fetch(`${server}/v1${path}`, { method, headers, body: sent });
      const answer = await response.json();
      if (response.ok) return answer;
      const { error } = answer;
      if (error.retryable) asked.refusals.push(error.code);
      if (!error.retryable || refused > MOST_IN_A_ROW) {
        throw new Error(`${response.status} from ${path}: ${JSON.stringify(error)}`);
      }
      await new Promise((done) => setTimeout(done, error.retry_after_ms ?? 200));
    }
  };
}

/** Puts the documents and waits until they are found. */
export async function putDocuments(server) {
  const ask = asking(server, mint('admin-1', 'admin'));
  const text = 'If the router has no light at all, check its plug and its adapter.';
  const documents = DOCUMENTS.map((id) => ({ id, title: `Router without light ${id}`, text }));
  await ask('PUT', '/documents', { documents });
  const hits = async () => (await ask('GET', '/documents/search?q=router+light')).documents;
  await until(async () => (await hits()).length === DOCUMENTS.length, 'documents');
}

/** A call of these agents, from the producer's side. */
export async function createCall(server, ...agentIds) {
  const ask = asking(server, mint('producer-1', 'producer'));
  const callId = `call-${randomUUID()}`;
  const { call } = await ask('POST', '/calls', { call_id: callId, agent_ids: agentIds });
  let said = 0;
  return {
    callId,
    startedAt: call.started_at,
    async say(...texts) {
      const line = (text) => ({ segment_id: `s${(said += 1)}`, speaker: 'customer', text });
      await ask('POST', `/calls/${callId}/segments`, { segments: texts.map(line) });
    },
    /** So many minutes ago, as a recogniser says it of a line that comes late. */
    async saidBefore(minutes, text) {
      const timestamp = new Date(Date.now() - minutes * 60_000).toISOString();
      const line = { segment_id: `s${(said += 1)}`, speaker: 'customer', text, timestamp };
      await ask('POST', `/calls/${callId}/segments`, { segments: [line] });
    },
    /** What may still change, of the line that `say` says next. */
    async interim(text, revision = 0, speaker = 'customer') {
      const line = { segment_id: `s${said + 1}`, speaker, text, final: false, revision };
      await ask('POST', `/calls/${callId}/segments`, { segments: [line] });
    },
    end: () => ask('PATCH', `/calls/${callId}`, { status: 'ended' }),
    /** Makes every document a suggestion of this call. */
    async suggest() {
      await ask('POST', `/calls/${callId}/segments`, {
        segments: [{ segment_id: 'q', speaker: 'customer', text: 'my router has no light at all' }],
      });
      const shown = async () => (await ask('GET', `/calls/${callId}`)).suggestion?.documents ?? [];
      await until(async () => (await shown()).length === DOCUMENTS.length, 'the suggestion');
    },
    /** The log's events of this name, in order. */
    async log(name) {
      const { events } = await ask('GET', `/calls/${callId}/events?after=0&limit=500`);
      return events.filter(({ event }) => event === name).map(({ data }) => data);
    },
    /** The verdicts in the log, in order: [doc_id, helpful, feedback_id]. */
    async verdicts() {
      const verdicts = await this.log('feedback:update');
      return verdicts.map(({ doc_id, helpful, feedback_id }) => [doc_id, helpful, feedback_id]);
    },
  };
}

/** Looks until `check` gives something true; then that. */
export async function until(check, what, bound_ms = BOUND_MS) {
  const deadline = Date.now() + bound_ms;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`not within ${bound_ms} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 25));
  }
}

/**
 * A promise in milliseconds. `attempt` does all of it anew and says how long it took. What is slow
 * by design is late each time; a machine that stands still for a moment makes one attempt late,
 * which is said, and then two more have to be in time.
 */
export async function inTime(bound_ms, attempt) {
  const first_ms = await attempt(0);
  if (first_ms <= bound_ms) return;
  console.error(`late: ${first_ms} ms, not ${bound_ms}; two more tries`);
  for (const number of [1, 2]) {
    const took_ms = await attempt(number);
    if (took_ms > bound_ms) throw new Error(`late twice: ${first_ms}, ${took_ms} ms, not ${bound_ms}`);
  }
}

export function same(found, expected, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${a}, not ${b}`);
}
