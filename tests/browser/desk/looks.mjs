// How the desk looks to people whose system asks for it: no motion, forced colours, dark. Colours
// are measured where they are painted, motion frame by frame.
import { same, until } from '../sdk/place.mjs';
import { button, escape, line, none, openDesk, sitWithCards } from './seat.mjs';
import { standsStill } from './watch.mjs';

const LEAST_CONTRAST = 4.5;
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** The text that is seen and has too little contrast with its ground, as contrast and text. */
function pale(page) {
  return page.evaluate((least) => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const over = ([r, g, b, a], under) =>
      [r, g, b].map((part, n) => (part * a + under[n] * (255 - a)) / 255).concat(255);
    const groundOf = (element) => {
      if (!element) return rgba(getComputedStyle(document.documentElement).colorScheme.includes('dark') ? '#000' : '#fff');
      const own = rgba(getComputedStyle(element).backgroundColor);
      return own[3] === 255 ? own : over(own, groundOf(element.parentElement));
    };
    const light = (colour) => {
      const [r, g, b] = colour.slice(0, 3).map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const found = [];
    let measured = 0;
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const element = walk.currentNode.parentElement;
      const isSeen = element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
      // What cannot be used may be pale; what only a screen reader has is not seen.
      const isExempt = element.closest(':disabled, [aria-disabled=true], .sr-only, script, style');
      if (!walk.currentNode.data.trim() || !isSeen || isExempt) continue;
      const ground = groundOf(element);
      const text = over(rgba(getComputedStyle(element).color), ground);
      const [low, high] = [light(text), light(ground)].sort((a, b) => a - b);
      const contrast = (high + 0.05) / (low + 0.05);
      measured += 1;
      if (contrast < least) found.push(`${contrast.toFixed(2)}: ${walk.currentNode.data.trim().slice(0, 40)} (${element.className})`);
    }
    if (measured < 10) found.push(`only ${measured} texts were measured`);
    return found;
  }, LEAST_CONTRAST);
}

/** From now on: what moved by itself, in any frame. */
async function watchMotion(page) {
  await page.evaluate(() => {
    window.moved = new Set();
    window.tops = [];
    const box = document.querySelector('.transcript-scroll');
    const look = () => {
      for (const { effect } of document.getAnimations()) window.moved.add(effect.target.className);
      if (window.tops.at(-1) !== box.scrollTop) window.tops.push(box.scrollTop);
      window.watching = requestAnimationFrame(look);
    };
    look();
  });
  return () =>
    page.evaluate(() => {
      cancelAnimationFrame(window.watching);
      return { moved: [...window.moved], tops: window.tops };
    });
}

/** Every card's height, and which of what can be pressed in the documents' pane stands out of it. */
function cards(page) {
  return page.evaluate(() => {
    const pane = document.querySelector('.suggestions').getBoundingClientRect();
    const buttons = [...document.querySelectorAll('.card button, .card a')];
    const isOut = (box) => box.left < pane.left || box.right > pane.right || box.width < 24;
    return {
      heights: [...document.querySelectorAll('.card')].map((card) => card.offsetHeight),
      out: buttons.filter((one) => isOut(one.getBoundingClientRect())).map((one) => one.outerHTML.slice(0, 120)),
    };
  });
}

export const scenarios = {
  async all_text_can_be_read_in_dark_and_light_and_in_forced_colours(place) {
    const { call, context, proxy } = place;
    const page = await sitWithCards(place);
    await page.emulateMedia({ reducedMotion: 'reduce' }); // colours on their way are nobody's
    await button(page, 'Helpful').click();
    await call.say('and one more line');
    await call.interim('what is still being sa');
    await line(page, 'still being sa').waitFor();
    const wall = await openDesk(context, proxy.url, `supervisor?agent=${place.agentId}-boss`);
    await wall.locator('.wall-row').filter({ hasText: call.callId }).click();
    await wall.locator('.wall-watch .line-text').first().waitFor();
    const looks = ['light', 'dark'].flatMap((colorScheme) =>
      ['none', 'active'].map((forcedColors) => ({ colorScheme, forcedColors, reducedMotion: 'reduce' })),
    );
    const measure = async (on, what) => {
      for (const look of looks) {
        await on.emulateMedia(look);
        const name = `${what}, ${look.colorScheme}, forced: ${look.forcedColors}`;
        const isForced = await on.evaluate(() => matchMedia('(forced-colors: active)').matches);
        same(isForced, look.forcedColors === 'active', `${name}: as asked`);
        none(await pale(on), name);
      }
    };
    await measure(page, 'a live call');
    await measure(wall, 'the wall');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await measure(page, 'the settings');
    await escape(page);
    await page.keyboard.press('/');
    await page.keyboard.type('router');
    await page.getByText('1 of 1').waitFor();
    proxy.refuse();
    await page.getByText('The connection is lost.').waitFor();
    await measure(page, 'a search, and a lost connection');
  },

  async a_verdict_makes_no_card_larger_and_pushes_nothing_out_of_its_pane(place) {
    const page = await sitWithCards(place);
    for (const language of ['en', 'de']) {
      await page.keyboard.press('?');
      await page.getByRole('dialog').locator('select').nth(1).selectOption(language);
      await escape(page);
      for (const width of [1280, 1100, 1920, 320]) {
        await page.setViewportSize({ width, height: 700 });
        const documents = page.getByRole('navigation').getByRole('button', { name: /Doc|Dok/ });
        if (width < 720) await documents.click();
        const before = await cards(page);
        none(before.out, `${language} at ${width}`);
        for (const [key, does] of [['h', 'helpful'], ['u', 'unhelpful']]) {
          await page.keyboard.press(key);
          await page.locator(`[data-do="${does}"][aria-pressed=true]`).waitFor();
          const { heights, out } = await cards(page);
          none(out, `${language} at ${width}, ${does}`);
          same(heights, before.heights, `${language} at ${width}, ${does}: heights`);
        }
        await page.keyboard.press('z');
        await page.locator('[data-do="undo"]').waitFor({ state: 'detached' });
      }
    }
  },

  async words_that_are_read_stay_where_they_are(place) {
    const { call } = place;
    const page = await sitWithCards(place);
    const way = page.getByRole('button', { name: /^(To the end|\d+ new)$/ });
    await page.keyboard.press('w');
    await page.locator('[data-shown]').waitFor();
    await standsStill(page);
    same(await way.count(), 0, 'a way to the end, over lines that are all in sight');
    const left = (text) => line(page, text).evaluate((box) => box.getBoundingClientRect().left);
    await call.interim('what the agent', 0, 'agent');
    await line(page, 'what the agent').waitFor();
    const before = await left('what the agent');
    await call.interim('what the agent goes on to say', 1, 'agent');
    await line(page, 'goes on to say').waitFor();
    same(await left('what the agent'), before, 'where the words begin');
    await call.say(...Array.from({ length: 40 }, (_, n) => `line number ${n + 1}`));
    await way.waitFor();
  },

  async nothing_moves_by_itself_for_who_wants_no_motion(place) {
    const { call, context } = place;
    await call.suggest();
    await call.say(...Array.from({ length: 190 }, (_, n) => `line number ${n + 1}`));
    const page = await openDesk(context, place.proxy.url, `?agent=${place.agentId}`);
    await line(page, 'line number 190').waitFor();
    await page.locator('.card').first().waitFor();
    await call.interim('still talk');
    await line(page, 'still talk').waitFor();
    const moving = await watchMotion(page);
    await pause(100);
    const before = await moving();
    if (before.moved.length === 0) throw new Error('nothing moves for anybody: what is tested?');

    await page.emulateMedia({ reducedMotion: 'reduce' });
    const still = await watchMotion(page);
    const { keyboard } = page;
    await keyboard.press('w'); // the line that led to the card: far up
    await page.locator('[data-shown]').waitFor();
    await page.getByRole('button', { name: 'To the end' }).click();
    await line(page, 'still talk').waitFor();
    await keyboard.press('/');
    await keyboard.type('number 20');
    await page.getByText('1 of 1').waitFor();
    await escape(page);
    await keyboard.press('e');
    await line(page, 'still talk').waitFor();
    await keyboard.press('h');
    await keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await escape(page);
    await call.say('said to its end');
    await line(page, 'said to its end').waitFor();
    await pause(100);
    const { moved, tops } = await still();
    same(moved, [], 'what was animated');
    // Four ways far up or down; each a jump and what the rows' heights put right.
    if (tops.length > 16) throw new Error(`scrolled in ${tops.length} steps: ${tops}`);
    const smooth = await page.evaluate(() =>
      [...document.querySelectorAll('*')]
        .filter((one) => getComputedStyle(one).scrollBehavior === 'smooth')
        .map((one) => one.className),
    );
    same(smooth, [], 'what scrolls smoothly');
    none(page.complaints, 'the console');
  },
};
