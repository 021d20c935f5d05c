/** Who must sign in, and where: at the identity provider, or with a token that is pasted here. */
import { useState, type FormEvent, type ReactNode } from 'react';
import { Card } from './Card.tsx';
import { ForWhoRunsIt } from './ForWhoRunsIt.tsx';
import type { Source } from './obtainToken.ts';
import { useWords } from './words/index.ts';

export interface SignInProps {
  /** Why: the code of the refusal. */
  code: string;
  /** The token that was not taken was pasted here. */
  isPasted: boolean;
  signIn(token: string): boolean;
  source: Source | undefined;
}

export function SignIn(props: SignInProps): ReactNode {
  return props.source?.way === 'sign_in' ? <SignInAgain /> : <PasteToken {...props} />;
}

/** The session ended: the identity provider is who signs people in. */
function SignInAgain(): ReactNode {
  const words = useWords();
  const address = `/sign-in?next=${encodeURIComponent(window.location.pathname)}`;
  return (
    <Card>
      <p>{words.signInExpired}</p>
      <a className="button primary" href={address}>
        {words.signInButton}
      </a>
    </Card>
  );
}

function PasteToken({ code, isPasted, signIn, source }: SignInProps): ReactNode {
  const words = useWords();
  const [token, setToken] = useState('');
  const [isIll, setIll] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setIll(!signIn(token.trim()));
  };
  return (
    <Card>
      <form onSubmit={submit}>
        {code === 'expired' && <p role="status">{words.signInExpired}</p>}
        {code !== 'expired' && isPasted && (
          <p role="alert" className="field-error">
            {words.tokenRefused}
          </p>
        )}
        {code !== 'expired' && !isPasted && <p>{words.signIn}</p>}
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
        {source?.message !== undefined && <ForWhoRunsIt text={source.message} />}
      </form>
    </Card>
  );
}
