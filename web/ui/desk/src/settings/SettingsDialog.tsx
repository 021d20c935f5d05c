/** Appearance, language, what is read aloud, and the keys. Every change holds at once. */
import type { ReactNode } from 'react';
import { LANGUAGES, useWords } from '../words/index.ts';
import { Dialog } from './Dialog.tsx';
import { KeyList } from './KeyList.tsx';
import { changeSettings, useSettings } from './settings.ts';
import { SignOut } from './SignOut.tsx';

export function SettingsDialog({ close }: { close(): void }): ReactNode {
  const words = useWords();
  const { language, theme, announce } = useSettings();
  const { en, de } = LANGUAGES;
  return (
    <Dialog title={words.settings} close={close}>
      <div className="fields">
        <Choice
          label={words.theme}
          value={theme}
          options={words.themes}
          choose={(value) => changeSettings({ theme: value })}
        />
        <Choice
          label={words.languageOf}
          value={language}
          options={{ auto: words.languageAuto, en: en.language, de: de.language }}
          choose={(value) => changeSettings({ language: value })}
        />
        <Choice
          label={words.announce}
          help={words.announceHelp}
          value={announce}
          options={words.announces}
          choose={(value) => changeSettings({ announce: value })}
        />
      </div>
      <KeyList />
      <SignOut />
    </Dialog>
  );
}

function Choice<K extends string>(props: {
  label: string;
  help?: string;
  value: K;
  options: Record<K, string>;
  choose(value: K): void;
}): ReactNode {
  const names = Object.keys(props.options) as K[];
  return (
    <label className="field">
      <span>
        {props.label}
        {props.help && <small>{props.help}</small>}
      </span>
      <select value={props.value} onChange={(event) => props.choose(event.target.value as K)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {props.options[name]}
          </option>
        ))}
      </select>
    </label>
  );
}
