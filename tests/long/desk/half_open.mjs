// A connection that carries nothing any more, at the server's own ping settings.
import { until } from '../../browser/sdk/place.mjs';
import { button, connected, isPressed, none, openDesk } from '../../browser/desk/seat.mjs';

/** server.ping_interval_s and server.ping_timeout_s as they are shipped, and a second. */
const NOTICED_MS = (20 + 15 + 1) * 1000;
const LOST_MS = 5_000;

export const scenarios = {
  async a_half_open_connection_is_noticed_at_the_default_settings_and_the_desk_works_on(place) {
    const { call, proxy, context } = place;
    await call.suggest();
    const page = await openDesk(context, proxy.url, `?agent=${place.agentId}`);
    await connected(page);
    await page.locator('.card').first().waitFor();
    proxy.swallow();
    const began = Date.now();
    await button(page, 'Helpful').click();
    await isPressed(page, 'Helpful');
    await page.keyboard.press('/');
    await page.keyboard.type('router');
    await page.getByText('1 of 1').waitFor();
    await page.getByText('Reconnecting…').waitFor({ timeout: NOTICED_MS });
    const noticed_ms = Date.now() - began;
    await page.getByText('The connection is lost.').waitFor({ timeout: LOST_MS + 2_000 });
    const lost_ms = Date.now() - began - noticed_ms;
    if (lost_ms < LOST_MS - 1_000) throw new Error(`said to be lost after ${lost_ms} ms already`);
    await isPressed(page, 'Helpful');
    // A minute of it in all; then everything goes through again.
    await page.waitForTimeout(60_000 - (Date.now() - began));
    await call.say('said meanwhile');
    proxy.cut();
    proxy.pass();
    await connected(page);
    await page.locator('.line-text', { hasText: 'said meanwhile' }).first().waitFor();
    await until(async () => (await call.verdicts()).length === 1, 'the verdict');
    await isPressed(page, 'Helpful');
    none(page.complaints, 'the console');
  },
};
