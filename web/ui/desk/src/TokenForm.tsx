/** The field where an access token is pasted. It is kept in memory only. */
import { useState, type FormEvent, type ReactNode } from 'react';
import { useWords } from './words/index.ts';

/** `signIn` says whether it was a token at all. */
export function TokenForm({ signIn }: { signIn(token: string): boolean }): ReactNode {
  const words = useWords();
  const [token, setToken] = useState('');
  const [isIll, setIll] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setIll(!signIn(token.trim()));
  };
  return (
    <form className="token-form" onSubmit={submit}>
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
  );
}
