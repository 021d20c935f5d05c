// What a transcript does with very many lines at once: a long call that is opened, a burst that
// is replayed. Counts commits, rows, pages and pixels, never milliseconds.
import { same, until } from '../sdk/place.mjs';
import { connected, line, none, openDesk } from './seat.mjs';
import { drift, firstLine, standsStill, watchCommits, watchFrames } from './watch.mjs';

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const MOST_ROWS = 150;
/** Of the list, for a replay: it is told at its end, and each further second that it takes. */
const MOST_CHANGES = 3;
const MOST_OF_A_PAGE = 500;
const MOST_OF_A_REQUEST = 200;

/** Lines of one to four rows: what was not on the screen yet is not as high as estimated. */
async function sayMany(call, count, word) {
  for (let n = 0; n < count; n += MOST_OF_A_REQUEST) {
    const length = Math.min(MOST_OF_A_REQUEST, count - n);
    const text = (_, k) => `${word} ${n + k + 1}${'\nok'.repeat(((n + k) * 7) % 4)}`;
    await call.say(...Array.from({ length }, text));
  }
}

export const scenarios = {
  async a_long_call_is_painted_with_its_end_and_older_lines_come_as_one_scrolls(place) {
    const { call, proxy, context } = place;
    await sayMany(call, 5_000, 'line');
    const pages = []; // of older lines: how many were asked for
    let release = null;
    await context.routeWebSocket(/socket\.io/, (socket) => {
      const server = socket.connectToServer();
      socket.onMessage((frame) => {
        const [, limit] = /"call:history",.*"limit":(\d+)/.exec(String(frame)) ?? [];
        if (!limit) return server.send(frame);
        pages.push(Number(limit));
        release = () => server.send(frame);
      });
    });
    const page = await openDesk(context, proxy.url, `?agent=${place.agentId}`);
    await line(page, 'line 5000').waitFor();
    const rows = await page.locator('.row').count();
    if (rows > MOST_ROWS) throw new Error(`${rows} rows`);
    const box = page.locator('.transcript-scroll');
    const fromTop = () => box.evaluate((el) => el.scrollTop);
    await until(async () => (await fromTop()) > 1_000, 'at the end');
    await standsStill(page);
    same(pages, [], 'nothing older was fetched before anybody scrolled');

    await box.hover();
    for (let fetched = 1; fetched <= 3; fetched += 1) {
      await until(async () => {
        if (pages.length === fetched) return true;
        await page.mouse.wheel(0, -600);
        return false;
      }, 'asked for by the wheel');
      await standsStill(page);
      const text = await firstLine(page);
      const watched = await watchFrames(page, text);
      const before = await fromTop();
      release();
      await until(async () => (await fromTop()) > before + 4_000, 'a page, above');
      await standsStill(page);
      const moved = drift(await watched());
      if (moved > 1) throw new Error(`page ${fetched}: the place moved by ${moved} px`);
    }
    same(pages.filter((limit) => limit > MOST_OF_A_PAGE), [], 'pages that are too large');

    // By keyboard, too.
    await box.focus();
    for (const fetched of [4, 5]) {
      await page.keyboard.press('Home');
      await until(() => pages.length === fetched, 'asked for by the key');
      const before = await fromTop();
      release();
      await until(async () => (await fromTop()) > before + 4_000, 'a page, above');
    }

    // Without a connection a reader is not told with each move of the wheel, but who asks is.
    proxy.refuse();
    await page.getByText('Reconnecting…').waitFor();
    const told = page.getByText('Earlier lines could not be fetched');
    for (let n = 0; n < 8; n += 1) {
      await page.keyboard.press(n % 2 ? 'PageDown' : 'Home');
      await pause(60);
    }
    await standsStill(page); // the last PageDown is still on its way
    await page.keyboard.press('Home');
    same(await told.count(), 0, 'what was said of it');
    await page.locator('.older').click();
    await told.first().waitFor();
    none(page.complaints, 'the console');
  },

  async a_burst_of_2_000_events_is_shown_in_a_few_commits(place) {
    const { call, proxy, context } = place;
    await watchCommits(context);
    await call.say('the first');
    const page = await openDesk(context, proxy.url, `?agent=${place.agentId}`);
    await connected(page);
    await line(page, 'the first').waitFor();
    proxy.refuse();
    await page.getByText('Reconnecting…').waitFor();
    await sayMany(call, 2_000, 'missed');
    await page.evaluate(() => ((window.commits = []), (window.commitsAt = [])));
    const watched = await watchFrames(page);
    proxy.pass();
    await line(page, 'missed 2000').waitFor();
    await standsStill(page);
    const { fewest } = await watched();
    if (fewest === 0) throw new Error('a frame without a line');
    const [lasts, at] = await page.evaluate(() => [window.commits, window.commitsAt]);
    const isChange = (last, n) => n > 0 && last !== lasts[n - 1];
    const changes = lasts.filter(isChange);
    const times = at.filter((_, n) => isChange(lasts[n], n));
    const most = Math.max(MOST_CHANGES, 2 + Math.floor((times.at(-1) - times[0]) / 1000));
    if (changes.length > most) throw new Error(`came in ${changes.length} parts: ${changes}`);
    same(lasts.at(-1), '2001', 'the last line');
    // A change, the rows it brings into the box, their heights; and the call's clock ticks.
    const first = lasts.findIndex((last) => last !== '1');
    const commits = lasts.length - first;
    const ticks = Math.ceil((at.at(-1) - at[first]) / 1000) + 1;
    if (commits > 3 * changes.length + ticks) throw new Error(`${commits} commits`);
    none(page.complaints, 'the console');
  },
};
