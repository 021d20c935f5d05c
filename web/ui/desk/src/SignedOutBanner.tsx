/** The session ended in the middle of the work: what is on the screen stays, and can go on. */
import { useState, type ReactNode } from 'react';
import { Banner } from './Banner.tsx';
import { ForWhoRunsIt } from './ForWhoRunsIt.tsx';
import { Dialog } from './settings/Dialog.tsx';
import { signInAddress, useSignIn } from './signInWay.ts';
import { TokenForm } from './TokenForm.tsx';
import { useWords } from './words/index.ts';

export function SignedOutBanner({ isReadOnly }: { isReadOnly?: boolean | undefined }): ReactNode {
  const { isRefused } = useSignIn();
  const words = useWords();
  return (
    <Banner action={<Again />}>
      {isRefused() ? words.tokenRefused : words.signInExpired}{' '}
      {isReadOnly ? words.mayBeOldWall : words.mayBeOld}
    </Banner>
  );
}

/** At the identity provider, or with a token that is pasted. A page around this one takes the desk
 * away itself (App.tsx). */
function Again(): ReactNode {
  const { source } = useSignIn();
  const words = useWords();
  if (source?.way === 'sign_in') {
    return (
      <a className="button" href={signInAddress()}>
        {words.signInButton}
      </a>
    );
  }
  return <PasteInDialog hint={source?.message} />;
}

function PasteInDialog({ hint }: { hint: string | undefined }): ReactNode {
  const { signIn } = useSignIn();
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen(true)}>
        {words.signInButton}
      </button>
      {isOpen && (
        <Dialog title={words.signInButton} close={() => setOpen(false)}>
          <p>{words.signIn}</p>
          <TokenForm signIn={signIn} />
          {hint !== undefined && <ForWhoRunsIt text={hint} />}
        </Dialog>
      )}
    </>
  );
}
