// Text that runs from right to left, or that pretends to, in a real browser: where each character
// is painted, and that nothing around it moves for it.
import { mint, same, until } from '../sdk/place.mjs';
import { axe, connected, line, none, openDesk, sit, sitWithCards } from './seat.mjs';

const HELLO = 'مرحبا بكم.'; // Arabic, with a full stop
const SHALOM = 'שלום רב';
/** Would be read as "EUR 001 yap" if the browser were obeyed. */
const TURNED = 'pay \u202e100 EUR\u202c now';

/** The lefts of an element's characters, in the order in which they are stored; blanks left out. */
const leftsOf = (locator) =>
  locator.evaluate((element) => {
    const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const lefts = [];
    while (walk.nextNode()) {
      const { data, parentElement } = walk.currentNode;
      if (parentElement.closest('.sr-only')) continue;
      for (let at = 0; at < data.length; at += 1) {
        const range = document.createRange();
        range.setStart(walk.currentNode, at);
        range.setEnd(walk.currentNode, at + 1);
        const { left, width } = range.getBoundingClientRect();
        if (width > 0 && data[at].trim()) lefts.push(left);
      }
    }
    return lefts;
  });

async function runs(locator, way, what) {
  const lefts = await leftsOf(locator);
  if (lefts.length < 3) throw new Error(`${what}: only ${lefts.length} characters`);
  const isRight = (left, at) => at === 0 || (way === 'right' ? left >= lefts[at - 1] : left <= lefts[at - 1]);
  if (!lefts.every(isRight)) throw new Error(`${what} does not run to the ${way}: ${lefts}`);
}

/** The server's answers with other words in them, as somebody else's server would say them. */
async function retold(context, pairs) {
  const told = (text) => pairs.reduce((now, [from, to]) => now.replaceAll(from, to), text);
  await context.routeWebSocket(/socket\.io/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((frame) => socket.send(typeof frame === 'string' ? told(frame) : frame));
  });
}

async function createCall({ server, agentId }, customer) {
  const body = JSON.stringify({ call_id: `${agentId}-named`, agent_ids: [agentId], customer });
  const headers = { authorization: `Bearer ${mint('producer-1', 'producer')}` };
  const { status } = await fetch(`${server}/v1/calls`, { method: 'POST', headers, body });
  same(status, 201, 'a new call');
}

export const scenarios = {
  async every_line_is_read_in_the_order_in_which_it_was_said(place) {
    const { call } = place;
    await call.say(HELLO, TURNED, SHALOM, 'and on');
    const page = await sit(place);
    await line(page, 'and on').waitFor();
    const lines = page.locator('.line-text');
    await runs(lines.nth(0), 'left', 'an Arabic line, to its full stop');
    await runs(lines.nth(1), 'right', 'a line that says it is turned');
    await runs(lines.nth(2), 'left', 'a Hebrew line');
    await runs(lines.nth(3), 'right', 'the line after them');
    same(await lines.nth(1).textContent(), 'pay 100 EUR now', 'what is copied of it');
    // In the list of calls the line stands after who said it.
    await call.say(HELLO);
    const last = page.locator('.call-item-words').first();
    await last.getByText(HELLO).waitFor();
    await runs(last.locator('bdi'), 'left', 'the last words');
    const [label, words] = [last.locator('.call-item-speaker'), last.locator('bdi')];
    const ends = (await label.boundingBox()).x + (await label.boundingBox()).width;
    if ((await words.boundingBox()).x < ends) throw new Error('the words stand before their speaker');
    none(page.complaints, 'the console');
  },

  async a_search_finds_what_is_read_and_an_export_turns_nothing(place) {
    const { call } = place;
    await call.say('pay 1\u202e00 EUR', HELLO, 'goodbye');
    const page = await sit(place);
    await line(page, 'goodbye').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('100 eur');
    await page.getByText('1 of 1').waitFor();
    await page.keyboard.press('Escape');
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export as text' }).click();
    const file = await (await downloading).createReadStream();
    let text = '';
    for await (const part of file) text += part;
    const said = text.trim().split('\n').slice(-3).map((one) => one.replace(/^\[[\d:]+\] /, ''));
    same(said, ['Customer: pay 100 EUR', `Customer: \u2068${HELLO}\u2069`, 'Customer: goodbye'], 'the file');
  },

  async a_card_and_a_refusal_keep_their_words_apart_from_a_title(place) {
    const { context } = place;
    await retold(context, [['Router without light d1', `${SHALOM}\u202e`]]);
    const page = await sitWithCards(place);
    const title = page.locator('.card-open', { hasText: SHALOM });
    await title.waitFor();
    await runs(title, 'left', 'a Hebrew title');
    const card = page.locator('.card', { has: title });
    await runs(card.locator('.verdict .button').first(), 'right', 'the button below it');
    await page.route('**/v1/documents/d1', (route) => route.fulfill({ status: 500, json: { code: 'internal', message: `${SHALOM}\u202e 1 2 3`, retryable: true } }));
    await title.click();
    const problem = page.getByRole('dialog').locator('[role=alert] p');
    await problem.waitFor();
    const lefts = await leftsOf(problem);
    const said = await problem.textContent();
    if (said.includes('\u202e')) throw new Error(`it obeys: ${JSON.stringify(said)}`);
    const ours = lefts.slice(0, 'Thedocumentcouldnotbeopened:'.length);
    if (!ours.every((left, at) => at === 0 || left > ours[at - 1])) throw new Error('our words are turned');
  },

  async a_document_runs_as_each_of_its_parts_does_and_its_links_lead_out(place) {
    const page = await sitWithCards(place);
    const go = { text: 'our terms', url: 'https://shop.example/terms' };
    const bad = { text: 'not that', url: 'javascript:document.title="run"' };
    const blocks = [
      { kind: 'heading', text: HELLO, level: 2 },
      { kind: 'text', text: 'See our terms, not that.', pieces: [{ text: 'See ' }, go, { text: ', ' }, bad, { text: '.' }] },
      { kind: 'item', text: SHALOM },
      { kind: 'text', text: TURNED },
    ];
    await page.route('**/v1/documents/d1', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), blocks } });
    });
    await page.getByRole('button', { name: 'Router without light d1', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('pay 100 EUR now').waitFor();
    await runs(dialog.locator('h3'), 'left', 'an Arabic heading');
    await runs(dialog.locator('li'), 'left', 'a Hebrew item');
    await runs(dialog.locator('.document-text p').last(), 'right', 'what says it is turned');
    same(await dialog.locator('.document-text a').count(), 1, 'what became a link');
    same(await dialog.locator('.link-name').textContent(), '(shop.example)', 'where it leads');
    await place.context.route('https://shop.example/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>terms</title>' }),
    );
    const opening = place.context.waitForEvent('page');
    await dialog.getByRole('link', { name: 'our terms' }).focus();
    await page.keyboard.press('Enter');
    const opened = await opening;
    await opened.waitForURL(go.url);
    same(await opened.evaluate(() => window.opener), null, 'what the other page has of ours');
    await opened.close();
    none(await axe(page), 'an open document');
    none(page.complaints, 'the console');
  },

  async a_wall_shows_the_beginning_of_each_line_whichever_way_it_runs(place) {
    const { context, proxy, agentId } = place;
    await createCall(place, `${SHALOM}\u202e`);
    const long = Array.from({ length: 30 }, () => HELLO).join(' ');
    const headers = { authorization: `Bearer ${mint('producer-1', 'producer')}` };
    const body = JSON.stringify({ segments: [{ segment_id: 's1', speaker: 'customer', text: long }] });
    await fetch(`${place.server}/v1/calls/${agentId}-named/segments`, { method: 'POST', headers, body });
    const wall = await openDesk(context, proxy.url, `supervisor?agent=${agentId}-boss`);
    await connected(wall);
    await wall.getByRole('searchbox').fill(SHALOM);
    const row = wall.locator('.wall-row', { hasText: `${agentId}` });
    const text = row.locator('.wall-text');
    await until(async () => (await text.count()) === 1, 'the row with its line');
    await runs(row.locator('.wall-name'), 'left', 'a Hebrew name');
    const seen = await text.boundingBox();
    const [first] = await leftsOf(text);
    if (first > seen.x + seen.width || first < seen.x) throw new Error(`the first word is cut off: ${first}`);
    const label = await row.locator('.call-item-speaker').boundingBox();
    if (label.x + label.width > seen.x) throw new Error('who says it stands over what is said');
    none(await axe(wall), 'the wall');
    none(wall.complaints, 'the console');
  },
};
