// The server's history begins anew under a desk that is open: the store is killed and comes back.
// Environment: STORE_PID, beside what stage.mjs needs.
import { same, until } from '../sdk/place.mjs';
import { connected, line, none, openDesk } from './seat.mjs';
import { drift, firstLine, standsStill, watchFrames } from './watch.mjs';

/** Kills the store; resolves when each page has got a snapshot of the new epoch and shown it. */
async function loseHistory(pages) {
  const isSnapshot = ({ payload }) => String(payload).includes('"mode":"snapshot"');
  const answered = pages.map(
    (page) =>
      new Promise((done) => {
        page.on('websocket', (socket) =>
          socket.on('framereceived', (frame) => isSnapshot(frame) && done()),
        );
      }),
  );
  process.kill(Number(process.env.STORE_PID), 'SIGKILL');
  await Promise.all(answered);
  await Promise.all(pages.map(connected));
  await Promise.all(pages.map(standsStill));
}

/** How many of the rows that are seen now are other elements later, or no more. */
async function watchRows(page) {
  await page.evaluate(() => {
    const { top, bottom } = document.querySelector('.transcript-scroll').getBoundingClientRect();
    const isSeen = (row) => row.getBoundingClientRect().top >= top && row.getBoundingClientRect().bottom <= bottom;
    window.seen = [...document.querySelectorAll('.row')].filter(isSeen);
    window.texts = window.seen.map((row) => row.textContent);
  });
  return () =>
    page.evaluate(() => {
      const isOther = (row, n) => !row.isConnected || row.textContent !== window.texts[n];
      return window.seen.length < 5 ? Infinity : window.seen.filter(isOther).length;
    });
}

export const scenarios = {
  async a_new_epoch_changes_nothing_for_who_reads_the_end_or_what_is_older(place) {
    const { call, proxy, context } = place;
    const words = (from, to) => Array.from({ length: to - from }, (_, n) => `line ${from + n}`);
    for (let n = 1; n < 600; n += 200) await call.say(...words(n, n + 200));
    const [atEnd, reader] = await Promise.all(
      [0, 1].map(() => openDesk(context, proxy.url, `?agent=${place.agentId}`)),
    );
    for (const page of [atEnd, reader]) await line(page, 'line 600').waitFor();

    const box = reader.locator('.transcript-scroll');
    await box.focus();
    await reader.keyboard.press('Home');
    await reader.getByText('line 401', { exact: true }).waitFor();
    await reader.mouse.move(640, 400);
    await until(async () => {
      const read = await firstLine(reader);
      if (Number(read.split(' ')[1]) < 380) return true;
      await reader.mouse.wheel(0, -500);
      return false;
    }, 'a line of an older page');
    await standsStill(reader);

    const older = await firstLine(reader);
    const frames = [await watchFrames(atEnd, 'line 600'), await watchFrames(reader, older)];
    const rows = [await watchRows(atEnd), await watchRows(reader)];
    await loseHistory([atEnd, reader]);
    for (const [n, name] of ['at the end', 'at an older line'].entries()) {
      const seen = await frames[n]();
      if (seen.fewest === 0) throw new Error(`${name}: a frame without a line`);
      if (drift(seen) > 1) throw new Error(`${name}: the place moved by ${drift(seen)} px`);
      same(await rows[n](), 0, `${name}: rows that are others now`);
    }

    // And the call goes on, in the new epoch and in what was before.
    await call.say('after all that');
    await line(atEnd, 'after all that').waitFor();
    await reader.getByRole('button', { name: '1 new' }).waitFor();
    await box.focus();
    const first = reader.getByText('line 1', { exact: true });
    await until(async () => {
      if (await first.isVisible()) return true;
      await reader.keyboard.press('Home');
      return false;
    }, 'the first line of all');
    await reader.keyboard.press('End');
    await line(reader, 'after all that').waitFor();
    none([...atEnd.complaints, ...reader.complaints], 'the console');
  },
};
