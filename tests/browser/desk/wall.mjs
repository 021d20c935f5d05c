// A wall of more calls than a screen holds: few rows of the page, each of them in reach.
import { mint, same, until } from '../sdk/place.mjs';
import { axe, connected, none, openDesk } from './seat.mjs';

const CALLS = 150;
const MOST_ROWS = 60;

/** Calls of an agent that no other scenario's wall shows by its search. */
async function manyCalls({ server, agentId }) {
  const headers = { authorization: `Bearer ${mint('producer-1', 'producer')}` };
  const create = async (n) => {
    const body = JSON.stringify({ call_id: `${agentId}-wall-${n}`, agent_ids: [`${agentId}-wall`] });
    const { status } = await fetch(`${server}/v1/calls`, { method: 'POST', headers, body });
    same(status, 201, 'a new call');
  };
  for (let n = 0; n < CALLS; n += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, k) => create(n + k)));
  }
}

export const scenarios = {
  async of_many_calls_few_are_rows_and_all_are_in_reach(place) {
    const { context, proxy, agentId } = place;
    await manyCalls(place);
    const wall = await openDesk(context, proxy.url, `supervisor?agent=${agentId}-boss`);
    await connected(wall);
    await wall.getByRole('searchbox').fill(`${agentId}-wall-`);
    const rows = wall.locator('.wall-row');
    const count = () => wall.locator('.wall-rows li').first().getAttribute('aria-setsize');
    await until(async () => (await count()) === String(CALLS), 'all calls are counted');
    const few = async (when) => {
      const shown = await rows.count();
      if (shown > MOST_ROWS || shown < 10) throw new Error(`${when}: ${shown} rows`);
    };
    const focused = () => wall.evaluate(() => document.activeElement?.closest('li')?.ariaPosInSet);
    const isSeen = (at) =>
      wall.evaluate((place) => {
        const row = document.querySelector(`li[aria-posinset="${place}"]`)?.getBoundingClientRect();
        const box = document.querySelector('.wall-rows').getBoundingClientRect();
        return row !== undefined && row.top >= box.top && row.bottom <= box.bottom + 1;
      }, at);
    const scroll = (to) => wall.locator('.wall-rows').evaluate((el, y) => (el.scrollTop = y), to);
    await few('at first');

    // The keyboard goes from row to row, past the end of the screen.
    await rows.first().focus();
    for (let n = 1; n < 40; n += 1) await wall.keyboard.press('Tab');
    same(await focused(), '40', 'the row with the focus');
    await until(() => isSeen(40), 'it is seen');

    // What has the focus stays where the keyboard left it, also out of sight.
    await scroll(10_000_000);
    await until(() => isSeen(CALLS), 'the last call');
    await few('at the end');
    same(await focused(), '40', 'the row with the focus, out of sight');
    none(await axe(wall), 'the wall with a row out of sight');
    await wall.keyboard.press('Shift+Tab');
    same(await focused(), '39', 'the one before');
    await until(() => isSeen(39), 'it is seen');

    // The next call's key goes on from the watched one, and shows where it is.
    await scroll(0);
    await until(() => isSeen(1), 'the first call');
    await wall.locator('li[aria-posinset="1"] .wall-row').click();
    for (let n = 0; n < 30; n += 1) await wall.keyboard.press('j');
    const watched = wall.locator('li:has([aria-current])');
    await until(async () => (await watched.getAttribute('aria-posinset')) === '31', 'watched');
    await until(() => isSeen(31), 'the watched row is seen');
    await few('on the way');
    none(wall.complaints, 'the console');
  },
};
