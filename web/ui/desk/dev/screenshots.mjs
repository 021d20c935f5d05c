/**
 * Pictures of the desk in its sizes and schemes: node dev/screenshots.mjs URL FOLDER [SECONDS]
 * URL is a running desk (npm run preview:fake). Prints console errors: there should be none,
 * a violation of the content-security policy among them.
 */
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [url = 'http://127.0.0.1:4173/', folder = 'shots', seconds = '6'] = process.argv.slice(2);
const SHOTS = [
  { name: 'wide-light', width: 1280, height: 800, scheme: 'light' },
  { name: 'wide-dark', width: 1280, height: 800, scheme: 'dark' },
  { name: 'full-light', width: 1920, height: 1080, scheme: 'light' },
  { name: 'medium-light', width: 900, height: 700, scheme: 'light' },
  { name: 'panel-light', width: 380, height: 800, scheme: 'light' },
  { name: 'panel-calls-dark', width: 380, height: 800, scheme: 'dark', tab: 'Calls' },
  { name: 'panel-documents-light', width: 380, height: 800, scheme: 'light', tab: 'Documents' },
];

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
});
for (const { name, width, height, scheme, tab } of SHOTS) {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
  page.on('console', (message) => {
    if (message.type() === 'error') console.error(`${name}: ${message.text()}`);
  });
  page.on('pageerror', (problem) => console.error(`${name}: ${problem.message}`));
  await page.goto(url);
  if (tab) await page.getByRole('button', { name: tab }).click();
  await page.waitForTimeout(Number(seconds) * 1000);
  await page.screenshot({ path: `${folder}/${name}.png` });
  await page.close();
}
await browser.close();
