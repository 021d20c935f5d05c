// What a desk keeps through an outage that the browser knows of, and through a sleep that it
// learns of afterwards. Each scenario throws when something is not as it should be.
import { createCall, DOCUMENTS, inTime, same, until } from '../sdk/place.mjs';
import { launch } from '../stage.mjs';
import { button, card, connected, isPressed, line, NEAR, none, pause, sit, sitWithCards } from './seat.mjs';

const LIVE_MS = 2_000;
/** The server pings every second and gives up four seconds later. */
const GIVEN_UP_MS = 6_000;
/** What is clicked on each card, in turns: twelve of the twenty change what was there. */
const CLICKS = {
  d1: ['unhelpful', 'unhelpful', 'helpful', 'unhelpful', 'helpful', 'helpful', 'unhelpful'],
  d2: ['unhelpful', 'unhelpful', 'helpful', 'unhelpful', 'helpful', 'helpful', 'unhelpful'],
  d3: ['helpful', 'helpful', 'unhelpful', 'helpful', 'helpful', 'helpful'],
};
const LAST = { d1: false, d2: false, d3: true };

/** What the browser's cache has of the page; everything else asks the network. */
async function servePageFromCache(context, server) {
  await context.grantPermissions([NEAR]);
  await context.route(
    (url) => url.pathname === '/' || url.pathname.startsWith('/assets/'),
    async (route) => {
      const { pathname } = new URL(route.request().url());
      const kept = await fetch(server + pathname);
      const body = Buffer.from(await kept.arrayBuffer());
      await route.fulfill({ status: kept.status, headers: { 'content-type': kept.headers.get('content-type') }, body });
    },
  );
}

/** In pages opened from now on verdicts are on their way until the returned function is called. */
async function holdVerdicts(context) {
  let release;
  const released = new Promise((done) => (release = done));
  await context.routeWebSocket(/socket\.io/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage(async (frame) => {
      if (frame.includes('doc:feedback')) await released;
      server.send(frame);
    });
  });
  return release;
}

/** In pages opened from now on: each verdict that each card ever showed. */
function watchCards(context) {
  return context.addInitScript(() => {
    window.shown = {};
    const look = () => {
      for (const one of document.querySelectorAll('.card')) {
        const verdict = one.dataset.verdict ?? 'none';
        const states = (window.shown[one.getAttribute('aria-label').slice(-2)] ??= []);
        if (states.at(-1) !== verdict) states.push(verdict);
      }
    };
    const what = { subtree: true, childList: true, attributes: true };
    new MutationObserver(look).observe(document, what);
  });
}

export const scenarios = {
  async of_twenty_verdicts_given_offline_the_last_outlive_a_reload(place) {
    const { call, context, server } = place;
    const page = await sitWithCards(place);
    await button(card(page, 'd1'), 'Helpful').click(); // the old state that must not come back
    await until(async () => (await call.verdicts()).length === 1, 'the first verdict');
    await context.setOffline(true);
    await page.getByText('No network', { exact: true }).waitFor();
    for (let turn = 0; turn < 7; turn += 1) {
      for (const id of DOCUMENTS.filter((one) => CLICKS[one][turn])) {
        await card(page, id).locator(`[data-do=${CLICKS[id][turn]}]`).click();
      }
    }
    await page.getByText('3 verdicts will be sent').waitFor();
    await servePageFromCache(context, server);
    await watchCards(context);
    const release = await holdVerdicts(context);
    await page.reload();
    await page.getByText('The server does not answer').waitFor();
    await context.setOffline(false);
    await connected(page);
    // They are shown, and not sent yet: an old state would be seen now.
    await until(async () => (await page.locator('[data-pending]').count()) === 3, 'all wait');
    release();
    await until(async () => (await call.verdicts()).length >= 4, 'the verdicts');
    await until(async () => (await page.locator('[data-pending]').count()) === 0, 'all are settled');
    const [first, ...rest] = await call.verdicts();
    const sent = rest.sort(); // each document has a way of its own
    same(first.slice(0, 2), ['d1', true], 'what was given before');
    same(Object.fromEntries(sent), LAST, 'the last word on each');
    same([sent.length, new Set(sent.map(([, , id]) => id)).size], [3, 3], 'one row an id');
    const shown = Object.entries(await page.evaluate(() => window.shown)).sort();
    const wanted = Object.entries(LAST).map(([id, helpful]) => [id, [String(helpful)]]);
    same(shown, wanted, 'all that was ever shown');
    for (const [id, helpful] of Object.entries(LAST)) {
      await isPressed(card(page, id), helpful ? 'Helpful' : 'Not helpful');
    }
    none(page.complaints, 'the console');
  },

  async a_desk_that_slept_is_live_at_once_and_marks_what_it_missed(place) {
    await inTime(LIVE_MS, async (attempt) => {
      const agentId = `${place.agentId}-${attempt}`;
      const call = await createCall(place.server, agentId);
      await call.saidBefore(10, 'before the lid was closed');
      const machine = await openMachine();
      try {
        return await sleepAndWake({ ...place, agentId, call }, machine);
      } finally {
        await machine.close();
      }
    });
  },
};

/** How long it took until the desk was live again, in milliseconds. */
async function sleepAndWake(place, machine) {
  const { call, proxy } = place;
  const page = await sit({ ...place, context: await machine.browser.newContext() });
  await line(page, 'before the lid was closed').waitFor();
  proxy.strand();
  await machine.sleep();
  await call.saidBefore(7, 'while it slept');
  await pause(GIVEN_UP_MS);
  await call.say('while it still slept');
  const began = Date.now();
  machine.wake();
  await line(page, 'while it still slept').waitFor();
  await connected(page);
  const took_ms = Date.now() - began;
  await page.getByText('2 lines from here came in after a lost connection').waitFor();
  await call.say('and on it goes');
  await line(page, 'and on it goes').waitFor();
  const texts = (await call.log('transcription:update')).map(({ text }) => text);
  same(await page.locator('.line-text').allTextContents(), texts, 'the lines');
  none(page.complaints, 'the console');
  return took_ms;
}

/**
 * A browser whose pages can sleep as with a closed lid: their processes stand still, and nobody
 * tells them. (CDP's `frozen` does nothing to a page that Playwright drives: it emulates focus.)
 */
async function openMachine() {
  const browser = await launch();
  const devtools = await browser.newBrowserCDPSession();
  let pages = [];
  const wake = () => pages.splice(0).forEach((pid) => process.kill(pid, 'SIGCONT'));
  return {
    browser,
    wake,
    async sleep() {
      const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
      pages = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
      for (const pid of pages) process.kill(pid, 'SIGSTOP');
    },
    close() {
      wake();
      return browser.close();
    },
  };
}
