/** What a replay changes is shown as one; what an agent does meanwhile at once. */
import { act, cleanup, renderHook } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { CallHandle } from '@earshot/client';
import { createBatch } from '../../client/src/batch.ts';
import { createValue } from '../../client/src/readable.ts';
import { holdOf, useLogged } from '../src/replay.ts';

const batch = createBatch((flush) => flush());
const sync = createValue<'syncing' | 'live' | 'stale'>('live', batch);
const lines = createValue<readonly string[]>([], batch);
const call = { sync } as unknown as CallHandle;
const shown: (readonly string[])[] = [];

const say = (line: string): void => act(() => lines.set([...lines.get(), line]));
const last = (): readonly string[] | undefined => shown.at(-1);

beforeEach(() => {
  vi.useFakeTimers();
  sync.set('live');
  lines.set([]);
  shown.length = 0;
  renderHook(() => shown.push(useLogged(call, lines)));
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

it('is shown at its end', () => {
  say('live');
  act(() => sync.set('syncing'));
  const before = shown.length;
  for (const line of ['one', 'two', 'three']) say(line);
  expect([shown.length, last()]).toEqual([before, ['live']]);
  act(() => sync.set('live'));
  expect([shown.length, last()]).toEqual([before + 1, ['live', 'one', 'two', 'three']]);
});

it('is shown each second when it takes long', () => {
  act(() => sync.set('syncing'));
  say('one');
  act(() => vi.advanceTimersByTime(999));
  expect(last()).toEqual([]);
  act(() => vi.advanceTimersByTime(1));
  expect(last()).toEqual(['one']);
  say('two');
  expect(last()).toEqual(['one']);
});

it('hides no part of itself from a render for another reason, and no deed at all', () => {
  act(() => sync.set('syncing'));
  say('one');
  const { result } = renderHook(() => useLogged(call, lines));
  expect(result.current).toEqual(['one']); // it was not there before: nothing to keep still
  say('two');
  expect(result.current).toEqual(['one']);
  act(() => holdOf(call).show()); // as useFeedback does
  expect(result.current).toEqual(['one', 'two']);
});
