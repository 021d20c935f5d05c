/** Where a token is pasted when the server gives none. It is kept in memory only. */
import { useState, type FormEvent, type ReactNode } from 'react';
import { Voice } from './icons.tsx';
import type { Source } from './obtainToken.ts';
import { useWords } from './words/index.ts';

export function SignIn(props: {
  code: string;
  signIn(token: string): boolean;
  source?: Source | undefined;
}): ReactNode {
  if (props.source?.way === 'sign_in') return <SignInAgain />;
  return <PasteToken {...props} hint={props.source?.message} />;
}

/** The session ended: the identity provider is who signs people in. */
function SignInAgain(): ReactNode {
  const words = useWords();
  const address = `/sign-in?next=${encodeURIComponent(window.location.pathname)}`;
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <h1>
          <Voice /> Earshot
        </h1>
        <p>{words.signInExpired}</p>
        <a className="button primary" href={address}>
          {words.signInButton}
        </a>
      </div>
    </main>
  );
}

function PasteToken(props: {
  code: string;
  signIn(token: string): boolean;
  hint: string | undefined;
}): ReactNode {
  const words = useWords();
  const [token, setToken] = useState('');
  const [isIll, setIll] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setIll(!props.signIn(token.trim()));
  };
  return (
    <main className="sign-in">
      <form className="sign-in-card" onSubmit={submit}>
        <h1>
          <Voice /> Earshot
        </h1>
        <p>
          {props.code === 'expired' ? words.signInExpired : words.signIn}
        </p>
        {props.hint !== undefined && <p className="field-help">{props.hint}</p>}
        <label htmlFor="token">{words.accessToken}</label>
        <textarea
          id="token"
          rows={5}
          value={token}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={isIll}
          aria-describedby="token-help"
          onChange={(event) => setToken(event.target.value)}
        />
        <p id="token-help" className={isIll ? 'field-error' : 'field-help'}>
          {isIll ? words.notAToken : words.tokenStays}
        </p>
        <button type="submit" className="button primary" disabled={token.trim() === ''}>
          {words.signInButton}
        </button>
      </form>
    </main>
  );
}
