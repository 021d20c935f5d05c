/** What an agent does at the desk beside judging: cards, keys, settings, search. */
import { fireEvent, screen, within } from '@testing-library/react';
import { beforeEach, describe, expect, it } from 'vitest';
import { changeSettings } from '../src/settings/settings.ts';
import { callOf, main, open, opened, serveEachTest, server, until } from './harness.tsx';

serveEachTest();

describe('a card', () => {
  const document = { id: 'd1', title: 'Red light', excerpt: 'No signal.', relevance: 0.8 };

  beforeEach(() => {
    const call = callOf('c1', 'Miriam Okafor');
    call.say({ segment_id: 's1', text: 'The light is red.' });
    call.suggest({ documents: [document], because: 's1', summary: '', summary_kind: 'none' });
  });

  it('leads to the line it was suggested for, and marks it', async () => {
    await opened();
    fireEvent.click(await screen.findByTitle('Show the line this was suggested for (w)'));
    await until(() => {
      const shown = main().querySelector('[data-shown]');
      expect(shown?.textContent).toContain('The light is red.');
      expect(shown?.closest('li')).toBe(window.document.activeElement);
    });
  });

  it('is put away, and what was done with it is told once', async () => {
    await opened();
    fireEvent.click(await screen.findByRole('button', { name: 'Put away: Red light' }));
    await screen.findByText('Nothing else is suggested');
    await until(() => {
      const told = server.commands('doc:seen').flatMap((seen) => (seen as { items: object[] }).items);
      expect(told).toContainEqual({ doc_id: 'd1', action: 'shown' });
      expect(told.filter((item) => 'action' in item && item.action === 'dismissed')).toHaveLength(1);
    });
  });
});

describe('keys', () => {
  const press = (key: string, at: Element = window.document.body): boolean =>
    fireEvent.keyDown(at, { key });

  it('open the settings, can be changed, and can be turned off', async () => {
    await opened();
    press('?');
    const dialog = await screen.findByRole('dialog', { name: 'Settings' });
    const key = within(dialog).getByRole('button', { name: 'Next call: j' });
    fireEvent.click(key);
    press('k', key);
    within(dialog).getByText('“k” is taken by: Previous call');
    press('y', key);
    await within(dialog).findByRole('button', { name: 'Next call: y' });
    fireEvent.click(within(dialog).getByRole('checkbox'));
    fireEvent.click(within(dialog).getByRole('button', { name: 'Close' }));
    await until(() => expect(screen.queryByRole('dialog')).toBeNull());
    press('?');
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('mean nothing while somebody types', async () => {
    callOf('c1', 'Miriam Okafor').say({ segment_id: 's1', text: 'Read me.' });
    await opened();
    await within(main()).findByText('Read me.');
    press('/');
    const field = await screen.findByRole('searchbox', { name: 'Search the transcript' });
    press('?', field);
    expect(screen.queryByRole('dialog')).toBeNull();
    fireEvent.change(field, { target: { value: 'READ' } });
    await screen.findByText('1 of 1');
    expect(main().querySelector('.line mark')?.textContent).toBe('Read');
    press('Escape', field);
    await until(() => expect(screen.queryByRole('searchbox')).toBeNull());
  });
});

describe('in German', () => {
  it('every place speaks it, and the page says so', async () => {
    changeSettings({ language: 'de' });
    callOf('c1', 'Miriam Okafor');
    open();
    await screen.findByText('Verbunden');
    await within(main()).findByText('Noch nichts gesagt');
    await until(() => expect(server.requests).toContain('/v1/calls'));
    expect(window.document.documentElement.lang).toBe('de');
  });
});

describe('after the call', () => {
  it('a page that comes later shows what it came to', async () => {
    const call = callOf('c1', 'Miriam Okafor');
    const told = { reason: 'A red light', steps: ['Restarted it'], outcome: 'Solved', follow_ups: [] };
    call.sumUp({ ...told, source: 'rules' });
    await opened();
    const shown = (await screen.findByText('Summary of the call')).closest('section');
    expect(shown?.textContent).toContain('ReasonA red light');
    expect(shown?.textContent).toContain('OutcomeSolved');
    expect(shown?.textContent).not.toContain('To do');
  });
});
