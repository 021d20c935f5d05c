/** The shortcuts: seen, changed, turned off. */
import { useState, type KeyboardEvent, type ReactNode } from 'react';
import { useWords } from '../words/index.ts';
import { actionOf, ACTIONS, DEFAULT_KEYS, mayBeKey, type Action } from './keys.ts';
import { changeSettings, useSettings } from './settings.ts';

export function KeyList(): ReactNode {
  const words = useWords();
  const { keys, keysOn } = useSettings();
  const [asked, ask] = useState<Action | null>(null);
  const [problem, setProblem] = useState('');

  const press = (event: KeyboardEvent): void => {
    if (asked === null || event.key === 'Tab' || event.key === 'Shift') return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') return ask(null);
    if (!mayBeKey(event.key)) return;
    const owner = actionOf(keys, event.key);
    if (owner && owner !== asked) {
      setProblem(words.keyTaken(event.key, words.actions[owner]));
      return;
    }
    changeSettings({ keys: { ...keys, [asked]: event.key } });
    setProblem('');
    ask(null);
  };

  return (
    <section className="keys" aria-labelledby="keys-title">
      <h3 id="keys-title" className="section-title">
        {words.keys}
      </h3>
      <label className="check">
        <input
          type="checkbox"
          checked={keysOn}
          onChange={(event) => changeSettings({ keysOn: event.target.checked })}
        />
        {words.keysOn}
      </label>
      <p className="field-hint">{words.keysHelp}</p>
      <ul className="key-list" data-off={!keysOn || undefined}>
        {ACTIONS.map((action) => (
          <li key={action}>
            <span>{words.actions[action]}</span>
            <button
              type="button"
              className="key"
              disabled={!keysOn}
              aria-label={`${words.actions[action]}: ${asked === action ? words.pressKey : keys[action]}`}
              onClick={() => ask(action)}
              onBlur={() => ask(null)}
              onKeyDown={press}
            >
              {asked === action ? '…' : keys[action]}
            </button>
          </li>
        ))}
      </ul>
      <p role="status" className="field-error">
        {asked !== null && problem === '' ? words.pressKey : problem}
      </p>
      <button
        type="button"
        className="button"
        onClick={() => changeSettings({ keys: DEFAULT_KEYS, keysOn: true })}
      >
        {words.resetKeys}
      </button>
    </section>
  );
}
