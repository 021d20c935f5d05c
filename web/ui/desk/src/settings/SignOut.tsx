/** The way out, for those who came in by signing in or by pasting a token. */
import { useClient } from '@earshot/react';
import { createContext, useContext, type ReactNode } from 'react';
import { useToast } from '../toasts.tsx';
import { useWords } from '../words/index.ts';

/** Ends what this page came in by; null: there is nothing that could be ended here. */
export type Leave = (() => void | Promise<void>) | null;

const LeaveContext = createContext<Leave>(null);

export const WayOut = LeaveContext.Provider;

export function SignOut({ title }: { title?: string }): ReactNode {
  const leave = useContext(LeaveContext);
  const client = useClient();
  const words = useWords();
  const toast = useToast();
  if (leave === null) return null;
  const run = async (): Promise<void> => {
    try {
      await client.signOut(); // what this browser keeps of this person goes first
      await leave();
    } catch {
      toast(words.notSignedOut);
    }
  };
  return (
    <button type="button" className="button sign-out" onClick={() => void run()}>
      {title ?? words.signOut}
    </button>
  );
}
