// A transcript in orders in which no server should send it: twice, late, out of turn, with holes.
// What is read in the end is what the reference reads: the golden calls, and the server's log.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { same, until } from '../sdk/place.mjs';
import { connected, line, none, openDesk } from './seat.mjs';

const spoken = (revision, text, more = {}) => ({
  event: {
    name: 'transcription:update',
    body: {
      call_id: 'call-1', speaker: 'customer', segment_id: 's1', timestamp: '2026-01-01T09:00:00.000Z',
      revision, text, final: false, ...more,
    },
  },
});
/** What stays interim to the end, which no golden call has. */
const INTERIM = {
  name: 'interim texts out of turn',
  cursor: { epoch: '0001', seq: 1 },
  snapshot: null,
  steps: [
    spoken(2, 'my bill'),
    spoken(4, 'my bill is wrong'),
    spoken(3, 'my bill is'),
    spoken(4, 'the same revision again'),
    spoken(0, 'Good morning.', { segment_id: 's0', final: true, epoch: '0001', seq: 2 }),
    spoken(1, 'good mor', { segment_id: 's0' }),
  ],
  expected: { lines: [['s0', 'Good morning.'], ['s1', 'my bill is wrong']] },
};
const GOLDEN = [...JSON.parse(readFileSync(resolve('tests/golden/calls.json'), 'utf8')), INTERIM];
/** So high that every line of a golden call is a row of the page. */
const HIGH = { width: 1280, height: 6_000 };
const SEED = 20_261_128;

/** Without what only a screen reader is told. */
const texts = (page) =>
  page.locator('.line-text').evaluateAll((all) => all.map((one) => one.firstChild?.textContent ?? ''));

/** Numbers from 0 to 1, the same ones in every run. */
function numbersFrom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 2_654_435_769) >>> 0;
    return state / 2 ** 32;
  };
}

/** Answers `call:subscribe` for the calls in `golden` itself; all else is the server's. */
async function playGolden(context, golden) {
  await context.routeWebSocket(/socket\.io/, (socket) => {
    const server = socket.connectToServer();
    const begun = new Set();
    socket.onMessage((frame) => {
      const [, ack, name, body] = /^42(\d+)\["([^"]+)",(.*)\]$/.exec(String(frame)) ?? [];
      const asked = name === 'call:subscribe' && JSON.parse(body);
      const call = asked && golden.get(asked.call_id);
      if (!call) return server.send(frame);
      const answer = (data) => socket.send(`43${ack}[${JSON.stringify({ ok: true, data })}]`);
      // A gap is asked for again; what was missing does not come, as in the golden file. Who has no
      // cursor, because it left the call for longer than the client's grace, begins anew.
      const isAgain = asked.since && begun.has(asked.call_id);
      if (isAgain) return answer({ cursor: asked.since, mode: 'replay' });
      begun.add(asked.call_id);
      const { cursor, snapshot, steps } = call;
      answer({ cursor, mode: snapshot ? 'snapshot' : 'live', ...(snapshot && { snapshot }) });
      for (const { event } of steps) socket.send(`42${JSON.stringify([event.name, event.body])}`);
    });
  });
}

/**
 * Of what the server says of the transcript, some comes twice, some late, some behind what
 * follows, some not at all; until `settle` is called.
 */
async function disturb(context) {
  const next = numbersFrom(SEED);
  const done = { twice: 0, late: 0, lost: 0 };
  let isCalm = false;
  await context.routeWebSocket(/socket\.io/, (socket) => {
    const server = socket.connectToServer();
    const said = [];
    let held = null;
    const send = (frame) => {
      socket.send(frame);
      const behind = held;
      held = null;
      if (behind) socket.send(behind);
    };
    server.onMessage((frame) => {
      if (isCalm || !String(frame).startsWith('42["transcription:update"')) return send(frame);
      said.push(frame);
      const chance = next();
      if (chance < 0.15 && !held) {
        held = frame;
        done.late += 1;
      } else if (chance < 0.22) {
        done.lost += 1;
      } else {
        send(frame);
        if (chance < 0.6) return;
        done.twice += 1;
        send(said[Math.floor(next() * said.length)]); // this one, or any that came before
      }
    });
  });
  return { done, settle: () => (isCalm = true) };
}

export const scenarios = {
  async golden_calls_read_as_the_reference_reads_them(place) {
    const { proxy, context, agentId } = place;
    const calls = await Promise.all(GOLDEN.map(() => place.another()));
    const golden = new Map(
      GOLDEN.map((call, n) => {
        const { callId } = calls[n];
        const named = JSON.stringify(call).replaceAll('"call-1"', JSON.stringify(callId));
        const ours = named
          .replaceAll('"ann"', JSON.stringify(agentId))
          .replaceAll(/"customer":"[^"]*"/g, `"customer":"${callId}"`); // what the list shows
        return [callId, JSON.parse(ours)];
      }),
    );
    await playGolden(context, golden);
    const page = await openDesk(context, proxy.url, `?agent=${agentId}`);
    await page.setViewportSize(HIGH);
    await connected(page);
    for (const [callId, { name, expected }] of golden) {
      await page.locator('.call-item').filter({ hasText: callId }).click();
      await page.locator('.call-header').getByText(callId).first().waitFor();
      const wanted = JSON.stringify(expected.lines.map(([, text]) => text));
      const isRead = async () => JSON.stringify(await texts(page)) === wanted;
      await until(isRead, `${name}: ${wanted}`).catch(async (problem) => {
        throw new Error(`${problem.message}, but ${JSON.stringify(await texts(page))}`);
      });
    }
    none(page.complaints, 'the console');
  },

  async a_call_over_a_line_that_repeats_swaps_and_loses_reads_as_its_log(place) {
    const { call, proxy, context } = place;
    const trouble = await disturb(context);
    const page = await openDesk(context, proxy.url, `?agent=${place.agentId}`);
    await page.setViewportSize(HIGH);
    await connected(page);
    for (let n = 1; n <= 60; n += 1) {
      await call.interim(`line ${n}, as far as`, 1);
      await call.interim(`line ${n}, as far as it goes`, 2);
      await call.say(`Line ${n}.`);
    }
    trouble.settle();
    await call.interim('and the las', 1);
    await call.say('And the last.');
    await line(page, 'And the last.').waitFor();
    const log = [...Array.from({ length: 60 }, (_, n) => `Line ${n + 1}.`), 'And the last.'];
    await until(async () => (await texts(page)).length === log.length, 'all lines').catch(() => undefined);
    same(await texts(page), log, 'the transcript');
    const { twice, late, lost } = trouble.done;
    if (Math.min(twice, late, lost) < 3) throw new Error(`hardly disturbed: ${JSON.stringify(trouble.done)}`);
    none(page.complaints, 'the console');
  },
};
