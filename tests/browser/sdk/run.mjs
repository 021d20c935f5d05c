// Plays the client's scenarios; stage.mjs has the arguments. Run by test_sdk.py.
import { play } from '../stage.mjs';
import { mint, servePage, until } from './place.mjs';

const ASKED = ['status', 'statuses', 'shown', 'fills', 'pending', 'kept', 'retryNow'];
const site = await servePage();

/** Pages with the client on them, and the tokens it is given. */
async function furnish(place) {
  const { agentId, call, context, proxy } = place;
  const furnished = { ...place, tokens: null, withoutLocks, newPage };
  await context.exposeFunction('tokenFor', (who, reason) =>
    furnished.tokens ? furnished.tokens(reason) : mint(who),
  );
  return furnished;

  /** As on a page without a secure context. */
  function withoutLocks() {
    return context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'locks', { get: () => undefined });
    });
  }

  async function newPage() {
    const page = await context.newPage();
    await page.goto(site.url);
    const ask = (method) => (...values) =>
      page.evaluate(([name, all]) => window.earshot[name](...all), [method, values]);
    return {
      page,
      open: (who = agentId) => ask('open')(proxy.url, who, call.callId),
      give: (doc, helpful) => ask('give')(call.callId, doc, helpful),
      texts: () => ask('texts')(call.callId),
      ...Object.fromEntries(ASKED.map((method) => [method, ask(method)])),
      until,
      reload: () => page.reload(),
      /** As a crash: nothing of the page runs any more. */
      kill: () => page.close({ runBeforeUnload: false }),
    };
  }
}

await play({ furnish });
site.close();
