// Who comes in to a server that gives tokens to nobody, and what they see: pasted tokens, tokens of
// the page around the desk, tokens that open no desk; and that the desk fits and counts right.
import { mint, same, until } from '../sdk/place.mjs';
import { axe, connected, isRight, NEAR, none, openDesk, SEEN_MS } from '../desk/seat.mjs';

const FIVE_MINUTES_MS = 300_000;

async function paste(page, token) {
  await page.getByLabel('Access token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** A desk or wall whose token was pasted before. */
async function seated(place, { context = place.context, role = 'agent', path = '' } = {}) {
  await context.addInitScript(
    (token) => sessionStorage.setItem('earshot.token', token),
    mint(role === 'agent' ? place.agentId : `${place.agentId}-boss`, role),
  );
  const page = await openDesk(context, place.proxy.url, path);
  await connected(page);
  return page;
}

/** A page of the CRM that the server names, with the desk in a frame; `answer` is what it says when it is asked. */
async function framed(place, answer) {
  const html = `<!doctype html><title>CRM</title><iframe src="${place.proxy.url}/" width="400" height="600"></iframe>
    <script>
      window.asked = [];
      window.addEventListener('message', ({ data, source, origin }) => {
        if (data?.type !== 'earshot:get-token') return;
        asked.push(data.reason);
        if (window.answer) source.postMessage({ type: 'earshot:token', id: data.id, ...window.answer }, origin);
      });
    </script>`;
  const [origin] = (await (await fetch(`${place.server}/sign-in/way`)).json()).embedders;
  await place.context.grantPermissions([NEAR]);
  await place.context.route(`${origin}/`, (route) =>
    route.fulfill({ contentType: 'text/html', body: html }),
  );
  await place.context.addInitScript((said) => (window.answer = said), answer);
  const page = await place.context.newPage();
  page.setDefaultTimeout(SEEN_MS);
  await page.goto(`${origin}/`);
  return { page, desk: page.frameLocator('iframe') };
}

/** For pages opened from now on: what resolves when a page has heard it, and shown what it means. */
function heard(context, words) {
  const pages = new Map();
  context.on('page', (page) => {
    let found;
    pages.set(page, new Promise((done) => (found = done)));
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => String(payload).includes(words) && found()),
    );
  });
  return async (page) => {
    await pages.get(page);
    await page.evaluate(async () => {
      for (let n = 0; n < 3; n += 1) await new Promise((done) => requestAnimationFrame(done));
    });
  };
}

/** The hand over the cards is never quite still, until `window.moving` is cleared. */
function moveOn(page) {
  return page.evaluate(() => {
    const move = () => document.querySelector('.card').dispatchEvent(new PointerEvent('pointermove', { bubbles: true }));
    window.moving = setInterval(move, 200);
  });
}

async function changeAnswer(page, answer) {
  await page.evaluate((said) => {
    window.answer = said;
    const frame = document.querySelector('iframe');
    frame.contentWindow.postMessage({ type: 'earshot:signed-in' }, new URL(frame.src).origin);
  }, answer);
}

export const scenarios = {
  async a_pasted_token_outlives_a_reload_but_no_sign_out_and_no_other_tab(place) {
    const page = await openDesk(place.context, place.proxy.url);
    await paste(page, mint(place.agentId));
    await connected(page);
    await page.reload();
    await connected(page);
    same(await page.evaluate(() => Object.keys(localStorage)), [], 'localStorage');
    const other = await openDesk(place.context, place.proxy.url);
    await other.getByLabel('Access token').waitFor();
    await page.getByRole('button', { name: 'Settings' }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Access token').waitFor();
    same(await page.evaluate(() => Object.keys(sessionStorage)), [], 'sessionStorage');
    await page.reload();
    await page.getByLabel('Access token').waitFor();
    none(await axe(page), 'the sign-in');
    none(page.complaints, 'the console');
  },

  async a_token_that_ended_is_forgotten(place) {
    const page = await openDesk(place.context, place.proxy.url);
    await paste(page, mint(place.agentId, 'agent', -10));
    await page.getByText(/did not take this token|Your session has ended/).waitFor();
    same(await page.evaluate(() => sessionStorage.length), 0, 'what is kept');
  },

  async a_producers_token_opens_no_desk_and_says_what_to_do(place) {
    const page = await openDesk(place.context, place.proxy.url);
    await paste(page, mint('recogniser', 'producer'));
    await page.getByText('This token is for a producer').waitFor();
    await page.getByText('./earshot token recogniser --role agent').waitFor();
    none(await axe(page), 'a producer at the desk');
    await page.getByRole('button', { name: 'Use another token' }).click();
    await paste(page, mint(place.agentId));
    await connected(page);
  },

  async a_desk_in_a_frame_waits_until_somebody_is_signed_in_around_it(place) {
    const { page, desk } = await framed(place, { error: 'signed-out' });
    await desk.getByText('Nobody is signed in').waitFor();
    same(await desk.getByLabel('Access token').count(), 0, 'fields for a token');
    await changeAnswer(page, { token: mint(place.agentId) });
    await desk.getByText('Connected', { exact: true }).waitFor();
    await desk.getByTitle('Agent').getByText(place.agentId).waitFor();
  },

  async durations_are_right_on_desk_and_wall_though_the_clock_is_not(place) {
    const { call } = place;
    await call.say('hello');
    for (const [skew_ms, sign] of [[FIVE_MINUTES_MS, 'ahead'], [-FIVE_MINUTES_MS, 'behind']]) {
      const context = await place.browser.newContext();
      await context.addInitScript((skew) => {
        const now = Date.now.bind(Date);
        Date.now = () => now() + skew;
      }, skew_ms);
      const wall = await seated(place, { context, role: 'supervisor', path: 'supervisor' });
      const row = wall.locator('.wall-row').filter({ hasText: call.callId });
      await row.click();
      for (const shown of [row.locator('.duration'), wall.locator('.call-header .duration')]) {
        await isRight(shown, call.startedAt, sign);
      }
      await context.close();
    }
  },

  async twice_as_large_and_in_320_pixels_everything_is_there(place) {
    await place.call.suggest();
    const page = await seated(place);
    // A window of 1280 by 800 at 200 %, and WCAG's narrowest.
    for (const [width, height] of [[640, 400], [320, 640]]) {
      await page.setViewportSize({ width, height });
      for (const [pane, shown] of [
        ['Calls', '.call-item'],
        ['Transcript', '.line-text'],
        ['Documents', '.card'],
      ]) {
        await page.getByRole('navigation').getByRole('button', { name: pane }).first().click();
        await page.locator(shown).first().waitFor();
        const cut = await page.evaluate(cutOff);
        none(cut, `${pane} at ${width}`);
      }
    }
  },

  async cards_keep_still_under_the_pointer(place) {
    await place.call.suggest();
    const away = heard(place.context, '"dismissed":true');
    const page = await seated(place);
    const other = await seated(place);
    const shown = (at) => at.locator('.card').count();
    await until(async () => (await shown(page)) === 3 && (await shown(other)) === 3, 'three cards');
    const last = page.locator('.card').last();
    const aimed = last.getByRole('button', { name: /^Helpful/ });
    const top = () => last.evaluate((card) => card.getBoundingClientRect().top);
    const before = await top();
    await aimed.hover();
    await moveOn(page); // however long it takes until the other screen has done it
    // On every screen of the call the first card goes, and what is below it would move up.
    await other.getByRole('button', { name: /^Put away/ }).first().click();
    await until(async () => (await shown(other)) === 2, 'two cards on the other screen');
    await away(page);
    same(await shown(page), 3, 'cards under the pointer');
    if (Math.abs((await top()) - before) > 1) throw new Error('the card moved');
    await page.evaluate(() => clearInterval(window.moving));
    await page.mouse.move(600, 400);
    await until(async () => (await shown(page)) === 2, 'two cards once the hand is gone');
  },
};

/** Runs in the page: what sticks out of it, and controls that are smaller than 24 pixels. */
function cutOff() {
  const found = [];
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth - clientWidth} px too wide`);
  for (const one of document.querySelectorAll('button, a, input, h2, .pill, .duration')) {
    if (!one.checkVisibility({ visibilityProperty: true })) continue;
    const { left, right, width, height } = one.getBoundingClientRect();
    const name = one.className || one.textContent;
    if (width > 0 && (left < -1 || right > clientWidth + 1)) found.push(`${name} sticks out`);
    if (one.matches('button') && (width < 24 || height < 24)) found.push(`${name} is ${width} x ${height}`);
  }
  return found;
}
