/** Keys for the cards: they press the buttons of the card that has the focus, or of the first. */
import type { RefObject } from 'react';
import type { Action } from '../settings/keys.ts';
import { useShortcuts } from '../settings/useShortcuts.ts';

const PRESSES: Action[] = ['helpful', 'unhelpful', 'undo', 'read', 'copy', 'dismiss', 'line'];

export function useCardKeys(list: RefObject<HTMLUListElement | null>): void {
  const cards = (): HTMLElement[] => [
    ...(list.current?.querySelectorAll<HTMLElement>('.card') ?? []),
  ];
  const place = (all: HTMLElement[]): number =>
    all.findIndex((card) => card.contains(document.activeElement));
  const press = (action: Action): void => {
    const all = cards();
    const at = place(all);
    const card = all[at] ?? all[0];
    card?.querySelector<HTMLElement>(`[data-do="${action}"]`)?.click();
    // The card that was put away had the focus: the next one takes its place.
    if (action === 'dismiss' && at >= 0) {
      requestAnimationFrame(() => (cards()[at] ?? cards().at(-1))?.focus());
    }
  };
  useShortcuts({
    ...Object.fromEntries(PRESSES.map((action) => [action, () => press(action)])),
    nextCard() {
      const all = cards();
      if (all.length > 0) all[(place(all) + 1) % all.length]?.focus();
    },
  });
}
