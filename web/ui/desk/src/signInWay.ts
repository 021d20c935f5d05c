/** How the person in front of this desk signs in, for whatever part of it has to say so. */
import { createContext, useContext } from 'react';
import type { Source } from './obtainToken.ts';

export interface SignInWay {
  /** Where tokens come from; undefined: nobody could say. */
  source: Source | undefined;
  /** The token of now, or the one that was not taken, was pasted here. */
  isPasted: boolean;
  /** That token was not taken at all; false also when it has ended. */
  isRefused(): boolean;
  /** Goes on with a token that was pasted. False: it is none. */
  signIn(token: string): boolean;
}

export const SignInContext = createContext<SignInWay>({
  source: undefined,
  isPasted: false,
  isRefused: () => false,
  signIn: () => false,
});

export function useSignIn(): SignInWay {
  return useContext(SignInContext);
}

/** Where the identity provider signs people in, and comes back to this page. */
export function signInAddress(): string {
  return `/sign-in?next=${encodeURIComponent(window.location.pathname)}`;
}
