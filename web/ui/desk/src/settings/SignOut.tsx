/** The way out, for those who came in through the sign-in. */
import { useClient } from '@earshot/react';
import { createContext, useContext, type ReactNode } from 'react';
import { signOut, type Source } from '../obtainToken.ts';
import { useToast } from '../toasts.tsx';
import { useWords } from '../words/index.ts';

/** Where the tokens come from: only a session of ours can be ended here. */
const WayContext = createContext<Source['way'] | undefined>(undefined);

export function SessionWay(props: {
  value: Source['way'] | undefined;
  children: ReactNode;
}): ReactNode {
  return <WayContext.Provider value={props.value}>{props.children}</WayContext.Provider>;
}

export function SignOut(): ReactNode {
  const way = useContext(WayContext);
  const client = useClient();
  const words = useWords();
  const toast = useToast();
  if (way !== 'sign_in') return null;
  const leave = async (): Promise<void> => {
    try {
      await client.signOut(); // what this browser keeps of this person goes first
      await signOut();
    } catch {
      toast(words.notSignedOut);
    }
  };
  return (
    <button type="button" className="button sign-out" onClick={() => void leave()}>
      {words.signOut}
    </button>
  );
}
