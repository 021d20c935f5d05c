// The desk and the wall in a real browser against the real server. Each scenario gets a browser
// context, a proxy, a call and an agent of its own, and throws when something is not as it should.
import { same, until } from '../sdk/place.mjs';
import {
  axe, button, connected, escape, isPressed, isRight, line, none, openDesk, sit, sitWithCards,
} from './seat.mjs';
import { standsStill } from './watch.mjs';

export const scenarios = {
  async lines_said_while_away_come_in_and_are_marked(place) {
    const { call, proxy } = place;
    await call.say('one');
    const page = await sit(place);
    await line(page, 'one').waitFor();
    proxy.refuse();
    await page.getByText('Reconnecting…').waitFor();
    await call.say('two', 'three');
    proxy.pass();
    await line(page, 'three').waitFor();
    await page.getByText('2 lines from here came in after a lost connection').waitFor();
    same(await page.locator('.line-text').allTextContents(), ['one', 'two', 'three'], 'the lines');
    none(page.complaints, 'the console');
  },

  async a_verdict_given_while_the_network_is_away_outlives_a_reload(place) {
    const { call, proxy } = place;
    const page = await sitWithCards(place);
    proxy.swallow();
    await button(page, 'Helpful').click();
    await isPressed(page, 'Helpful');
    proxy.refuse();
    await page.getByText('The connection is lost.').waitFor();
    await page.getByText('1 verdict will be sent').waitFor();
    proxy.pass();
    await page.reload();
    await connected(page);
    await isPressed(page, 'Helpful');
    await until(async () => (await call.verdicts()).length === 1, 'the verdict');
    same((await call.verdicts())[0][1], true, 'the verdict');
  },

  async a_refused_verdict_is_taken_back_and_said(place) {
    const { call } = place;
    await place.context.routeWebSocket(/socket\.io/, (socket) => {
      const server = socket.connectToServer();
      // An id that no document can have: the real server refuses it.
      socket.onMessage((frame) =>
        server.send(
          frame.includes('doc:feedback') ? frame.replace(/"doc_id":"[^"]*"/, '"doc_id":"no id"') : frame,
        ),
      );
    });
    const page = await sitWithCards(place);
    await button(page, 'Helpful').click();
    await page.getByRole('alert').getByText('was not saved').waitFor();
    await isPressed(page, 'Helpful', 'false');
    same(await call.verdicts(), [], 'the log');
  },

  async the_duration_is_right_though_the_clock_is_not(place) {
    for (const [skew_ms, sign] of [[300_000, 'ahead'], [-300_000, 'behind']]) {
      const context = await place.browser.newContext();
      await context.addInitScript((skew) => {
        const now = Date.now.bind(Date);
        Date.now = () => now() + skew;
      }, skew_ms);
      const page = await openDesk(context, place.proxy.url, `?agent=${place.agentId}`);
      await connected(page);
      await isRight(page.locator('.call-header .duration'), place.call.startedAt, sign);
      await context.close();
    }
  },

  async a_reader_who_scrolled_up_is_left_there_and_can_jump_back(place) {
    const { call } = place;
    await call.say(...Array.from({ length: 80 }, (_, n) => `line number ${n + 1}`));
    const page = await sit(place);
    const box = page.locator('.transcript-scroll');
    const fromEnd = () => box.evaluate((el) => el.scrollHeight - el.scrollTop - el.clientHeight);
    await line(page, 'line number 80').waitFor();
    await until(async () => (await fromEnd()) < 2, 'at the end');
    await box.hover();
    await page.mouse.wheel(0, -900);
    await page.getByRole('button', { name: 'To the end' }).waitFor();
    await standsStill(page);
    const top = (at) => at.evaluate((el) => el.getBoundingClientRect().top);
    const read = page.locator('.line-text:visible').nth(10);
    const [text, before] = [await read.textContent(), await top(read)];
    await call.say('newest', 'newer still');
    await page.getByRole('button', { name: '2 new' }).waitFor();
    const drift = Math.abs((await top(page.getByText(text, { exact: true }).last())) - before);
    if (drift > 1) throw new Error(`the place moved by ${drift} px`);
    await page.getByRole('button', { name: '2 new' }).click();
    await until(async () => (await fromEnd()) < 2, 'at the end again');
    await line(page, 'newer still').waitFor();
  },

  async everything_can_be_done_by_keyboard(place) {
    const { call, context } = place;
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    const page = await sitWithCards(place);
    await place.another(); // stands above, and does not push in
    await until(async () => (await page.locator('.call-item').count()) === 2, 'two calls');
    const { keyboard } = page;
    const focused = () => page.evaluate(() => document.activeElement?.className ?? '');
    const heading = () => page.locator('.call-header h2').textContent();
    const first = await heading();
    if ((await page.locator('.card').count()) === 0) throw new Error('no card');
    await keyboard.press('h');
    await isPressed(page, 'Helpful');
    await keyboard.press('u');
    await isPressed(page, 'Helpful', 'false');
    await keyboard.press('z');
    await until(async () => (await call.verdicts()).at(-1)?.[1] === null, 'taken back');
    await keyboard.press('n');
    await until(async () => (await focused()) === 'card', 'a card has the focus');
    await keyboard.press('c');
    await page.getByText('Copied.').waitFor();
    await keyboard.press('w');
    await until(async () => (await focused()) === 'row', 'the line has the focus');
    await keyboard.press('o');
    await page.getByRole('dialog').getByText('check its plug').waitFor();
    await escape(page);
    const cards = await page.locator('.card').count();
    await keyboard.press('x');
    await until(async () => (await page.locator('.card').count()) === cards - 1, 'put away');
    await keyboard.press('/');
    await keyboard.type('router');
    await page.getByText('1 of 1').waitFor();
    await escape(page);
    await keyboard.press('?');
    await page.getByRole('dialog', { name: 'Settings' }).waitFor();
    await escape(page);
    await keyboard.press('k');
    await until(async () => (await heading()) !== first, 'the call above');
    await keyboard.press('j');
    await until(async () => (await heading()) === first, 'back again');
    none(await unreachable(page), 'not reached by Tab');
    none(page.complaints, 'the console');
  },

  async a_screen_reader_hears_finals_only_and_seldom(place) {
    const { call } = place;
    await place.context.addInitScript(() => {
      localStorage.setItem('earshot.settings', '{"announce":"customer"}');
    });
    const page = await sit(place);
    await page.evaluate(() => {
      window.heard = [];
      const told = new MutationObserver(() => {
        const text = document.querySelector('.announcer').textContent;
        if (text) window.heard.push([Date.now(), text]);
      });
      told.observe(document.querySelector('.announcer'), { childList: true, subtree: true, characterData: true });
    });
    await call.interim('half a sen');
    await call.say('a whole sentence');
    await call.interim('and another ha');
    await call.say('and another one');
    await until(() => page.evaluate(() => window.heard.join().includes('another one')), 'heard');
    const heard = await page.evaluate(() => window.heard);
    none(heard.map(([, text]) => text).filter((text) => /half|another ha$/.test(text)), 'interim');
    heard.slice(1).forEach(([at], n) => {
      if (at - heard[n][0] < 2_900) throw new Error('too often');
    });
    same(await page.locator('.transcript [aria-live], .transcript [role=log]').count(), 0, 'live');
  },

  async nothing_moves_for_who_wants_no_motion_and_a_narrow_page_fits(place) {
    const { call } = place;
    await call.suggest();
    const page = await sit(place);
    await page.emulateMedia({ reducedMotion: 'reduce', forcedColors: 'active' });
    await call.interim('still talk');
    await line(page, 'still talk').waitFor();
    same(await page.evaluate(() => document.getAnimations().length), 0, 'animations');
    await page.setViewportSize({ width: 320, height: 640 });
    for (const pane of ['Calls', 'Transcript', 'Documents']) {
      await page.getByRole('navigation').getByRole('button', { name: pane }).first().click();
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (over > 0) throw new Error(`${pane}: ${over} px too wide at 320`);
    }
  },

  async a_long_title_leaves_room_for_its_document(place) {
    const title = 'Refunds for parcels that came late. '.repeat(13);
    await place.context.route('**/v1/documents/d*', async (route) => {
      const told = await (await route.fetch()).json();
      await route.fulfill({ json: { ...told, title } });
    });
    const page = await sitWithCards(place);
    await page.setViewportSize({ width: 320, height: 640 });
    await page.getByRole('navigation').getByRole('button', { name: 'Documents' }).first().click();
    await page.locator('.card-open').first().click();
    await page.getByRole('dialog').getByText('check its plug').waitFor();
    const { height } = await page.locator('.dialog-head').boundingBox();
    if (height > 200) throw new Error(`of 640 px the title takes ${height}`);
  },

  async axe_finds_nothing_serious_in_six_states_and_on_the_wall(place) {
    const { call, proxy, context } = place;
    const idle = await openDesk(context, proxy.url, `?agent=${place.agentId}-idle`);
    await idle.getByText('No call yet').waitFor();
    none(await axe(idle), 'waiting for a call');
    const page = await sitWithCards(place);
    none(await axe(page), 'a live call');
    // Colours that are on their way to others are nobody's contrast.
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    none(await axe(page), 'a live call in the dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    none(await axe(page), 'the settings');
    await escape(page);
    await page.keyboard.press('o');
    await page.getByRole('dialog').getByText('check its plug').waitFor();
    none(await axe(page), 'a document');
    await escape(page);
    const wall = await openDesk(context, proxy.url, `supervisor?agent=${place.agentId}-boss`);
    await wall.getByRole('searchbox').fill(call.callId);
    await wall.locator('.wall-row').filter({ hasText: call.callId }).click();
    await wall.locator('.wall-watch .line-text').first().waitFor();
    none(await axe(wall), 'the wall');
    await call.end();
    await page.getByText('Summary of the call').waitFor();
    none(await axe(page), 'an ended call');
    proxy.refuse();
    await page.getByText('The connection is lost.').waitFor();
    await page.keyboard.press('/');
    none(await axe(page), 'a lost connection, and the search');
    none([...page.complaints, ...wall.complaints, ...idle.complaints], 'the console');
  },

  async a_supervisor_watches_without_disturbing(place) {
    const { call, context, proxy } = place;
    await call.suggest();
    const page = await sit(place);
    const wall = await openDesk(context, proxy.url, `supervisor?agent=${place.agentId}-boss`);
    await connected(wall);
    await wall.getByRole('searchbox').fill(call.callId);
    const row = wall.locator('.wall-row');
    await until(async () => (await row.count()) === 1, 'one row');
    await page.locator('.card').first().waitFor();
    await button(page, 'Helpful').click();
    await row.getByText('1 helpful').waitFor();
    for (let visit = 0; visit < 5; visit += 1) {
      await row.click();
      await wall.locator('.wall-watch .line-text').first().waitFor();
      await wall.reload();
      await connected(wall);
      await wall.getByRole('searchbox').fill(call.callId);
      await until(async () => (await row.count()) === 1, 'one row');
    }
    await row.click();
    await call.say('both read this');
    await line(page, 'both read this').waitFor();
    await wall.locator('.wall-watch .line-text', { hasText: 'both read this' }).waitFor();
    await row.getByText('both read this').waitFor();
    same(await wall.locator('[data-do=helpful], [data-do=dismiss]').count(), 0, 'verdict buttons');
    await isPressed(page, 'Helpful');
    none([...page.complaints, ...wall.complaints], 'the console');
  },
};

/** The visible controls that the Tab key does not reach, going once around the page. */
async function unreachable(page) {
  await page.evaluate(() => {
    document.activeElement?.blur();
    for (const control of document.querySelectorAll('button, a[href], input, select, [tabindex="0"]')) {
      const isShown = control.checkVisibility({ visibilityProperty: true }) && !control.disabled;
      if (isShown) control.dataset.wanted = '';
    }
  });
  const most = await page.locator('[data-wanted]').count();
  for (let n = 0; n < most + 10; n += 1) {
    await page.keyboard.press('Tab');
    await page.evaluate(() => delete document.activeElement?.dataset.wanted);
  }
  return page.locator('[data-wanted]').evaluateAll((all) => all.map((one) => one.outerHTML.slice(0, 120)));
}
