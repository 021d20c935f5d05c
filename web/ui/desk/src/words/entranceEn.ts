/** What is said before there is a desk: signing in, and why there is none. In English. */
export const entranceEn = {
  signInExpired: 'Your session has ended. Sign in again to go on where you were.',
  signIn: 'Sign in with an access token. Your administrator gives you one.',
  accessToken: 'Access token',
  notAToken: 'This is not an access token. It has three parts with dots between them.',
  tokenStays: 'It stays in this tab until it ends, or until you sign out or close the tab.',
  tokenRefused: 'The server did not take this token. Ask your administrator for another one.',
  producerToken: 'This token is for a producer, not for a person',
  producerTokenText:
    'With it a service says what is spoken in calls. A desk needs the token of an agent, the wall of all calls that of a supervisor.',
  producerTokenHow: 'Whoever runs Earshot makes one with:',
  otherToken: 'Use another token',
  outside: {
    signed_out: {
      title: 'Nobody is signed in',
      text: 'The application around this desk says so, or its sign-in is not valid here. Sign in there, and your desk comes back by itself.',
    },
    silent: {
      title: 'The application around this desk does not answer',
      text: 'It gives the desk its sign-in. Reload it; when that does not help, tell whoever runs it (docs/sign-in.md says what it has to answer).',
    },
    unreachable: {
      title: 'The server does not answer',
      text: 'The desk opens by itself as soon as it does.',
    },
  },
  signInButton: 'Sign in',
  signOut: 'Sign out',
  notSignedOut: 'The session could not be ended. Try again.',
};
