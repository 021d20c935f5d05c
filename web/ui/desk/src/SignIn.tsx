/** Where a token is pasted when the server gives none. It is kept in memory only. */
import { useState, type FormEvent, type ReactNode } from 'react';
import { Voice } from './icons.tsx';
import type { Source } from './obtainToken.ts';

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
  const address = `/sign-in?next=${encodeURIComponent(window.location.pathname)}`;
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <h1>
          <Voice /> Earshot
        </h1>
        <p>Your session has ended. Sign in again to go on where you were.</p>
        <a className="button primary" href={address}>
          Sign in
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
          {props.code === 'expired'
            ? 'Your session has ended. Sign in again to go on where you were.'
            : 'Sign in with an access token. Your administrator gives you one.'}
        </p>
        {props.hint !== undefined && <p className="field-help">{props.hint}</p>}
        <label htmlFor="token">Access token</label>
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
          {isIll
            ? 'This is not an access token. It has three parts with dots between them.'
            : 'It stays in this page and is forgotten when you close it.'}
        </p>
        <button type="submit" className="button primary" disabled={token.trim() === ''}>
          Sign in
        </button>
      </form>
    </main>
  );
}
