// Opens the desk in Debian's Chromium and prints what an agent would see, one JSON object.
// Arguments: URL. Run by test_desk.py with the packages of web/ui.
import { launch } from './stage.mjs';

const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const complaints = [];
page.on('console', (message) => {
  if (message.type() === 'error') complaints.push(message.text());
});
page.on('pageerror', (error) => complaints.push(error.message));
await page.goto(process.argv[2]);
await page.getByText('my router has no light at all').last().waitFor();
await page.getByRole('button', { name: /^Helpful/ }).first().click();
await page.getByRole('button', { name: /undo/i }).first().waitFor();
await page.getByText('Connected', { exact: true }).waitFor();
const seen = {
  heading: await page.getByRole('heading', { name: 'Ada' }).textContent(),
  lines: await page.locator('.line-text').allTextContents(),
  injected: await page.locator('.line-text img').count(),
  complaints,
};
await browser.close();
process.stdout.write(JSON.stringify(seen));
