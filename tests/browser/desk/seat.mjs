// What the desk's scenarios share: a desk in a page of its own, what it complains about, axe.
import { readFileSync } from 'node:fs';
import { fromUi, until } from '../sdk/place.mjs';

const AXE = readFileSync(fromUi.resolve('axe-core/axe.min.js'), 'utf8');

/** A desk behind the scenario's proxy. `complaints`: what the console said that is no network. */
export async function openDesk(context, url, path = '') {
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = [];
  page.on('console', (message) => {
    const isNetwork = /Failed to load resource|WebSocket connection|net::ERR/.test(message.text());
    if (message.type() === 'error' && !isNetwork) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${url}/${path}`);
  return Object.assign(page, { complaints });
}

export const connected = (page) => page.getByText('Connected', { exact: true }).waitFor();
export const line = (page, text) => page.locator('.line-text', { hasText: text }).last();
export const button = (page, name) => page.getByRole('button', { name, exact: true }).first();

export async function isPressed(page, name, wanted = 'true') {
  const pressed = () => button(page, name).getAttribute('aria-pressed');
  await until(async () => (await pressed()) === wanted, `${name} pressed: ${wanted}`);
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
