// What a scenario sees of a page from inside: React's commits, frames, and where a line stands.

/** Before the page's own scripts: `window.commits` gets the last line of each commit, and
 * `window.commitsAt` when it was, in ms. */
export function watchCommits(context) {
  return context.addInitScript(() => {
    window.commits = [];
    window.commitsAt = [];
    const onCommitFiberRoot = () => {
      window.commitsAt.push(performance.now());
      window.commits.push(document.querySelector('.row:last-child')?.getAttribute('aria-posinset'));
    };
    // React looks for its developer tools, in a production build too.
    window.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
      supportsFiber: true,
      inject: () => 1,
      onCommitFiberRoot,
      onCommitFiberUnmount() {},
      onPostCommitFiberRoot() {},
    };
  });
}

/** Resolves when the lines have stood still for a third of a second of frames: what a wheel or a key
 * began goes on for a while, and no clock says for how long on a machine that does other things. */
export function standsStill(page) {
  return page.evaluate(async () => {
    const box = document.querySelector('.transcript-scroll');
    const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    let before = NaN;
    for (let still = 0; still < 20; still += 1) {
      await frame();
      if (box.scrollTop !== before) still = 0;
      before = box.scrollTop;
    }
  });
}

/**
 * From now on every frame notes how many lines are to be seen and where the line with `text` stands;
 * the returned function ends it and gives what was seen.
 */
export async function watchFrames(page, text = null) {
  await page.evaluate((wanted) => {
    const seen = { frames: 0, fewest: Infinity, tops: [] };
    const box = document.querySelector('.transcript-scroll');
    const look = () => {
      const { top, bottom } = box.getBoundingClientRect();
      const shown = [...document.querySelectorAll('.line-text')].filter((line) => {
        const at = line.getBoundingClientRect();
        return at.bottom > top && at.top < bottom;
      });
      seen.frames += 1;
      seen.fewest = Math.min(seen.fewest, shown.length);
      if (wanted !== null) {
        const line = shown.find((one) => one.textContent.trim() === wanted);
        seen.tops.push(line ? line.getBoundingClientRect().top - top : null);
      }
    };
    // The task after a frame finds the page as it was painted; the frame's own callback comes
    // before what is measured is put right.
    let next;
    const frame = () => {
      setTimeout(look, 0);
      next = requestAnimationFrame(frame);
    };
    frame();
    window.endWatch = () => {
      cancelAnimationFrame(next);
      return seen;
    };
  }, text);
  return () => page.evaluate(() => window.endWatch());
}

/** How far the watched line moved, in pixels; Infinity when it was gone for a frame. */
export function drift({ tops }) {
  if (tops.length === 0 || tops.includes(null)) return Infinity;
  return Math.max(...tops) - Math.min(...tops);
}

/** The text of the first line that is wholly on the screen. */
export function firstLine(page) {
  return page.evaluate(() => {
    const { top } = document.querySelector('.transcript-scroll').getBoundingClientRect();
    const lines = [...document.querySelectorAll('.line-text')];
    return lines.find((line) => line.getBoundingClientRect().top >= top).textContent.trim();
  });
}
