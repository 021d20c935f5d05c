/** Calls and suggestions on the desk, in its main states. */
import { fireEvent, screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { refuse } from '../../packages/client/test/fakeServer.ts';
import {
  callOf,
  connected,
  list,
  main,
  open,
  opened,
  serveEachTest,
  server,
  until,
} from './harness.tsx';

serveEachTest();

describe('with no call', () => {
  it('says so, and whom a call must be assigned to', async () => {
    open('?agent=agent-2');
    await connected();
    await screen.findByText('No call yet');
    expect(list().textContent).toContain('assigned to agent-2');
    expect(main().textContent).toContain('Waiting for a call');
    expect(server.commands('agent:connect')[0]).toMatchObject({
      agent_id: 'agent-2',
      auth_token: 'development-token',
    });
  });

  it('shows the first one that is assigned', async () => {
    await opened();
    const call = callOf('c1', 'Miriam Okafor');
    server.io.emit('call:assigned', { call_id: 'c1', call: call.view });
    await until(() =>
      expect(within(main()).getByRole('heading').textContent).toBe('Miriam Okafor'),
    );
    await within(main()).findByText('Nothing said yet');
  });
});

describe('a live call', () => {
  it('that is given to somebody else goes, and is said to be gone', async () => {
    callOf('c1', 'Miriam Okafor').say({ segment_id: 's1', text: 'My bill is wrong.' });
    await opened();
    await within(main()).findByText('My bill is wrong.');
    server.io.emit('call:unassigned', { call_id: 'c1' });
    await screen.findByText('“Miriam Okafor” is not your call any more.');
    await screen.findByText('No call yet');
    expect(main().textContent).not.toContain('My bill is wrong.');
  });

  it('shows who said what, and provisional text until it settles', async () => {
    const call = callOf('c1', 'Miriam Okafor');
    call.say({ segment_id: 's1', speaker: 'agent', text: 'How can I help?' });
    await opened();
    const line = await within(main()).findByText('How can I help?');
    expect(line.closest<HTMLElement>('.line')?.dataset).toMatchObject({ speaker: 'agent', final: 'true' });
    expect(line.closest('li')?.textContent).toContain('Agent');
    server.interim('c1', { segment_id: 's2', revision: 1, text: 'my bill' });
    const interim = await within(main()).findByText(/my bill/);
    expect(interim.closest<HTMLElement>('.line')?.dataset).toMatchObject({ speaker: 'customer', final: 'false' });
    call.say({ segment_id: 's2', text: 'My bill is wrong.' });
    server.publish('c1');
    const settled = await within(main()).findByText('My bill is wrong.');
    expect(settled.closest<HTMLElement>('.line')?.dataset['final']).toBe('true');
    expect(list().textContent).toContain('Customer: My bill is wrong.');
  });

  it('shows hostile text as text', async () => {
    callOf('c1', '<b>Eve</b>').say({ segment_id: 's1', text: '<img src=x onerror="alert(1)">' });
    await opened();
    await within(main()).findByText('<img src=x onerror="alert(1)">');
    expect(document.querySelector('img, b')).toBeNull();
  });

  it('says when it is on hold, and how its health is', async () => {
    const call = callOf('c1', 'Miriam Okafor');
    await opened();
    await within(main()).findByText('Live');
    call.status({ status: 'on_hold' });
    server.publish('c1');
    await within(main()).findByText('On hold');
    const body = { call_id: 'c1', transcription: 'down', suggestions: 'ok' };
    server.send('c1', { name: 'call:health', body });
    await within(main()).findByText('Transcription is down');
  });

  it('stays chosen when another one comes, and when it ends', async () => {
    const call = callOf('c1', 'Miriam Okafor');
    await opened();
    await until(() =>
      expect(within(main()).getByRole('heading').textContent).toBe('Miriam Okafor'),
    );
    const other = callOf('c2', 'Piotr Lindqvist', '2026-01-02T00:00:00.000Z');
    server.io.emit('call:assigned', { call_id: 'c2', call: other.view });
    await within(list()).findByText('Piotr Lindqvist');
    call.status({ status: 'ended', duration: 341 });
    server.publish('c1');
    await within(main()).findByText('Ended');
    expect(main().textContent).toContain('5:41');
    expect(within(main()).getByRole('heading').textContent).toBe('Miriam Okafor');
    fireEvent.click(within(list()).getByText('Piotr Lindqvist'));
    await until(() =>
      expect(within(main()).getByRole('heading').textContent).toBe('Piotr Lindqvist'),
    );
  });

  it('that ended before this page was opened is in the list', async () => {
    callOf('old', 'Hannah Weiss').status({ status: 'ended', duration: 60 });
    await opened();
    await within(list()).findByText('Hannah Weiss');
    expect(list().textContent).toContain('No live call');
  });

  it('that ended says when it began, the newest first and twenty at most', async () => {
    const began = (n: number): Date => new Date(2026, 0, 1, 0, n);
    for (let n = 1; n <= 22; n += 1)
      callOf(`old-${n}`, 'Hannah Weiss', began(n).toISOString()).status({ status: 'ended' });
    await opened();
    await within(list()).findAllByText('Hannah Weiss');
    const shown = [...list().querySelectorAll('.call-item-start')].map((at) => at.textContent);
    const expected = Array.from({ length: 20 }, (_, place) => 22 - place);
    expect(shown).toEqual(expected.map((n) => `00:${String(n).padStart(2, '0')}`));
  });

  it('has nothing suggested at first, and promises no document', async () => {
    callOf('c1', 'Miriam Okafor');
    await opened();
    await screen.findByText('Nothing suggested yet');
    screen.getByText('Documents that match what the customer says appear here.');
  });

  it('gives older lines on demand', async () => {
    const call = callOf('c1', 'Miriam Okafor');
    for (let n = 1; n <= 210; n += 1) call.say({ segment_id: `s${n}`, text: `line ${n}.` });
    await opened();
    fireEvent.click(await within(main()).findByText('Show earlier lines'));
    const said = (): string | null | undefined =>
      main().querySelector('.row')?.getAttribute('aria-setsize');
    await until(() => expect(said()).toBe('210'));
    expect(within(main()).queryByText('Show earlier lines')).toBeNull();
  });
});

describe('a suggestion', () => {
  const document = {
    id: 'd1',
    title: 'Router shows a red light',
    excerpt: 'A steady red light means no signal.',
    relevance: 0.864,
    url: 'https://help.example.com/red',
    matches: ['red', 'light'],
  };

  const card = (title = document.title): Promise<HTMLElement> =>
    screen.findByRole('article', { name: title });

  beforeEach(() => {
    const unsafe = { ...document, id: 'd2', title: 'Unsafe', url: 'javascript:alert(1)' };
    callOf('c1', 'Miriam Okafor').suggest({
      documents: [document, unsafe],
      summary: 'No internet.',
      summary_kind: 'sentence',
    });
  });

  it('is not for a supervisor to judge', async () => {
    server.role = 'supervisor';
    await opened();
    const buttons = within(await card()).getAllByRole('button');
    expect(buttons.map((button) => button.textContent).join()).not.toContain('elpful');
  });

  it('shows title, link, marked words, relevance and the summary', async () => {
    await opened();
    const shown = await card();
    expect(within(shown).getByRole('link').getAttribute('href')).toBe(document.url);
    const marks = [...shown.querySelectorAll('mark')].map((mark) => mark.textContent);
    expect(marks).toEqual(['red', 'light']);
    expect(shown.textContent).toContain('86%');
    expect(screen.getByText('No internet.').closest('section')?.textContent).toBe(
      'Customer saidNo internet.',
    );
    expect(within(await card('Unsafe')).queryByRole('link')).toBeNull();
  });

  it.each(['title', 'model'] as const)('with a summary of kind %s has it in short', async (kind) => {
    callOf('c1', 'Miriam Okafor').suggest({ summary: 'A fault.', summary_kind: kind });
    await opened();
    const summary = await screen.findByText('A fault.');
    expect(summary.closest('section')?.textContent).toBe('In shortA fault.');
  });

  it('takes a verdict, another one, and takes it back', async () => {
    await opened();
    const shown = await card();
    const pressed = (): (string | null)[] =>
      ['Helpful', 'Not helpful'].map((name) =>
        within(shown).getByRole('button', { name }).getAttribute('aria-pressed'),
      );
    fireEvent.click(within(shown).getByRole('button', { name: 'Helpful' }));
    await until(() => expect(pressed()).toEqual(['true', 'false']));
    fireEvent.click(within(shown).getByRole('button', { name: 'Not helpful' }));
    await until(() => expect(pressed()).toEqual(['false', 'true']));
    fireEvent.click(within(shown).getByRole('button', { name: 'Undo' }));
    await until(() => expect(pressed()).toEqual(['false', 'false']));
    await until(() => {
      expect(server.commands('doc:feedback').at(-1)).toMatchObject({ doc_id: 'd1', helpful: null });
    });
    expect(within(shown).queryByRole('button', { name: 'Undo' })).toBeNull();
  });

  it('says when a verdict was refused, and takes it back', async () => {
    const message = 'The call has ended';
    server.answers.set('doc:feedback', () => refuse('call_ended', { message }));
    await opened();
    const shown = await card();
    fireEvent.click(within(shown).getByRole('button', { name: 'Helpful' }));
    await until(() => expect(screen.getByRole('alert').textContent).toContain(message));
    const button = within(shown).getByRole('button', { name: 'Helpful' });
    expect(button.getAttribute('aria-pressed')).toBe('false');
    fireEvent.click(screen.getByRole('button', { name: 'Close' }));
    expect(screen.getByRole('alert').textContent).toBe('');
  });
});
