// What the desk's scenarios share: a desk in a page of its own, what it complains about, axe.
import { readFileSync } from 'node:fs';
import { fromUi, until } from '../sdk/place.mjs';

const AXE = readFileSync(fromUi.resolve('axe-core/axe.min.js'), 'utf8');

/** For what is to be seen on a page: as `until`, it bounds a failure only. */
export const SEEN_MS = 60_000;

/** A desk behind the scenario's proxy. `complaints`: what the console said that is no network. */
export async function openDesk(context, url, path = '') {
  const page = await context.newPage();
  page.setDefaultTimeout(SEEN_MS);
  const complaints = [];
  page.on('console', (message) => {
    const isNetwork = /Failed to load resource|WebSocket connection|net::ERR/.test(message.text());
    if (message.type() === 'error' && !isNetwork) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${url}/${path}`);
  return Object.assign(page, { complaints });
}

/** The desk of this scenario's agent, on its call. */
export async function sit(place, path = '') {
  const page = await openDesk(place.context, place.proxy.url, `?agent=${place.agentId}${path}`);
  await connected(page);
  return page;
}

/** The same, where the call has a card for each document. */
export async function sitWithCards(place) {
  await place.call.suggest();
  const page = await sit(place);
  await page.locator('.card').first().waitFor();
  return page;
}

/** A page that the test hands to the browser comes from nowhere: it may reach 127.0.0.1. */
export const NEAR = 'local-network-access';
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));
export const connected = (page) => page.getByText('Connected', { exact: true }).waitFor();
export const line = (page, text) => page.locator('.line-text', { hasText: text }).last();
export const button = (page, name) => page.getByRole('button', { name, exact: true }).first();

/** The card of a document; a locator, so `button` and `isPressed` take it for a page. */
export const card = (page, id) =>
  page.getByRole('article', { name: `Router without light ${id}`, exact: true });

export async function isPressed(page, name, wanted = 'true') {
  const pressed = () => button(page, name).getAttribute('aria-pressed');
  await until(async () => (await pressed()) === wanted, `${name} pressed: ${wanted}`);
}

/** Leaves a dialog or the search by its key; until it is gone, the next key is its own. */
export async function escape(page) {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.locator('.search-bar').waitFor({ state: 'detached' });
}

/**
 * A call's clock, to two seconds. What is read of a page that stood still for a moment was right
 * before, so it is read again; a clock that is wrong stays wrong.
 */
export async function isRight(clock, startedAt, what) {
  const lasted_s = () => (Date.now() - Date.parse(startedAt)) / 1000;
  let shown = '';
  const looked = async () => {
    const before_s = lasted_s();
    shown = await clock.textContent();
    const [minutes, seconds] = shown.split(':').map(Number);
    const shown_s = minutes * 60 + seconds;
    return shown_s >= before_s - 2 && shown_s <= lasted_s() + 2;
  };
  await until(looked, 'right', 10_000).catch(() => {
    throw new Error(`${what}: ${shown} after ${lasted_s()} s`);
  });
}

/** The serious and critical findings of axe-core, as rule and element. */
export async function axe(page) {
  await page.evaluate(AXE); // as the tests, not as the page: its policy allows nothing inline
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
  });
}

export function none(found, what) {
  if (found.length > 0) throw new Error(`${what}: ${found.slice(0, 5).join(' | ')}`);
}
