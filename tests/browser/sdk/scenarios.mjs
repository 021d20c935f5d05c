// What the client promises, in a real browser against the real server. Each scenario gets a
// browser context, a proxy, a call and an agent of its own, and throws when a promise is broken.
import { DOCUMENTS, mint, same, until } from './place.mjs';

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
    await call.say('six');
    const expected = ['one', 'two', 'three', 'four', 'five', 'six'];
    await page.until(async () => (await page.texts()).length >= expected.length, 'all lines');
    same(await page.texts(), expected, 'the lines');
    const [fill] = await page.fills();
    same([fill.segment_id, fill.count], ['s3', 3], 'where lines were filled in');
  },

  async a_half_open_connection_is_noticed_and_verdicts_wait(place) {
    const { call, proxy } = place;
    const page = await judge(place);
    proxy.swallow();
    const began = Date.now();
    const id = await page.give('d1', true);
    // The server pings every second and is given up four seconds later.
    await page.until(async () => (await page.status()).status === 'reconnecting', 'noticed', 7_000);
    if (Date.now() - began > 6_500) throw new Error('noticed too late');
    proxy.cut();
    proxy.pass();
    await page.until(async () => (await page.pending()) === 0, 'sent');
    same(await call.verdicts(), [['d1', true, id]], 'the log');
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
    same(await page.kept(), 0, 'nothing is left');
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
    const first = await judge(place);
    const second = await follow(place);
    proxy.refuse();
    const id = await first.give('d1', true);
    await first.until(async () => (await first.kept()) === 1, 'kept');
    await pause(500);
    same(await second.pending(), 0, 'a living tab keeps its own');
    await first.kill();
    await second.until(async () => (await second.pending()) === 1, 'taken over', bound_ms);
    proxy.pass();
    await second.until(async () => (await second.pending()) === 0, 'sent');
    same(await call.verdicts(), [['d1', true, id]], 'the log');
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
      return mint(agentId, 'agent', reasons.length === 1 ? 5 : 3600);
    };
    const page = await follow(place);
    await pause(5_500); // past the end of the first
    await call.say('still here');
    await page.until(async () => (await page.texts()).length === 1, 'the line');
    same(reasons, ['initial', 'expired'], 'why a token was asked for');
    same((await page.statuses()).map((one) => one.status), ['connecting', 'online'], 'statuses');
  },

  async a_token_that_nobody_renews_ends_in_a_sign_in_without_a_loop(place) {
    const { call, agentId } = place;
    let asked = 0;
    place.tokens = () => ((asked += 1) === 1 ? mint(agentId, 'agent', 4) : null);
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

  async offline_and_online_are_believed_at_once(place) {
    const { call, context } = place;
    const page = await follow(place);
    await context.setOffline(true);
    await page.until(async () => (await page.status()).status === 'offline', 'offline', 2_000);
    await call.say('unheard');
    await pause(300);
    const began = Date.now();
    await context.setOffline(false);
    await online(page);
    await page.until(async () => (await page.texts()).length === 1, 'the line');
    if (Date.now() - began > 5_000) throw new Error('back too late');
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
};
