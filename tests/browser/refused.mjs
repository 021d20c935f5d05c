// A page of an origin that the server does not take. Prints the states of the client on it: when it
// has stopped, and after it was told to try again. Argument: the URL of the server. Environment:
// CHROMIUM, JWT_SECRET. Run by test_refused_page.py.
import { mint, servePage, until } from './sdk/place.mjs';
import { launch } from './stage.mjs';

const [server] = process.argv.slice(2);
const site = await servePage();
const browser = await launch();
const page = await browser.newPage();
let asked = 0;
await page.exposeFunction('tokenFor', (who) => ((asked += 1), mint(who)));
await page.goto(site.url);
const ask = (method, ...values) =>
  page.evaluate(([name, all]) => window.earshot[name](...all), [method, values]);
const ends = async (times) => {
  const closed = async () => (await ask('statuses')).filter((one) => one.status === 'closed');
  await until(async () => (await closed()).length === times, `closed ${times} times`);
};

await ask('open', server, 'agent-1', 'call-1');
await ends(1);
const first = await ask('status');
await ask('retryNow');
await ends(2);
const statuses = (await ask('statuses')).map((one) => one.status);
await browser.close();
site.close();
const { origin } = new URL(site.url);
process.stdout.write(JSON.stringify({ origin, first, statuses, asked }));
