/** Single keys that do something: which, and when a key pressed is meant for us. */
export const DEFAULT_KEYS = {
  nextCall: 'j',
  previousCall: 'k',
  toEnd: 'e',
  search: '/',
  nextCard: 'n',
  helpful: 'h',
  unhelpful: 'u',
  undo: 'z',
  read: 'o',
  copy: 'c',
  dismiss: 'x',
  line: 'w',
  settings: '?',
};

export type Action = keyof typeof DEFAULT_KEYS;
export const ACTIONS = Object.keys(DEFAULT_KEYS) as Action[];

/** Not while somebody types, nor with a modifier, which is the browser's or a screen reader's. */
export function isForUs(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.isComposing || event.repeat) return false;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const at = event.target;
  if (!(at instanceof Element)) return true;
  return at.closest('input, textarea, select, dialog, [contenteditable]') === null;
}

/** A key that may be one: no Tab, Enter, arrow or the like, which the page needs itself. */
export function mayBeKey(key: string): boolean {
  return key.length === 1 && key !== ' ';
}

export function actionOf(keys: Record<Action, string>, key: string): Action | undefined {
  const pressed = key.toLowerCase();
  return ACTIONS.find((action) => keys[action].toLowerCase() === pressed);
}
