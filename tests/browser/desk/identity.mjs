// Who sits at a desk: a session that ends and goes on, two tabs of one agent, two people at one
// browser. Each scenario throws when something is not as it should be.
import { createCall, inTime, mint, same, until } from '../sdk/place.mjs';
import { button, card, connected, isPressed, line, none, openDesk, pause, sitWithCards } from './seat.mjs';

const TOKEN_GAP_MS = 5_000;
/** What a request may take to get here. */
const ON_THE_WAY_MS = 500;
const TAKEOVER_MS = 2_000;
const SESSION_ENDED = 'Your session has ended. Sign in again to go on where you were.';
const waiting = (page) => page.getByText('1 verdict will be sent');
const verdictsOf = async (call) =>
  (await call.log('feedback:update')).map(({ agent_id, doc_id, helpful }) => [agent_id, doc_id, helpful]);

/** What the page is given when it asks for a token: what `next` returns; null refuses. */
function giveTokens(context, next) {
  return context.route('**/v1/tokens', (route) => {
    const token = next();
    return token === null
      ? route.fulfill({ status: 403, json: {} })
      : route.fulfill({ json: { token, expires_at: '' } });
  });
}

/** From now on: the words about the connection as they change, and the fewest lines shown. */
function watchDesk(page) {
  return page.evaluate(() => {
    const lines = () => document.querySelectorAll('.line-text').length;
    window.seen = { said: [], fewest: lines() };
    const look = () => {
      const said = document.querySelector('.connection')?.textContent ?? 'no desk';
      if (window.seen.said.at(-1) !== said) window.seen.said.push(said);
      window.seen.fewest = Math.min(window.seen.fewest, lines());
    };
    look();
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  });
}

async function pasteToken(page, token) {
  await page.getByLabel('Access token').fill(token);
  await page.locator('.token-form').getByRole('button', { name: 'Sign in' }).click();
}

/** As a crash: nothing of the page runs any more, not even its goodbye. */
async function kill(context, page) {
  const devtools = await context.newCDPSession(page);
  const crashed = page.waitForEvent('crash');
  devtools.send('Page.crash').catch(() => undefined);
  await crashed;
}

/** The client_ids under which this browser's pages said who they are. */
function clientIds(context) {
  const ids = new Set();
  context.on('page', (page) =>
    page.on('websocket', (socket) =>
      socket.on('framesent', ({ payload }) => {
        const found = /"agent:connect".*"client_id":"([^"]*)"/.exec(String(payload));
        if (found) ids.add(found[1]);
      }),
    ),
  );
  return ids;
}

export const scenarios = {
  async a_session_is_renewed_in_silence_and_its_end_is_said_and_mended(place) {
    const { agentId, call, context } = place;
    const asked = [];
    // Seconds. When a fifth is left a new token is asked for: time enough for a machine that
    // stands still for a moment.
    const lives = [16, 16];
    await giveTokens(context, () => {
      asked.push(Date.now());
      return asked.length <= lives.length ? mint(agentId, 'agent', lives[asked.length - 1]) : null;
    });
    const page = await sitWithCards(place);
    await watchDesk(page);
    await until(() => asked.length === 2, 'renewed');
    await pause(asked[0] + lives[0] * 1_000 + 500 - Date.now()); // past the end of the first
    await call.say('heard with the second token');
    await line(page, 'heard with the second token').waitFor();
    await page.getByRole('status').getByText(SESSION_ENDED).waitFor();
    same(await page.evaluate(() => window.seen.said), ['Connected', 'Signed out'], 'until the end');
    await page.locator('.call-header').getByText('Not up to date').waitFor();
    await call.say('said while signed out');
    await button(page, 'Helpful').click();
    await isPressed(page, 'Helpful');
    await waiting(page).waitFor();
    await pause(asked.at(-1) + TOKEN_GAP_MS + 500 - Date.now());
    same(asked.length, 3, 'tokens asked for');
    const gap_ms = asked[2] - asked[1];
    if (gap_ms < TOKEN_GAP_MS - ON_THE_WAY_MS) throw new Error(`asked again after ${gap_ms} ms`);
    same(await verdictsOf(call), [], 'what was sent without a session');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await pasteToken(page, mint(agentId));
    await connected(page);
    await line(page, 'said while signed out').waitFor();
    await until(async () => (await verdictsOf(call)).length === 1, 'the verdict');
    await isPressed(page, 'Helpful');
    const { said, fewest } = await page.evaluate(() => window.seen);
    same(said, ['Connected', 'Signed out', 'Connecting…', 'Connected'], 'the whole way');
    same(fewest, 1, 'the fewest lines shown'); // the one that was there at first
    none(page.complaints.filter((one) => !one.includes('403')), 'the console');
  },

  async a_killed_tab_is_taken_over_by_its_double(place) {
    const { agentId, call, context, proxy } = place;
    const ids = clientIds(context);
    const first = await sitWithCards(place);
    const second = await openDesk(context, proxy.url, `?agent=${agentId}`);
    await connected(second);
    same(ids.size, 2, 'tabs known to the server');
    await call.say('both read this');
    await line(first, 'both read this').waitFor();
    await line(second, 'both read this').waitFor();
    await button(card(first, 'd1'), 'Helpful').click();
    await isPressed(card(second, 'd1'), 'Helpful');
    const wanted = [[agentId, 'd1', true]];
    await inTime(TAKEOVER_MS, async (attempt) => {
      const helpful = attempt % 2 === 1; // another one each time
      const word = helpful ? 'Helpful' : 'Not helpful';
      const dying = attempt === 0 ? first : await openDesk(context, proxy.url, `?agent=${agentId}`);
      await connected(dying);
      await card(dying, 'd2').waitFor();
      proxy.refuse();
      await second.getByText('Reconnecting…').waitFor();
      await button(card(dying, 'd2'), word).click();
      await waiting(dying).waitFor();
      await pause(500);
      same(await waiting(second).count(), 0, 'what a living tab keeps for itself');
      await kill(context, dying);
      const began = Date.now();
      await waiting(second).waitFor();
      const took_ms = Date.now() - began;
      await isPressed(card(second, 'd2'), word);
      proxy.pass();
      await connected(second);
      wanted.push([agentId, 'd2', helpful]);
      await until(async () => (await verdictsOf(call)).length >= wanted.length, 'the verdicts');
      await until(async () => (await second.locator('[data-pending]').count()) === 0, 'settled');
      same(await verdictsOf(call), wanted, 'the log');
      return took_ms;
    });
    none(second.complaints, 'the console');
  },

  async a_verdict_whose_answer_a_killed_tab_never_heard_counts_once(place) {
    const { agentId, call, context, proxy } = place;
    const first = await sitWithCards(place);
    const second = await openDesk(context, proxy.url, `?agent=${agentId}`);
    await connected(second);
    await card(second, 'd1').waitFor(); // what comes later is lost
    proxy.loseAnswers();
    await button(card(first, 'd1'), 'Helpful').click();
    await until(async () => (await verdictsOf(call)).length === 1, 'it arrived');
    await kill(context, first);
    await isPressed(card(second, 'd1'), 'Helpful'); // inherited: nothing was heard of it
    proxy.cut();
    proxy.pass();
    await connected(second);
    await until(async () => (await second.locator('[data-pending]').count()) === 0, 'settled');
    await button(card(second, 'd2'), 'Helpful').click();
    await until(async () => (await verdictsOf(call)).length >= 2, 'what came after it');
    same(await verdictsOf(call), [[agentId, 'd1', true], [agentId, 'd2', true]], 'the log');
  },

  async another_person_at_the_browser_sends_nothing_of_the_first(place) {
    const { agentId, context, server, proxy } = place;
    const other = `${agentId}-other`;
    const call = await createCall(server, agentId, other); // both may judge its documents
    await giveTokens(context, () => null); // tokens are pasted here
    const page = await openDesk(context, proxy.url, `?agent=${agentId}`);
    await pasteToken(page, mint(agentId, 'agent', 15)); // seconds, enough to get here
    await connected(page);
    await call.suggest();
    await card(page, 'd1').waitFor();
    await page.getByText(SESSION_ENDED).waitFor();
    await button(card(page, 'd1'), 'Helpful').click();
    await waiting(page).waitFor();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await pasteToken(page, `${mint(agentId)}x`);
    await page.getByRole('status').getByText('The server did not take this token.').waitFor();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await pasteToken(page, mint(other));
    await connected(page);
    same(await page.getByTitle('Agent').textContent(), other, 'whose desk it is');
    await isPressed(card(page, 'd1'), 'Helpful', 'false');
    await button(card(page, 'd2'), 'Not helpful').click();
    await until(async () => (await verdictsOf(call)).length > 0, 'a verdict of the other');
    same(await verdictsOf(call), [[other, 'd2', false]], 'sent as the other');
    await page.keyboard.press('?');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await pasteToken(page, mint(agentId));
    await connected(page);
    await until(async () => (await verdictsOf(call)).length > 1, 'the verdict of the first');
    same(await verdictsOf(call), [[other, 'd2', false], [agentId, 'd1', true]], 'the log');
    none(page.complaints.filter((one) => !one.includes('403')), 'the console');
  },
};
