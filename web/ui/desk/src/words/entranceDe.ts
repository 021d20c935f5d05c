/** What is said before there is a desk, in German. */
import type { entranceEn } from './entranceEn.ts';

export const entranceDe: typeof entranceEn = {
  signInExpired: 'Ihre Sitzung ist abgelaufen. Melden Sie sich an, um weiterzuarbeiten.',
  signIn: 'Melden Sie sich mit einem Zugangstoken an. Sie erhalten es von Ihrer Administration.',
  accessToken: 'Zugangstoken',
  notAToken: 'Das ist kein Zugangstoken. Es besteht aus drei Teilen mit Punkten dazwischen.',
  tokenStays: 'Es bleibt in diesem Tab, bis es abläuft, Sie sich abmelden oder den Tab schließen.',
  tokenRefused: 'Der Server nimmt dieses Token nicht an. Bitten Sie Ihre Administration um ein anderes.',
  producerToken: 'Dieses Token ist für einen Dienst, nicht für eine Person',
  producerTokenText:
    'Damit liefert ein Dienst, was in Gesprächen gesagt wird. Ein Arbeitsplatz braucht das Token eines Agenten, die Übersicht aller Gespräche das der Leitung.',
  producerTokenHow: 'Wer Earshot betreibt, erzeugt eines mit:',
  otherToken: 'Anderes Token verwenden',
  outside: {
    signed_out: {
      title: 'Niemand ist angemeldet',
      text: 'Das sagt die Anwendung um diesen Arbeitsplatz, oder ihre Anmeldung gilt hier nicht. Melden Sie sich dort an; der Arbeitsplatz kommt dann von selbst zurück.',
    },
    silent: {
      title: 'Die Anwendung um diesen Arbeitsplatz antwortet nicht',
      text: 'Von ihr kommt die Anmeldung. Laden Sie sie neu; hilft das nicht, sagen Sie es denen, die sie betreiben (docs/sign-in.md sagt, was sie antworten muss).',
    },
    unreachable: {
      title: 'Der Server antwortet nicht',
      text: 'Der Arbeitsplatz öffnet sich von selbst, sobald er es tut.',
    },
  },
  signInButton: 'Anmelden',
  signOut: 'Abmelden',
  notSignedOut: 'Die Sitzung konnte nicht beendet werden. Versuchen Sie es noch einmal.',
};
