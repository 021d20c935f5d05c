// What the client promises, in a real browser against the real server. Each scenario gets a
// browser context, a proxy, a call and an agent of its own, and throws when a promise is broken.
import { DOCUMENTS, inTime, mint, same, until } from './place.mjs';

/**
 * Of a token that is to end in a scenario: it is renewed when a fifth is left, time enough for a
 * machine that stands still for a moment.
 */
const LIFE_S = 15;
const online = (page) => page.until(async () => (await page.status()).status === 'online', 'online');
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Follows the call, which has cards to judge. */
async function judge(place) {
  await place.call.suggest();
  const page = await follow(place);
  const cards = async () => Object.keys(await page.shown()).length === DOCUMENTS.length;
  await page.until(cards, 'the cards');
  return page;
}

/** Follows the call on a new page of this context. */
async function follow(place) {
  const page = await place.newPage();
  await page.open();
  await online(page);
  return page;
}

export const scenarios = {
  async a_lost_connection_resumes_without_loss_or_repeat(place) {
    const { call, proxy } = place;
    await call.say('one', 'two');
    const page = await follow(place);
    await page.until(async () => (await page.texts()).length === 2, 'the snapshot');
    proxy.refuse();
    await page.until(async () => (await page.status()).status === 'reconnecting', 'reconnecting');
    await call.say('three', 'four');
    await pause(1_500); // some tries fail
    await call.say('five');
    proxy.pass();
    await online(page);
    // Before anything else is said: what came in is told by the server's clock, as far as it is known.
    const filled = async () => (await page.fills()).map(({ segment_id, count }) => [segment_id, count]);
    await page.until(async () => (await filled()).length > 0, 'lines are filled in');
    await page.until(async () => (await filled())[0][1] >= 3, 'all of them');
    same(await filled(), [['s3', 3]], 'where lines were filled in');
    await call.say('six');
    const expected = ['one', 'two', 'three', 'four', 'five', 'six'];
    await page.until(async () => (await page.texts()).length >= expected.length, 'all lines');
    same(await page.texts(), expected, 'the lines');
    same((await filled()).length, 1, 'how often');
  },

  async a_half_open_connection_is_noticed_and_verdicts_wait(place) {
    const { call, proxy } = place;
    const page = await judge(place);
    const given = [];
    // The server pings every second and is given up four seconds later.
    await inTime(6_500, async (attempt) => {
      await online(page);
      proxy.swallow();
      const began = Date.now();
      const doc = DOCUMENTS[attempt];
      given.push([doc, true, await page.give(doc, true)]);
      await page.until(async () => (await page.status()).status === 'reconnecting', 'noticed');
      const took_ms = Date.now() - began;
      proxy.cut();
      proxy.pass();
      await page.until(async () => (await page.pending()) === 0, 'sent');
      same(await call.verdicts(), given, 'the log');
      return took_ms;
    });
  },

  async verdicts_given_offline_outlive_a_reload(place) {
    const { call, proxy } = place;
    const page = await judge(place);
    proxy.refuse();
    const last = new Map();
    for (let n = 0; n < 20; n += 1) {
      const doc = DOCUMENTS[n % 3];
      const helpful = [true, false, null][n % 4 % 3];
      last.set(doc, [doc, helpful, await page.give(doc, helpful)]);
    }
    same(await page.pending(), 3, 'one a document waits');
    await page.until(async () => (await page.kept()) === 3, 'kept');
    await page.reload();
    await page.open();
    await page.until(async () => (await page.pending()) === 3, 'known again');
    proxy.pass();
    await page.until(async () => (await page.pending()) === 0, 'sent');
    const sent = (await call.verdicts()).sort();
    // A verdict that takes back what was never given is sent, too: the last word counts.
    same(sent, [...last.values()].sort(), 'the log');
    await page.until(async () => (await page.kept()) === 0, 'nothing is left');
    for (const [doc, helpful] of sent) {
      same([...new Set((await page.shown())[doc])], [helpful], `what was shown of ${doc}`);
    }
  },

  async an_answer_that_was_lost_leaves_one_verdict(place) {
    const { call, proxy } = place;
    const page = await judge(place);
    proxy.loseAnswers();
    const id = await page.give('d1', true);
    await until(async () => (await call.verdicts()).length === 1, 'it arrived');
    proxy.cut();
    proxy.pass();
    await page.until(async () => (await page.pending()) === 0, 'answered');
    same(await call.verdicts(), [['d1', true, id]], 'the log');
  },

  async another_tab_takes_over_from_one_that_died(place, bound_ms = 2_000) {
    const { call, proxy } = place;
    const given = [];
    const second = await judge(place);
    await inTime(bound_ms, async (attempt) => {
      const first = await judge(place);
      proxy.refuse();
      const doc = DOCUMENTS[attempt];
      given.push([doc, true, await first.give(doc, true)]);
      await first.until(async () => (await first.kept()) === 1, 'kept');
      await pause(500);
      same(await second.pending(), 0, 'a living tab keeps its own');
      await first.kill();
      const began = Date.now();
      await second.until(async () => (await second.pending()) === 1, 'taken over');
      const took_ms = Date.now() - began;
      proxy.pass();
      await second.until(async () => (await second.pending()) === 0, 'sent');
      await second.until(async () => (await second.kept()) === 0, 'nothing is left');
      same(await call.verdicts(), given, 'the log');
      return took_ms;
    });
  },

  async without_locks_a_tab_is_taken_over_when_its_lease_ends(place) {
    await place.withoutLocks();
    await scenarios.another_tab_takes_over_from_one_that_died(place, 9_000);
  },

  async a_token_is_renewed_in_place(place) {
    const { call, agentId } = place;
    const reasons = [];
    place.tokens = (reason) => {
      reasons.push(reason);
      return mint(agentId, 'agent', reasons.length === 1 ? LIFE_S : 3600);
    };
    const page = await follow(place);
    await pause(LIFE_S * 1_000 + 500); // past the end of the first
    await call.say('still here');
    await page.until(async () => (await page.texts()).length === 1, 'the line');
    same(reasons, ['initial', 'expired'], 'why a token was asked for');
    // `connecting` is told unless it is over within a frame.
    const statuses = (await page.statuses()).map((one) => one.status);
    same(statuses.slice(statuses[0] === 'connecting' ? 1 : 0), ['online'], 'statuses');
  },

  async a_token_that_nobody_renews_ends_in_a_sign_in_without_a_loop(place) {
    const { call, agentId } = place;
    let asked = 0;
    place.tokens = () => ((asked += 1) === 1 ? mint(agentId, 'agent', LIFE_S) : null);
    const page = await judge(place);
    const gone = async () => (await page.status()).status === 'auth-required';
    await page.until(gone, 'auth-required');
    const id = await page.give('d1', true);
    await pause(1_000);
    if (asked > 3) throw new Error(`asked for a token ${asked} times`);
    same(await page.pending(), 1, 'the verdict waits');
    place.tokens = () => mint(agentId);
    await page.retryNow();
    await page.until(async () => (await page.pending()) === 0, 'sent after the sign-in');
    same(await call.verdicts(), [['d1', true, id]], 'the log');
  },

  async a_token_that_is_no_jwt_ends_in_a_sign_in_without_a_loop(place) {
    const { agentId } = place;
    let asked = 0;
    place.tokens = () => ((asked += 1), 'opaque');
    const page = await place.newPage();
    await page.open();
    await page.until(async () => (await page.status()).status === 'auth-required', 'auth-required');
    const { code, message } = await page.status();
    same([code, message], ['unauthenticated', 'The token is not valid: it is no JWT that can be read'], 'why');
    await pause(1_000);
    same(asked, 2, 'questions for a token');
    place.tokens = () => mint(agentId);
    await page.retryNow();
    await online(page);
  },

  async offline_and_online_are_believed_at_once(place) {
    const { call, context } = place;
    const page = await follow(place);
    const isOffline = async () => (await page.status()).status === 'offline';
    await inTime(2_000, async (attempt) => {
      const began = Date.now();
      await context.setOffline(true);
      await page.until(isOffline, 'offline');
      const took_ms = Date.now() - began;
      await call.say('unheard');
      await context.setOffline(false);
      await online(page);
      await page.until(async () => (await page.texts()).length === attempt + 1, 'the line');
      return took_ms;
    });
    await inTime(5_000, async () => {
      await context.setOffline(true);
      await page.until(isOffline, 'offline');
      await pause(300);
      const began = Date.now();
      await context.setOffline(false);
      await online(page);
      return Date.now() - began;
    });
  },

  async another_user_of_the_browser_sends_nothing_of_the_first(place) {
    const { call, proxy } = place;
    const page = await judge(place);
    proxy.refuse();
    await page.give('d1', true);
    await page.until(async () => (await page.kept()) === 1, 'kept');
    await page.reload();
    proxy.pass();
    await page.open(`${place.agentId}-other`);
    await online(page);
    await pause(300);
    same([await call.verdicts(), await page.pending(), await page.kept()], [[], 0, 1], 'untouched');
  },

  async another_tenant_of_the_browser_sends_nothing_of_the_first(place) {
    const { call, proxy, agentId } = place;
    const page = await judge(place);
    proxy.refuse();
    const id = await page.give('d1', true);
    await page.until(async () => (await page.kept()) === 1, 'kept');
    await page.reload();
    proxy.pass();
    place.tokens = () => mint(agentId, 'agent', 3600, 'another');
    await page.open();
    await online(page);
    await page.until(async () => (await page.pending()) === 0, 'nothing of ours');
    await pause(300);
    same([await call.verdicts(), await page.kept()], [[], 1], 'untouched');
    place.tokens = null;
    await page.reload();
    await page.open();
    await page.until(async () => (await call.verdicts()).length === 1, 'sent in its own tenant');
    same(await call.verdicts(), [['d1', true, id]], 'the log');
  },
};
