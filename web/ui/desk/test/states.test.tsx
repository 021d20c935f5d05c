/** One truth at a time, and reasons where there is nothing to show. */
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import { StrictMode } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { refuse } from '../../packages/client/test/fakeServer.ts';
import type { Suggestion } from '@earshot/client';
import { App } from '../src/App.tsx';
import { merged } from '../src/suggestions/useStill.ts';
import { callOf, connected, list, main, opened, serveEachTest, server, until } from './harness.tsx';

serveEachTest();

const health = (more: object): void =>
  server.send('c1', {
    name: 'call:health',
    body: { call_id: 'c1', transcription: 'ok', suggestions: 'ok', ...more },
  });
const document_ = { id: 'd1', title: 'Red light', excerpt: 'No signal.', relevance: 0.8 };

describe('a call whose connection is lost', () => {
  it('is not said to be live beside the words that it may be old, and suggestions not to be ready', async () => {
    callOf('c1', 'Miriam Okafor').say({ segment_id: 's1', text: 'Hello.' });
    await opened();
    await within(main()).findByText('Live');
    act(() => health({}));
    await screen.findByText('Suggestions ready');
    const pill = (): string | null => main().querySelector('.pill')?.textContent ?? null;
    act(() => server.close('replaced'));
    await until(() => expect(pill()).toBe('Not up to date'));
    expect(within(main()).queryByText('Live')).toBeNull();
    expect(screen.queryByText('Suggestions ready')).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Use it here' }));
    await connected();
    await until(() => expect(pill()).toBe('Live'));
  });

  it('for a moment only is still what it was', async () => {
    callOf('c1', 'Miriam Okafor');
    await opened();
    await within(main()).findByText('Live');
    act(() => server.cut());
    await screen.findByText('Reconnecting…');
    expect(main().querySelector('.pill')?.textContent).toBe('Live');
    await connected();
  });
});

describe('nothing suggested', () => {
  it('because there are no documents says so, and to whoever runs it how to add some', async () => {
    callOf('c1', 'Miriam Okafor');
    await opened();
    await screen.findByText('Nothing suggested yet');
    act(() => health({ why: 'no_documents' }));
    await screen.findByText('The knowledge base is empty');
    expect(screen.getByText('For whoever runs Earshot').closest('details')?.textContent).toContain(
      './earshot import-documents',
    );
    expect(screen.queryByText('Suggestions ready')).toBeNull();
  });

  it('while words alone rank says what that means', async () => {
    callOf('c1', 'Miriam Okafor');
    await opened();
    await screen.findByText('Nothing suggested yet');
    act(() => health({ why: 'words_only' }));
    await screen.findByText('Documents are found by words alone for now.');
    screen.getByText(/has to use a document’s words/);
  });

  it('in a call that has ended is not promised any more, nor are words', async () => {
    callOf('c1', 'Miriam Okafor').status({ status: 'ended', duration: 5 });
    await opened();
    fireEvent.click(await within(list()).findByText('Miriam Okafor'));
    await within(main()).findByText('Nothing was said');
    screen.getByText('Nothing is suggested');
  });
});

describe('a call that may not be followed', () => {
  it('says why, and claims nothing else', async () => {
    callOf('c1', 'Miriam Okafor');
    server.answers.set('call:subscribe', () => refuse('forbidden'));
    await opened();
    await within(main()).findByText('This call cannot be followed');
    within(main()).getByText('Your role may not follow this call.');
    expect(main().querySelector('.pill, .duration')).toBeNull();
    expect(screen.queryByText('Nothing suggested yet')).toBeNull();
  });
});

describe('cards', () => {
  const second = { ...document_, id: 'd2', title: 'Green light' };
  const titles = (): (string | null)[] =>
    [...window.document.querySelectorAll('.card-title')].map((title) => title.textContent);

  it('keep still under the pointer: what is new comes below, and leaving brings the real order', async () => {
    const call = callOf('c1', 'Miriam Okafor');
    call.suggest({ documents: [document_], because: 's1' });
    await opened();
    await until(() => expect(titles()).toEqual(['Red light']));
    const cards = window.document.querySelector('.cards') as HTMLElement;
    fireEvent.pointerMove(cards);
    call.suggest({ documents: [second], because: 's2' });
    server.publish('c1');
    await until(() => expect(titles()).toEqual(['Red light', 'Green light']));
    fireEvent.click(screen.getAllByRole('button', { name: 'Helpful' })[0] as HTMLElement);
    await until(() => expect(server.commands('doc:feedback')).toHaveLength(1));
    expect(screen.getAllByRole('button', { name: 'Helpful' })[0]?.getAttribute('aria-pressed')).toBe('true');
    fireEvent.pointerLeave(cards);
    await until(() => expect(titles()).toEqual(['Green light']));
  });

  it('that are put away under the pointer are gone at once', async () => {
    callOf('c1', 'Miriam Okafor').suggest({ documents: [document_, second], because: 's1' });
    await opened();
    await until(() => expect(titles()).toHaveLength(2));
    fireEvent.pointerMove(window.document.querySelector('.cards') as HTMLElement);
    fireEvent.click(screen.getByRole('button', { name: 'Put away: Red light' }));
    expect(titles()).toEqual(['Green light']);
  });

  it('merged keep their place, show what is new of them, and nothing twice', () => {
    const card = (id: string, helpful: boolean | null = null): Suggestion =>
      ({ ...document_, id, helpful, suggestion_id: '', because: '', pending: false });
    const now = merged([card('a'), card('b')], [card('c'), card('b', true)]);
    expect(now.map(({ id, helpful }) => [id, helpful])).toEqual([['a', null], ['b', true], ['c', null]]);
  });
});

describe('a message', () => {
  it('stays while it is read, and goes by itself afterwards', async () => {
    callOf('c1', 'Miriam Okafor').suggest({ documents: [document_], because: 's1' });
    server.answers.set('doc:feedback', () => refuse('call_ended', { message: 'The call has ended' }));
    await opened();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      fireEvent.click(screen.getByRole('button', { name: 'Helpful' }));
      await vi.waitFor(() => expect(screen.getByRole('alert').textContent).toContain('has ended'));
      const toast = screen.getByRole('alert').querySelector('.toast') as HTMLElement;
      fireEvent.pointerEnter(toast);
      act(() => void vi.advanceTimersByTime(60_000));
      expect(screen.getByRole('alert').textContent).toContain('has ended');
      fireEvent.pointerLeave(toast);
      act(() => void vi.advanceTimersByTime(8_000));
      expect(screen.getByRole('alert').textContent).toBe('');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("the browser's tab", () => {
  it('says how many calls are live, and that the connection is lost, and never a name', async () => {
    callOf('c1', 'Miriam Okafor');
    callOf('c2', 'Piotr Lindqvist');
    await opened();
    await until(() => expect(window.document.title).toBe('(2) Earshot'));
    act(() => server.close('replaced'));
    await until(() => expect(window.document.title).toBe('Disconnected · Earshot'));
    fireEvent.click(screen.getByRole('button', { name: 'Use it here' }));
    await until(() => expect(window.document.title).toBe('(2) Earshot'));
  });
});

describe('a wall whose connection is lost', () => {
  it('claims nothing of how calls stand', async () => {
    server.role = 'supervisor';
    callOf('c1', 'Miriam Okafor');
    render(<App search="" path="/supervisor" />, { wrapper: StrictMode });
    const row = (): string => window.document.querySelector('.wall-row')?.textContent ?? '';
    await until(() => expect(row()).toContain('Fine'));
    expect(row()).toContain('Live');
    act(() => server.close('replaced'));
    await until(() => expect(row()).toContain('Not up to date'));
    expect(row()).not.toMatch(/Fine|Live/);
  });
});
