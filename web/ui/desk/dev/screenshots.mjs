/**
 * Pictures of the desk and the wall in their sizes and schemes:
 *   node dev/screenshots.mjs URL FOLDER [SECONDS] [NAME …]
 * URL is a running server (make run) or a preview (npm run preview:fake). Prints console errors:
 * there should be none, a violation of the content-security policy among them.
 */
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [url = 'http://127.0.0.1:5000/', folder = 'shots', seconds = '6', ...only] =
  process.argv.slice(2);
const DESK = { width: 1280, height: 800, scheme: 'light', path: '' };
const SHOTS = [
  { ...DESK, name: 'wide-light' },
  { ...DESK, name: 'wide-dark', scheme: 'dark' },
  { ...DESK, name: 'full-light', width: 1920, height: 1080 },
  { ...DESK, name: 'medium-light', width: 900, height: 700 },
  { ...DESK, name: 'panel-light', width: 380 },
  { ...DESK, name: 'panel-calls-dark', width: 380, scheme: 'dark', press: ['Calls'] },
  { ...DESK, name: 'panel-documents-light', width: 380, press: ['Documents'] },
  { ...DESK, name: 'german-light', locale: 'de-DE' },
  { ...DESK, name: 'settings-light', press: ['Settings'] },
  { ...DESK, name: 'document-light', press: [/^Read the whole/] },
  { ...DESK, name: 'search-light', press: ['Search the transcript'], type: 'the' },
  { ...DESK, name: 'ended-light', at: '.call-item[data-status=ended]' },
  { ...DESK, name: 'ended-panel-dark', at: '.call-item[data-status=ended]', width: 380, scheme: 'dark', press: ['Calls'], then: ['Documents'] },
  { ...DESK, name: 'lost-light', offline: true },
  { ...DESK, name: 'lost-panel-dark', offline: true, width: 380, scheme: 'dark' },
  { ...DESK, name: 'nobody-light', path: '?agent=nobody' },
  { ...DESK, name: 'reflow-320', width: 320, height: 640 },
  { ...DESK, name: 'zoom-200', width: 640, height: 400 },
  { ...DESK, name: 'wall-light', path: 'supervisor', row: true },
  { ...DESK, name: 'wall-full-dark', path: 'supervisor', row: true, scheme: 'dark', width: 1920, height: 1080 },
  { ...DESK, name: 'wall-panel-light', path: 'supervisor', width: 380 },
];

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
});
async function take(shot) {
  const { name, width, height, scheme, locale, path, press = [], at, then = [], type, row, offline } = shot;
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: scheme,
    locale: locale ?? 'en-GB',
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) console.error(`${name}: ${message.text()}`);
  });
  page.on('pageerror', (problem) => console.error(`${name}: ${problem.message}`));
  try {
    await page.goto(new URL(path, url).href);
    await page.waitForTimeout(Number(seconds) * 500);
    const push = (button) => page.getByRole('button', { name: button }).first().click({ timeout: 5_000 });
    for (const button of press) await push(button);
    if (at) await page.locator(at).first().click({ timeout: 5_000 });
    for (const button of then) await push(button);
    if (offline) await page.context().setOffline(true);
    if (row) await page.locator('.wall-row').first().click({ timeout: 5_000 });
    if (type) await page.keyboard.type(type);
    await page.waitForTimeout(Number(seconds) * 500);
  } catch (problem) {
    console.error(`${name}: ${problem.message}`);
  }
  await page.screenshot({ path: `${folder}/${name}.png` });
  await page.close();
}
const wanted = SHOTS.filter(({ name }) => only.length === 0 || only.includes(name));
await Promise.all(wanted.map(take));
await browser.close();
