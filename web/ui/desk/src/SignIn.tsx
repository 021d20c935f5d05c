/** Who must sign in before there is a desk, and where: at the provider, or with a pasted token. */
import type { ReactNode } from 'react';
import { Card } from './Card.tsx';
import { ForWhoRunsIt } from './ForWhoRunsIt.tsx';
import { signInAddress, useSignIn } from './signInWay.ts';
import { TokenForm } from './TokenForm.tsx';
import { useWords } from './words/index.ts';

/** `code`: why, of the refusal. */
export function SignIn({ code }: { code: string }): ReactNode {
  const { source, isPasted, signIn } = useSignIn();
  const words = useWords();
  if (source?.way === 'sign_in') {
    return (
      <Card>
        <p>{words.signInExpired}</p>
        <a className="button primary" href={signInAddress()}>
          {words.signInButton}
        </a>
      </Card>
    );
  }
  return (
    <Card>
      {code === 'expired' && <p role="status">{words.signInExpired}</p>}
      {code !== 'expired' && isPasted && (
        <p role="alert" className="field-error">
          {words.tokenRefused}
        </p>
      )}
      {code !== 'expired' && !isPasted && <p>{words.signIn}</p>}
      <TokenForm signIn={signIn} />
      {source?.message !== undefined && <ForWhoRunsIt text={source.message} />}
    </Card>
  );
}
